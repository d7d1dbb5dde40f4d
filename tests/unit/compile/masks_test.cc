#include "compile/masks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

namespace sandbox::compile {
namespace {

constexpr uint32_t kEnd = 48;  // All numbers and masks below it are tried.

TEST(Masks, KnowEveryBitOfAStretch) {
  for (uint32_t first = 0; first < kEnd; ++first) {
    uint32_t bits = 0;
    for (uint32_t last = first; last < kEnd; ++last) {
      bits |= last;
      ASSERT_EQ(bits_between(first, last), bits) << first << " to " << last;
    }
  }
  EXPECT_EQ(bits_between(0, UINT32_MAX), UINT32_MAX);
  EXPECT_EQ(bits_between(UINT32_MAX, UINT32_MAX), UINT32_MAX);
  EXPECT_EQ(bits_between(0x80000000, 0x80000001), 0x80000001);
}

TEST(Masks, FindTheNextNumberWithoutTheirBits) {
  for (uint32_t mask = 0; mask < kEnd; ++mask) {
    for (uint32_t first = 0; first < kEnd; ++first) {
      uint32_t next = first;
      while ((next & mask) != 0) ++next;
      ASSERT_EQ(next_without(first, mask), next) << first << ", " << mask;
    }
  }
  EXPECT_EQ(next_without(1, UINT32_MAX), std::nullopt);
  EXPECT_EQ(next_without(0x80000000, 0x80000000), std::nullopt);
  EXPECT_EQ(next_without(UINT32_MAX, 0), UINT32_MAX);
  EXPECT_EQ(next_without(UINT32_MAX, 1), std::nullopt);
  EXPECT_EQ(next_without(0x7FFFFFFF, 0x7FFFFFFF), 0x80000000);
}

TEST(Masks, FindThePreviousNumberWithoutTheirBits) {
  for (uint32_t mask = 0; mask < kEnd; ++mask) {
    for (uint32_t last = 0; last < kEnd; ++last) {
      uint32_t previous = last;
      while ((previous & mask) != 0) --previous;
      ASSERT_EQ(previous_without(last, mask), previous) << last << ", " << mask;
    }
  }
  EXPECT_EQ(previous_without(UINT32_MAX, 0x80000000), 0x7FFFFFFF);
  EXPECT_EQ(previous_without(UINT32_MAX, UINT32_MAX), 0U);
}

TEST(Masks, FindNumbersWithABit) {
  for (uint32_t bit = 1; bit < kEnd; bit *= 2) {
    for (uint32_t number = 0; number < kEnd; ++number) {
      uint32_t next = number;
      while ((next & bit) == 0) ++next;
      ASSERT_EQ(next_with(number, bit), next) << number << ", " << bit;
      std::optional<uint32_t> previous;
      for (uint32_t lower = 0; lower <= number; ++lower) {
        if ((lower & bit) != 0) previous = lower;
      }
      ASSERT_EQ(previous_with(number, bit), previous) << number << ", " << bit;
    }
  }
  EXPECT_EQ(next_with(0x80000000, 1), 0x80000001);
  EXPECT_EQ(previous_with(0x80000000, 0x40000000), 0x7FFFFFFF);
}

TEST(Masks, CountNumbersWithoutTheirBits) {
  for (uint32_t mask = 0; mask < kEnd; ++mask) {
    uint64_t count = 0;
    for (uint32_t end = 0; end < kEnd; ++end) {
      ASSERT_EQ(count_without(end, mask), count) << end << ", " << mask;
      count += (end & mask) == 0 ? 1 : 0;
    }
  }
  EXPECT_EQ(count_without(UINT32_MAX, 0), UINT32_MAX);
  EXPECT_EQ(count_without(UINT32_MAX, 0x80000000), 0x80000000);
}

}  // namespace
}  // namespace sandbox::compile
