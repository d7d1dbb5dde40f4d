#include "policy/text_check.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "base/text.h"
#include "base/utf8.h"

namespace sandbox::policy {
namespace {

using namespace std::string_view_literals;

/// A guess at what the file is instead, for the message; null if there is none.
const char* foreign_format(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, const char*>, 7> kBeginnings = {{
      {"\x7F"
       "ELF"sv,
       "an ELF program"},
      {"\x1F\x8B"sv, "a gzip file"},
      {"\x28\xB5\x2F\xFD"sv, "a zstd file"},
      {"\xFF\xFE\0\0"sv, "UTF-32 text"},
      {"\0\0\xFE\xFF"sv, "UTF-32 text"},
      {"\xFF\xFE"sv, "UTF-16 text"},
      {"\xFE\xFF"sv, "UTF-16 text"},
  }};
  for (const auto& [beginning, name] : kBeginnings) {
    if (text.starts_with(beginning)) return name;
  }
  return nullptr;
}

/// "U+200B".
std::string code_point_text(uint32_t code_point) {
  std::array<char, 16> buffer = {};
  std::snprintf(buffer.data(), buffer.size(), "U+%04X", code_point);
  return buffer.data();
}

std::string control_character(uint32_t code_point) {
  std::string text = "control character " + code_point_text(code_point);
  if (code_point == 0) text += " (NUL)";
  return text;
}

/// Printable ASCII, what ends a line, and what indents JSON.
bool is_plain(char c) {
  return (c >= ' ' && c <= '~') || c == '\n' || c == '\t';
}

/// Whether is_plain() holds for eight bytes.
bool all_plain(const char* bytes) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHigh = 0x80 * kOnes;
  uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  if ((word & kHigh) != 0) return false;
  // Bit 7 of each byte is an answer. No sum of bytes below 0x80 reaches the next byte: the first has it set from ' '
  // on, the second for DEL, the others for all bytes but the one that is asked for.
  const uint64_t printable = (word + kOnes * (0x80 - ' ')) & ~(word + kOnes);
  const uint64_t no_line_end = (word ^ (kOnes * '\n')) + kOnes * 0x7F;
  const uint64_t no_tab = (word ^ (kOnes * '\t')) + kOnes * 0x7F;
  return ((printable | ~no_line_end | ~no_tab) & kHigh) == kHigh;
}

/// How many bytes at the beginning are plain.
size_t plain_prefix(std::string_view text) {
  size_t length = 0;
  while (length < text.size()) {
    if (length + sizeof(uint64_t) <= text.size() && all_plain(text.data() + length)) {
      length += sizeof(uint64_t);
    } else if (is_plain(text[length])) {
      ++length;
    } else {
      break;
    }
  }
  return length;
}

}  // namespace

bool check_text(Diagnostics& diagnostics) {
  const std::string_view text = diagnostics.source().text();
  if (const char* format = foreign_format(text)) {
    diagnostics.error({0, 1}, std::string("this is ") + format + ", expected a policy in YAML or JSON (UTF-8 text)");
    return false;
  }
  for (size_t at = 0; at < text.size();) {
    at += plain_prefix(text.substr(at));  // Nearly all of every policy.
    if (at == text.size()) break;
    const CodePoint point = decode_utf8(text, at);
    const SourceRange here = {static_cast<uint32_t>(at), 1};
    if (point.length == 0) {
      const auto byte = static_cast<unsigned char>(text[at]);
      diagnostics.error(here, "byte " + hex(byte, 2) + " is not valid UTF-8, expected UTF-8 text");
      return false;
    }
    const bool line_end = point.value == '\n' || text.substr(at, 2) == "\r\n";
    if (point.value == '\r' && !line_end) {
      diagnostics.error(here, "carriage return without a line feed, expected lines that end in LF or CRLF");
      return false;
    }
    if (is_control(point.value) && !line_end) {
      diagnostics.error(here, control_character(point.value) + ", expected text");
      return false;
    }
    if (point.value == 0x2028 || point.value == 0x2029) {  // Line ends to some YAML readers, text to others.
      diagnostics.error(here,
                        "line separator " + code_point_text(point.value) + ", expected lines that end in LF or CRLF");
      return false;
    }
    if (point.value == 0xFEFF) {
      diagnostics.error(here, "byte order mark (U+FEFF), expected text");
      return false;
    }
    at += point.length;
  }
  return true;
}

}  // namespace sandbox::policy
