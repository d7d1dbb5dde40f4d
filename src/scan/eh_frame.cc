#include "scan/eh_frame.h"

#include <algorithm>
#include <map>
#include <optional>

namespace sandbox::scan {
namespace {

// DW_EH_PE_*: how a pointer is written. See "DWARF Extensions" in the Linux Standard Base.
constexpr uint8_t kOmitted = 0xff;
constexpr uint8_t kRelativeToPlace = 0x10;
constexpr uint8_t kRelativeToMask = 0x70;
constexpr size_t kMaxPads = 100'000;

/// Reads numbers one behind the other.
class Cursor {
 public:
  Cursor(const ElfFile& file, uint64_t address) : file_(file), address_(address) {}

  [[nodiscard]] uint64_t address() const { return address_; }
  void move_to(uint64_t address) { address_ = address; }
  [[nodiscard]] bool ended() const { return file_.at(address_).empty(); }

  uint64_t fixed(unsigned bytes) {
    const uint64_t value = file_.word(address_, bytes);
    address_ += bytes;
    return value;
  }

  uint64_t uleb() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const uint64_t byte = fixed(1);
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) break;
    }
    return value;
  }

  /// A pointer in the encoding; 0: none. Of an indirect one, the place that the pointer stands in.
  uint64_t pointer(uint8_t encoding) {
    if (encoding == kOmitted) return 0;
    const uint64_t place = address_;
    uint64_t value = 0;
    switch (encoding & 0x0f) {
      case 0x01:
        value = uleb();
        break;
      case 0x02:
        value = fixed(2);
        break;
      case 0x03:
        value = fixed(4);
        break;
      case 0x09:
        value = uleb();
        break;
      case 0x0a:
        value = static_cast<uint64_t>(int64_t{static_cast<int16_t>(fixed(2))});
        break;
      case 0x0b:
        value = static_cast<uint64_t>(int64_t{static_cast<int32_t>(fixed(4))});
        break;
      default:
        value = fixed(8);
        break;
    }
    if (value != 0 && (encoding & kRelativeToMask) == kRelativeToPlace) value += place;
    return value;
  }

 private:
  const ElfFile& file_;
  uint64_t address_;
};

struct CommonEntry {
  uint8_t pointers = 0;
  uint8_t language_data = kOmitted;
  uint64_t personality = 0;
  bool augmented = false;
};

CommonEntry read_common(const ElfFile& file, uint64_t place) {
  CommonEntry common;
  Cursor cursor(file, place);
  const uint64_t version = cursor.fixed(1);
  const std::string_view letters = file.text(cursor.address(), 16);
  cursor.move_to(cursor.address() + letters.size() + 1);
  cursor.uleb();  // Alignment of code,
  cursor.uleb();  // and of data: signed, and as long.
  if (version == 1) {
    cursor.fixed(1);
  } else {
    cursor.uleb();
  }
  if (!letters.starts_with('z')) return common;
  common.augmented = true;
  cursor.uleb();
  for (const char letter : letters.substr(1)) {
    if (letter == 'R') {
      common.pointers = static_cast<uint8_t>(cursor.fixed(1));
    } else if (letter == 'L') {
      common.language_data = static_cast<uint8_t>(cursor.fixed(1));
    } else if (letter == 'P') {
      const auto encoding = static_cast<uint8_t>(cursor.fixed(1));
      common.personality = cursor.pointer(encoding);
    } else if (letter != 'S' && letter != 'B') {
      break;
    }
  }
  return common;
}

}  // namespace

std::vector<FrameEntry> read_frames(const ElfFile& file, uint64_t header, uint64_t section) {
  std::vector<FrameEntry> frames;
  uint64_t place = section;
  if (header != 0) {
    Cursor cursor(file, header + 1);
    const auto encoding = static_cast<uint8_t>(cursor.fixed(1));
    cursor.move_to(header + 4);
    place = cursor.pointer(encoding);
  }
  if (place == 0) return frames;
  std::map<uint64_t, CommonEntry> commons;
  Cursor cursor(file, place);
  while (!cursor.ended()) {
    uint64_t length = cursor.fixed(4);
    if (length == 0) break;
    if (length == 0xffffffff) length = cursor.fixed(8);
    const uint64_t body = cursor.address();
    if (length > file.at(body).size()) break;
    const uint64_t back = cursor.fixed(4);
    if (back == 0) {
      commons[body - 4] = read_common(file, cursor.address());
    } else if (const auto found = commons.find(body - back); found != commons.end()) {
      const CommonEntry& common = found->second;
      FrameEntry frame;
      frame.begin = cursor.pointer(common.pointers);
      frame.end = frame.begin + cursor.pointer(common.pointers & 0x0f);
      if (common.augmented) cursor.uleb();
      frame.language_data = common.augmented ? cursor.pointer(common.language_data) : 0;
      frame.personality = common.personality;
      if (frame.begin != 0 && frame.end >= frame.begin && file.is_code(frame.begin)) frames.push_back(frame);
    }
    cursor.move_to(body + length);
  }
  std::ranges::sort(frames, {}, &FrameEntry::begin);
  return frames;
}

std::vector<uint64_t> landing_pads(const ElfFile& file, const FrameEntry& frame) {
  std::vector<uint64_t> pads;
  if (frame.language_data == 0) return pads;
  Cursor cursor(file, frame.language_data);
  const auto base_encoding = static_cast<uint8_t>(cursor.fixed(1));
  const uint64_t base = base_encoding == kOmitted ? frame.begin : cursor.pointer(base_encoding);
  const auto types_encoding = static_cast<uint8_t>(cursor.fixed(1));
  if (types_encoding != kOmitted) cursor.uleb();
  const auto encoding = static_cast<uint8_t>(cursor.fixed(1));
  const uint64_t length = cursor.uleb();
  const uint64_t end = cursor.address() + length;
  while (cursor.address() < end && !cursor.ended() && pads.size() < kMaxPads) {
    cursor.pointer(encoding & 0x0f);
    cursor.pointer(encoding & 0x0f);
    const uint64_t pad = cursor.pointer(encoding & 0x0f);
    cursor.uleb();
    if (pad != 0) pads.push_back(base + pad);
  }
  return pads;
}

}  // namespace sandbox::scan
