// UTF-8 decoding, as strict as RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sandbox {

/// One decoded code point. `length` is in bytes; 0 means that the bytes at this place are not valid UTF-8.
struct CodePoint {
  uint32_t value = 0;
  size_t length = 0;
};

/// Decodes the code point that starts at `text[offset]`. Precondition: `offset < text.size()`.
CodePoint decode_utf8(std::string_view text, size_t offset);

/// C0 controls, DEL and C1 controls (U+0080 to U+009F): what may drive a terminal.
bool is_control(uint32_t code_point);

/// What shows nothing, looks like a blank, or changes the direction of the text around it: spaces other than U+0020,
/// soft hyphen, zero-width and bidirectional characters, line separators, byte order mark.
bool is_invisible(uint32_t code_point);

}  // namespace sandbox
