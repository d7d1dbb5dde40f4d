#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/utf8.h"

namespace sandbox {
namespace {

void append_hex_escape(std::string& out, unsigned char byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\x";
  out += kDigits[byte >> 4U];
  out += kDigits[byte & 15U];
}

void append_code_point(std::string& out, uint32_t code_point) {
  std::array<char, 16> buffer = {};
  std::snprintf(buffer.data(), buffer.size(), code_point > 0xFFFF ? "\\U%08x" : "\\u%04x", code_point);
  out += buffer.data();
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string plural(uint64_t count, std::string_view word) {
  return std::to_string(count) + " " + std::string(word) + (count == 1 ? "" : word.ends_with('s') ? "es" : "s");
}

std::string hex(uint64_t value, int digits) {
  std::array<char, 24> text = {};
  std::snprintf(text.data(), text.size(), "0x%0*llx", digits, static_cast<unsigned long long>(value));
  return text.data();
}

std::string printable(std::string_view text, size_t limit) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (out.size() >= limit) return out + "...";
    const CodePoint point = decode_utf8(text, at);
    if (point.length != 0 && is_invisible(point.value)) {
      append_code_point(out, point.value);
    } else if (point.length != 0 && !is_control(point.value)) {
      out += text.substr(at, point.length);
    } else if (text[at] == '\n') {
      out += "\\n";
    } else if (text[at] == '\t') {
      out += "\\t";
    } else {
      for (const char c : text.substr(at, std::max<size_t>(point.length, 1))) {
        append_hex_escape(out, static_cast<unsigned char>(c));
      }
    }
    at += std::max<size_t>(point.length, 1);
  }
  return out;
}

std::string in_quotes(std::string_view text, size_t limit) {
  return "'" + printable(text, limit) + "'";
}

std::string printable_path(std::string_view path) {
  constexpr size_t kMaxPath = 4096;  // PATH_MAX.
  return printable(path, kMaxPath);
}

}  // namespace sandbox
