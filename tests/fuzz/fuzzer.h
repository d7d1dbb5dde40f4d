// What the fuzzers share: each is a file with libFuzzer's entry, linked with libFuzzer or with driver.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/diagnostic.h"

/// libFuzzer's entry: tries one input, and aborts when something is wrong with what came of it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace sandbox::fuzz {

/// How often an input, or what a fuzzer made of it, was accepted, so that there was something to compare.
extern size_t accepted;

/// Says what is wrong, and aborts.
[[noreturn]] void fail(const std::string& what);

/// Every diagnostic can be shown, and stands where there is text; an error has a place unless the text is empty.
void check_diagnostics(Diagnostics& diagnostics);

/// A message is one printable line.
void check_message(std::string_view message);

inline std::string text_of(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Numbers from the front of an input; 0 where it has ended.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : left_(bytes) {}

  uint8_t byte() {
    if (left_.empty()) return 0;
    const auto first = static_cast<uint8_t>(left_.front());
    left_.remove_prefix(1);
    return first;
  }
  uint16_t half() { return static_cast<uint16_t>(byte() | unsigned{byte()} << 8U); }
  uint32_t word() { return half() | uint32_t{half()} << 16U; }
  [[nodiscard]] std::string_view rest() const { return left_; }

 private:
  std::string_view left_;
};

}  // namespace sandbox::fuzz
