#include "command_line/help_text.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace sandbox::command_line {
namespace {

constexpr size_t kNoTerminal = 80;
constexpr size_t kSmallest = 60;
constexpr size_t kLargest = 120;

/// Takes the next word off the text; empty at its end.
std::string_view take_word(std::string_view& text) {
  constexpr std::string_view kSpaces = " \n";
  text.remove_prefix(std::min(text.find_first_not_of(kSpaces), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(kSpaces));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace

size_t terminal_width() {
  winsize size = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kNoTerminal;
  return std::clamp<size_t>(size.ws_col, kSmallest, kLargest);
}

std::string wrapped(std::string_view text, size_t width, size_t indent, size_t used) {
  std::string lines;
  size_t at = used;
  bool first = true;  // In its line.
  for (std::string_view word = take_word(text); !word.empty(); word = take_word(text)) {
    if (!first && at + 1 + word.size() > width) {
      lines += '\n' + std::string(indent, ' ');
      at = indent;
      first = true;
    }
    if (!first) lines += ' ';
    lines += word;
    at += word.size() + (first ? 0 : 1);
    first = false;
  }
  return lines + '\n';
}

std::string help_row(std::string left, std::string_view description, size_t column, size_t width) {
  left.resize(std::max(left.size() + 2, column), ' ');
  const size_t used = left.size();
  return std::move(left) + wrapped(description, width, column, used);
}

}  // namespace sandbox::command_line
