// Numbers that share a bit with a mask, which is what `jset` asks, and numbers that share none.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>

namespace sandbox::compile {

/// Every bit below the highest that is set, and that one.
constexpr uint32_t fill_below(uint32_t bits) {
  return bits == 0 ? 0 : UINT32_MAX >> static_cast<unsigned>(std::countl_zero(bits));
}

/// The bits that are set in any number from `first` to `last`.
constexpr uint32_t bits_between(uint32_t first, uint32_t last) {
  return last | fill_below(first ^ last);
}

/// The smallest number from `first` on that shares no bit with the mask.
constexpr std::optional<uint32_t> next_without(uint32_t first, uint32_t mask) {
  const uint32_t shared = first & mask;
  if (shared == 0) return first;
  // The lowest bit above the shared ones that may be set in exchange for everything below it.
  const uint32_t free = ~first & ~mask & ~fill_below(shared);
  if (free == 0) return std::nullopt;
  const uint32_t bit = free & (0U - free);
  return (first | bit) & ~(bit - 1);
}

/// The largest number up to `last` that shares no bit with the mask: there is always 0.
constexpr uint32_t previous_without(uint32_t last, uint32_t mask) {
  const uint32_t shared = last & mask;
  if (shared == 0) return last;
  const uint32_t below = fill_below(shared);  // The highest shared bit goes; what is below it may then be anything.
  return ((last & ~below) | (below >> 1U)) & ~mask;
}

/// The smallest number from `first` on that has the bit.
constexpr uint32_t next_with(uint32_t first, uint32_t bit) {
  if ((first & bit) != 0) return first;
  return (first | bit) & ~(bit - 1);
}

/// The largest number up to `last` that has the bit.
constexpr std::optional<uint32_t> previous_with(uint32_t last, uint32_t bit) {
  if ((last & bit) != 0) return last;
  const uint32_t above = last & ~(bit - 1);
  if (above == 0) return std::nullopt;
  return above - 1;
}

/// How many numbers below `end` share no bit with the mask.
constexpr uint64_t count_without(uint32_t end, uint32_t mask) {
  uint64_t count = 0;  // Below the bits of `end` that were seen.
  uint64_t all = 1;    // With any bits there.
  for (; end != 0; end >>= 1U, mask >>= 1U) {
    const bool taken = (mask & 1U) != 0;
    if ((end & 1U) != 0) count = all + (taken ? 0 : count);
    if (!taken) all *= 2;
  }
  return count;
}

}  // namespace sandbox::compile
