#include "resolve/values.h"

#include <gtest/gtest.h>

namespace sandbox::resolve {
namespace {

using arch::Abi;

policy::Term number(uint64_t magnitude, bool negative = false) {
  return {{magnitude, negative}, ""};
}
policy::Term constant(const char* name) {
  return {{}, name};
}

ResolvedValue resolved(std::vector<policy::Term> terms, unsigned width, Abi abi = Abi::kX86_64) {
  return resolve_value({std::move(terms), {}}, abi, width);
}

TEST(ResolveValue, IsZeroWithoutTerms) {
  EXPECT_EQ(resolved({}, 32).value, 0U);
  EXPECT_TRUE(resolved({}, 16).fits);
}

TEST(ResolveValue, JoinsBits) {
  EXPECT_EQ(resolved({number(0x10), number(0x01), number(0x11)}, 32).value, 0x11U);
  EXPECT_EQ(resolved({constant("AF_INET"), number(0x100)}, 32).value, 0x102U);
}

TEST(ResolveValue, CutsNegativeOnesToTheWidth) {
  for (const unsigned width : {16U, 32U, 64U}) {
    const uint64_t maximum = UINT64_MAX >> (64 - width);
    EXPECT_EQ(resolved({number(1, true)}, width).value, maximum);
    EXPECT_TRUE(resolved({number(1, true)}, width).fits);
    const uint64_t least = uint64_t{1} << (width - 1);
    EXPECT_EQ(resolved({number(least, true)}, width).value, least);
    EXPECT_TRUE(resolved({number(least, true)}, width).fits);
    EXPECT_EQ(resolved({number(least + 1, true)}, width).fits, width == 64) << "beyond the sign";
  }
}

TEST(ResolveValue, SaysWhatDoesNotFit) {
  EXPECT_TRUE(resolved({number(0xffff)}, 16).fits);
  EXPECT_FALSE(resolved({number(0x10000)}, 16).fits);
  EXPECT_EQ(resolved({number(0x10000)}, 16).value, 0x10000U);
  EXPECT_TRUE(resolved({number(0xffffffff)}, 32).fits);
  EXPECT_FALSE(resolved({number(0x1'00000000)}, 32).fits);
  EXPECT_FALSE(resolved({number(0xffffffff'ffffffff)}, 32).fits) << "not written as a negative number";
  EXPECT_TRUE(resolved({number(0xffffffff'ffffffff)}, 64).fits);
}

TEST(ResolveValue, TakesNegativeConstantsAtTheWidth) {
  EXPECT_EQ(resolved({constant("AT_FDCWD")}, 32).value, 0xffffff9cU);
  EXPECT_TRUE(resolved({constant("AT_FDCWD")}, 32).fits);
  EXPECT_EQ(resolved({constant("AT_FDCWD")}, 64).value, 0xffffffff'ffffff9cU);
}

TEST(ResolveValue, KeepsConstantsWithTheTopBitOf32) {
  // TIOCGPTN and the like have bit 31 set without being negative.
  EXPECT_EQ(resolved({constant("TIOCGPTN")}, 32).value, 0x80045430U);
  EXPECT_EQ(resolved({constant("TIOCGPTN")}, 64).value, 0x80045430U);
}

TEST(ResolveValue, NamesAConstantThatTheAbiLacks) {
  EXPECT_EQ(resolved({number(1), constant("PROT_SAO")}, 32).missing_constant, "PROT_SAO");
  EXPECT_EQ(resolved({constant("PROT_SAO")}, 32, Abi::kPpc64le).missing_constant, "");
}

}  // namespace
}  // namespace sandbox::resolve
