// Sets of ABIs, for tables that differ between them.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "arch/abi.h"

namespace sandbox::arch {

/// A set of ABIs that is known when the program is compiled.
class AbiSet {
 public:
  constexpr AbiSet() = default;
  constexpr AbiSet(std::initializer_list<Abi> abis) {
    for (const Abi abi : abis) bits_ |= bit(abi);
  }

  [[nodiscard]] constexpr bool contains(Abi abi) const { return (bits_ & bit(abi)) != 0; }
  constexpr AbiSet operator|(AbiSet other) const { return AbiSet(bits_ | other.bits_); }
  constexpr AbiSet operator-(AbiSet other) const { return AbiSet(bits_ & ~other.bits_); }

 private:
  static_assert(kAbiCount <= 32);
  explicit constexpr AbiSet(uint32_t bits) : bits_(bits) {}
  static constexpr uint32_t bit(Abi abi) { return uint32_t{1} << static_cast<uint32_t>(abi); }

  friend constexpr AbiSet every_abi();

  uint32_t bits_ = 0;
};

constexpr AbiSet every_abi() {
  return AbiSet((uint32_t{1} << kAbiCount) - 1);
}

// Groups that share a table in the kernel, or are wired up together.
inline constexpr AbiSet kMipsO32 = {Abi::kMips, Abi::kMipsel};
inline constexpr AbiSet kMipsN64 = {Abi::kMips64, Abi::kMipsel64};
inline constexpr AbiSet kMipsN32 = {Abi::kMips64n32, Abi::kMipsel64n32};
inline constexpr AbiSet kEveryMips = kMipsO32 | kMipsN64 | kMipsN32;
inline constexpr AbiSet kEveryParisc = {Abi::kParisc, Abi::kParisc64};
inline constexpr AbiSet kEveryPpc = {Abi::kPpc, Abi::kPpc64, Abi::kPpc64le};
inline constexpr AbiSet kEveryS390 = {Abi::kS390, Abi::kS390x};

}  // namespace sandbox::arch
