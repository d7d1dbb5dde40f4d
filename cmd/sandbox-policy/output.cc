#include "sandbox-policy/output.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <sstream>

#include "command_line/help_text.h"

namespace sandbox::tool {
namespace {

constexpr size_t kSmallestColumn = 20;  // Of a table that is too wide; narrower, nobody can read it.

/// How many columns a text takes, near enough: code points.
size_t width_of(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

std::vector<size_t> column_widths(const std::vector<std::vector<Cell>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i].text));
  }
  return widths;
}

/// The text in lines of at most `room` columns, cut at spaces and behind the '|' that joins constants.
std::vector<std::string> lines_of(std::string_view text, size_t room) {
  std::vector<std::string> lines = {""};
  while (!text.empty()) {
    const size_t end = text.find_first_of(" |");
    const std::string_view piece = text.substr(0, end == std::string_view::npos ? end : end + 1);
    const std::string_view word = piece.ends_with(' ') ? piece.substr(0, piece.size() - 1) : piece;
    if (!lines.back().empty() && width_of(lines.back()) + width_of(word) > room) {
      if (lines.back().ends_with(' ')) lines.back().pop_back();
      lines.emplace_back();
    }
    lines.back() += piece;
    text.remove_prefix(piece.size());
  }
  return lines;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::istringstream stream{std::string(text)};
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
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
    : terminal_(isatty(STDOUT_FILENO) == 1),
      colour_(wants_colour(choice, STDOUT_FILENO)),
      width_(command_line::terminal_width()) {}

std::string Output::paint(Colour colour, std::string_view text) const {
  return colour_ ? painted(colour, text) : std::string(text);
}

void Output::excerpt(std::string_view text) {
  line(colour_ ? with_painted_marks(Colour::kGreen, text) : std::string(text));
}

void Output::table(const std::vector<std::vector<Cell>>& rows, size_t indent) {
  print_table(rows, column_widths(rows), indent);
}

void Output::wrapped_table(const std::vector<std::vector<Cell>>& rows, size_t indent) {
  std::vector<size_t> widths = column_widths(rows);
  const size_t all = std::accumulate(widths.begin(), widths.end(), indent + 2 * widths.size());
  const auto widest = std::ranges::max_element(widths);
  if (widths.empty() || all - 2 <= width_) return print_table(rows, std::move(widths), indent);
  const size_t too_much = all - 2 - width_;
  const size_t room = std::max(kSmallestColumn, *widest - std::min(*widest, too_much));
  const auto column = static_cast<size_t>(widest - widths.begin());
  std::vector<std::vector<Cell>> narrow;
  for (const auto& row : rows) {
    if (row.size() <= column) {
      narrow.push_back(row);
      continue;
    }
    const std::vector<std::string> lines = lines_of(row[column].text, room);
    for (size_t i = 0; i < lines.size(); ++i) {
      narrow.push_back(i == 0 ? row : std::vector<Cell>(column + 1, Cell("")));
      narrow.back()[column] = Cell(lines[i], row[column].colour);
    }
  }
  print_table(narrow, column_widths(narrow), indent);
}

void Output::print_table(const std::vector<std::vector<Cell>>& rows, std::vector<size_t> widths, size_t indent) {
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

void Output::text(const Cell& head, size_t column, std::string_view text) {
  words(head, column, words_of(text));
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
