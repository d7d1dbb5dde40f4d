#include "policy/yaml_text.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace sandbox::policy {
namespace {

/// What YAML 1.1 takes for null or a truth value, in lower case.
constexpr std::array<std::string_view, 11> kWords = {"y",  "n",   "yes",  "no",  "true", "false",
                                                     "on", "off", "null", "nan", "inf"};

/// Letters, digits and '_', '-', '.', '/' behind a first letter or '_': no number, no mark of YAML's.
bool is_plain(std::string_view text) {
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  const auto inner = [&](char c) {
    return letter(c) || std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '/';
  };
  if (text.empty() || !letter(text.front()) || !std::all_of(text.begin(), text.end(), inner)) return false;
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::find(kWords.begin(), kWords.end(), lower) == kWords.end();
}

}  // namespace

std::string yaml_scalar(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 15U];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace sandbox::policy
