// How much of each argument register the kernel reads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "arch/abi.h"

namespace sandbox::arch {

/// An argument as the kernel reads it: its low `width` bits (16, 32 or 64; never more than the ABI's register).
struct Argument {
  uint8_t width;
  bool pointer;  ///< To the caller's memory: the value says nothing of what the kernel will find there.
};

/// The arguments of one call, at most as many as a filter sees.
class Arguments {
 public:
  static constexpr size_t kMaxCount = 6;

  /// What does not fit is dropped: no filter sees a seventh argument (some ABIs pass one on the stack).
  constexpr void add(Argument argument) {
    if (size_ < kMaxCount) list_[size_++] = argument;
  }

  constexpr size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr const Argument& operator[](size_t index) const { return list_[index]; }
  constexpr Argument& operator[](size_t index) { return list_[index]; }
  constexpr const Argument* begin() const { return list_.data(); }
  constexpr const Argument* end() const { return list_.data() + size_; }

 private:
  std::array<Argument, kMaxCount> list_{};
  size_t size_ = 0;
};

/// The arguments of a call on an ABI. On 32-bit ABIs a 64-bit value counts as the two registers that hold it, and the
/// register that some of them skip to align it counts too. None when no table knows the call: calls that were removed
/// from Linux long ago, and names of other systems that have a number all the same. Whether the ABI has the call is
/// not asked.
std::optional<Arguments> arguments_of(Abi abi, std::string_view call);

/// The width of one argument; the whole register where nothing is known.
uint8_t argument_width(Abi abi, std::string_view call, unsigned argument);

/// Where a width comes from, for messages.
enum class WidthSource : uint8_t {
  kPrototype,  ///< The kernel's prototype, or what the ABI's registers hold.
  kObserved,   ///< The prototype says more than the kernel reads: tried in the kernel.
  kUnknown,    ///< Nothing is known: the whole register.
};
WidthSource width_source(Abi abi, std::string_view call, unsigned argument);

}  // namespace sandbox::arch
