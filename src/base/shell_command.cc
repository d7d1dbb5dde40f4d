#include "base/shell_command.h"

#include <string_view>

namespace sandbox {
namespace {

/// Characters that mean nothing to a shell wherever they stand in a word.
constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+:,./-";

std::string quoted_word(std::string_view word, std::string_view plain) {
  if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos) return std::string(word);
  std::string text = "'";
  for (const char c : word) {
    if (c == '\'') {
      text += "'\\''";  // The quotes end, a quote by itself, and they begin again.
    } else {
      text += c;
    }
  }
  return text + "'";
}

}  // namespace

std::string shell_command(const std::vector<std::string>& words) {
  const std::string plain_behind = std::string(kPlain) + "=";  // In the first word it would be an assignment.
  std::string line;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) line += ' ';
    line += quoted_word(words[i], i == 0 ? kPlain : std::string_view(plain_behind));
  }
  return line;
}

}  // namespace sandbox
