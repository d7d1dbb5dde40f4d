#include "base/utf8.h"

namespace sandbox {

CodePoint decode_utf8(std::string_view text, size_t offset) {
  const auto byte = [&](size_t index) { return static_cast<uint32_t>(static_cast<unsigned char>(text[index])); };
  const uint32_t first = byte(offset);
  if (first < 0x80) return {first, 1};

  size_t length = 0;
  uint32_t value = 0;
  uint32_t smallest = 0;
  if ((first & 0xE0U) == 0xC0) {
    length = 2, value = first & 0x1FU, smallest = 0x80;
  } else if ((first & 0xF0U) == 0xE0) {
    length = 3, value = first & 0x0FU, smallest = 0x800;
  } else if ((first & 0xF8U) == 0xF0) {
    length = 4, value = first & 0x07U, smallest = 0x10000;
  } else {
    return {};
  }
  if (text.size() - offset < length) return {};
  for (size_t i = 1; i < length; ++i) {
    const uint32_t next = byte(offset + i);
    if ((next & 0xC0U) != 0x80) return {};
    value = value << 6U | (next & 0x3FU);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < smallest || surrogate || value > 0x10FFFF) return {};
  return {value, length};
}

bool is_invisible(uint32_t code_point) {
  struct Block {
    uint32_t first;
    uint32_t last;
  };
  constexpr Block kBlocks[] = {{0xA0, 0xA0},     {0xAD, 0xAD},      {0x61C, 0x61C},   {0x2000, 0x200F},
                               {0x2028, 0x202F}, {0x205F, 0x206F},  {0x3000, 0x3000}, {0xFE00, 0xFE0F},
                               {0xFEFF, 0xFEFF}, {0xE0000, 0xE0FFF}};
  for (const Block& block : kBlocks) {
    if (code_point >= block.first && code_point <= block.last) return true;
  }
  return false;
}

bool is_control(uint32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7F && code_point <= 0x9F);
}

}  // namespace sandbox
