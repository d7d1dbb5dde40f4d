#include "arch/argument_layout.h"

#include <gtest/gtest.h>

#include <string_view>

namespace sandbox::arch {
namespace {

/// Whether an index means the same argument on both ABIs.
bool same(Abi one, Abi other, std::string_view call, unsigned argument) {
  return argument_meaning(one, call, argument) == argument_meaning(other, call, argument);
}

TEST(ArgumentLayout, IsTheSameForMostCalls) {
  for (const AbiInfo& abi : all_abis()) {
    for (unsigned argument = 0; argument < 6; ++argument) {
      EXPECT_TRUE(same(Abi::kX86_64, abi.abi, "openat", argument)) << abi.name;
      EXPECT_TRUE(same(Abi::kX86_64, abi.abi, "ioctl", argument)) << abi.name;
      EXPECT_TRUE(same(abi.abi, abi.abi, "clone", argument)) << abi.name;
    }
  }
}

TEST(ArgumentLayout, KnowsTheOrdersOfClone) {
  // (flags, stack, parent_tid, child_tid, tls); CONFIG_CLONE_BACKWARDS (…, tls, child_tid), _BACKWARDS2 (stack, flags,
  // …).
  for (unsigned argument = 0; argument < 5; ++argument) {
    EXPECT_EQ(same(Abi::kX86_64, Abi::kX86, "clone", argument), argument < 3) << argument;
    EXPECT_EQ(same(Abi::kX86_64, Abi::kS390x, "clone", argument), argument >= 2) << argument;
    EXPECT_TRUE(same(Abi::kX86, Abi::kAarch64, "clone", argument)) << argument;
    EXPECT_TRUE(same(Abi::kX86, Abi::kParisc, "clone", argument)) << argument;
    EXPECT_TRUE(same(Abi::kX86_64, Abi::kX32, "clone", argument)) << argument;
  }
  EXPECT_EQ(argument_meaning(Abi::kX86_64, "clone", 0), argument_meaning(Abi::kS390x, "clone", 1)) << "the flags";
  EXPECT_EQ(argument_meaning(Abi::kX86_64, "clone", 3), argument_meaning(Abi::kX86, "clone", 4));
  EXPECT_TRUE(same(Abi::kX86_64, Abi::kS390x, "clone3", 0));
}

TEST(ArgumentLayout, KnowsArgumentsInMemory) {
  for (unsigned argument = 0; argument < 6; ++argument) {
    EXPECT_FALSE(same(Abi::kX86_64, Abi::kX86, "mmap", argument));
    EXPECT_FALSE(same(Abi::kX86_64, Abi::kS390x, "mmap", argument));
    EXPECT_TRUE(same(Abi::kX86_64, Abi::kAarch64, "mmap", argument));
    EXPECT_TRUE(same(Abi::kX86, Abi::kArm, "mmap2", argument));
    EXPECT_FALSE(same(Abi::kX86, Abi::kS390, "mmap2", argument));
    EXPECT_FALSE(same(Abi::kX86_64, Abi::kX86, "select", argument));
  }
}

TEST(ArgumentLayout, KnowsSplitValues) {
  for (unsigned argument = 0; argument < 6; ++argument) {
    EXPECT_EQ(same(Abi::kX86_64, Abi::kX86, "pread64", argument), argument < 3) << argument;
    EXPECT_EQ(same(Abi::kX86, Abi::kArm, "pread64", argument), argument < 3) << "arm skips a register";
    EXPECT_EQ(same(Abi::kX86, Abi::kS390, "pread64", argument), argument < 3) << "the high half is first";
    EXPECT_TRUE(same(Abi::kArm, Abi::kMipsel, "pread64", argument));
    EXPECT_EQ(same(Abi::kX86_64, Abi::kX86, "fanotify_mark", argument), argument < 2) << argument;
    EXPECT_TRUE(same(Abi::kX86, Abi::kArm, "fanotify_mark", argument)) << "an even register already";
  }
}

TEST(ArgumentLayout, KnowsWhereSigsuspendHasItsMask) {
  EXPECT_FALSE(same(Abi::kX86, Abi::kMips, "sigsuspend", 0));
  EXPECT_TRUE(same(Abi::kX86, Abi::kArm, "sigsuspend", 2));
}

TEST(ArgumentLayout, FindsTheSameArgument) {
  EXPECT_EQ(same_argument(Abi::kX86_64, 0, Abi::kS390x, "clone"), 1U);
  EXPECT_EQ(same_argument(Abi::kS390x, 0, Abi::kX86_64, "clone"), 1U);
  EXPECT_EQ(same_argument(Abi::kX86_64, 4, Abi::kAarch64, "clone"), 3U);
  EXPECT_EQ(same_argument(Abi::kX86_64, 5, Abi::kS390x, "futex"), 5U);
  EXPECT_EQ(same_argument(Abi::kX86_64, 2, Abi::kX86, "mmap"), std::nullopt) << "in memory";
  EXPECT_EQ(same_argument(Abi::kX86_64, 3, Abi::kX86, "pread64"), std::nullopt) << "in two halves";
}

}  // namespace
}  // namespace sandbox::arch
