#include "sandbox-policy/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace sandbox::tool {
namespace {

constexpr size_t kSmallestWidth = 60;
constexpr size_t kLargestWidth = 120;

/// How many columns a text takes, near enough: code points.
size_t width_of(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

}  // namespace

Colour colour_of(policy::Action action) {
  switch (action) {
    case policy::Action::kAllow:
      return Colour::kGreen;
    case policy::Action::kLog:
    case policy::Action::kTrace:
      return Colour::kCyan;
    case policy::Action::kErrno:
      return Colour::kYellow;
    default:
      return Colour::kRed;
  }
}

Output::Output(ColourChoice choice)
    : terminal_(isatty(STDOUT_FILENO) == 1), colour_(wants_colour(choice, STDOUT_FILENO)) {
  winsize size = {};
  if (terminal_ && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0) {
    width_ = std::clamp<size_t>(size.ws_col, kSmallestWidth, kLargestWidth);
  }
}

std::string Output::paint(Colour colour, std::string_view text) const {
  return colour_ ? painted(colour, text) : std::string(text);
}

void Output::excerpt(std::string_view text) {
  line(colour_ ? with_painted_marks(Colour::kGreen, text) : std::string(text));
}

void Output::table(const std::vector<std::vector<Cell>>& rows, size_t indent) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i].text));
  }
  for (const auto& row : rows) {
    std::string out(indent, ' ');
    size_t padding = 0;
    for (size_t i = 0; i < row.size(); ++i) {
      if (!row[i].text.empty()) {
        out.append(padding, ' ');
        padding = 0;
        out += paint(row[i].colour, row[i].text);
      }
      padding += widths[i] - width_of(row[i].text) + 2;
    }
    line(out);
  }
}

void Output::words(const Cell& head, size_t column, const std::vector<std::string>& words) {
  std::string out = paint(head.colour, head.text);
  size_t at = width_of(head.text);
  if (at + 1 > column) {
    out += ' ';
    ++at;
  } else {
    out.append(column - at, ' ');
    at = column;
  }
  bool first = true;
  for (const std::string& word : words) {
    const size_t width = width_of(word);
    if (!first && at + 1 + width > width_) {
      line(out);
      out.assign(column, ' ');
      at = column;
    } else if (!first) {
      out += ' ';
      ++at;
    }
    out += word;
    at += width;
    first = false;
  }
  line(out);
}

bool Output::finish() {
  const bool written = std::fwrite(text_.data(), 1, text_.size(), stdout) == text_.size();
  text_.clear();
  return std::fflush(stdout) == 0 && written && std::ferror(stdout) == 0;
}

}  // namespace sandbox::tool
