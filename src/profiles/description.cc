#include "profiles/description.h"

#include <array>
#include <utility>

namespace sandbox::profiles {
namespace {

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

/// The next line of the comment at the top of a text, without its '#'. False at its end.
bool take_line(std::string_view& text, std::string_view& line) {
  if (!text.starts_with('#')) return false;
  const size_t end = text.find('\n');
  line = trimmed(text.substr(1, end == std::string_view::npos ? end : end - 1));
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return true;
}

}  // namespace

Description describe(std::string_view text) {
  Description description;
  std::string_view line;
  if (!take_line(text, line)) return description;
  description.summary = line;
  const std::array<std::pair<std::string_view, std::string*>, 4> parts = {{
      {"For:", &description.for_whom},
      {"Allows:", &description.allows},
      {"Denies:", &description.denies},
      {"Files:", &description.files},
  }};
  std::string* part = nullptr;
  while (take_line(text, line)) {
    if (line.empty()) part = nullptr;
    for (const auto& [word, value] : parts) {
      if (!line.starts_with(word)) continue;
      part = value;
      line = trimmed(line.substr(word.size()));
    }
    if (part == nullptr || line.empty()) continue;
    if (!part->empty()) *part += ' ';
    *part += line;
  }
  return description;
}

}  // namespace sandbox::profiles
