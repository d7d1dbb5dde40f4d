#include "arch/errno_names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace sandbox::arch {
namespace {

constexpr uint16_t kLastNative = 133;  // EHWPOISON everywhere but on mips and parisc.

bool counts_like_most(Abi abi) {
  return errno_number(abi, "EHWPOISON") == kLastNative;
}

TEST(ErrnoNames, HasTheNativeNumbers) {
  EXPECT_EQ(errno_number("EPERM"), 1);
  EXPECT_EQ(errno_number("EACCES"), EACCES);
  EXPECT_EQ(errno_number("ENOSYS"), ENOSYS);
  EXPECT_EQ(errno_number("EHWPOISON"), EHWPOISON);
}

TEST(ErrnoNames, AgreesWithTheLibraryOnEveryNumber) {
  for (uint16_t number = 1; number <= kLastNative; ++number) {
    const char* name = strerrorname_np(number);
    if (name == nullptr) continue;
    // glibc calls 95 ENOTSUP; the kernel knows only EOPNOTSUPP.
    const std::string_view expected = std::string_view(name) == "ENOTSUP" ? "EOPNOTSUPP" : name;
    EXPECT_EQ(errno_name(number), expected);
    EXPECT_EQ(errno_number(name), number) << name;
  }
}

TEST(ErrnoNames, DifferByAbi) {
  struct {
    std::string_view name;
    uint16_t most, mips, parisc, powerpc;
  } constexpr kNumbers[] = {
      {"EPERM", 1, 1, 1, 1},
      {"EAGAIN", 11, 11, 11, 11},
      {"EWOULDBLOCK", 11, 11, 11, 11},
      {"EDEADLK", 35, 45, 45, 35},
      {"EDEADLOCK", 35, 56, 45, 58},
      {"ENOSYS", 38, 89, 251, 38},
      {"ENOTEMPTY", 39, 93, 247, 39},
      {"EOPNOTSUPP", 95, 122, 223, 95},
      {"ENOTSUP", 95, 122, 223, 95},
      {"EAFNOSUPPORT", 97, 124, 225, 97},
      {"ECONNREFUSED", 111, 146, 239, 111},
      {"EDQUOT", 122, 1133, 69, 122},
      {"ECANCELED", 125, 158, 253, 125},
  };
  for (const auto& row : kNumbers) {
    for (const Abi abi : {Abi::kX86_64, Abi::kX86, Abi::kX32, Abi::kArm, Abi::kAarch64, Abi::kRiscv64, Abi::kS390x}) {
      EXPECT_EQ(errno_number(abi, row.name), row.most) << row.name << " on " << info(abi).name;
    }
    for (const Abi abi : {Abi::kMips, Abi::kMipsel, Abi::kMips64, Abi::kMipsel64n32}) {
      EXPECT_EQ(errno_number(abi, row.name), row.mips) << row.name << " on " << info(abi).name;
    }
    for (const Abi abi : {Abi::kParisc, Abi::kParisc64}) {
      EXPECT_EQ(errno_number(abi, row.name), row.parisc) << row.name << " on " << info(abi).name;
    }
    for (const Abi abi : {Abi::kPpc, Abi::kPpc64, Abi::kPpc64le}) {
      EXPECT_EQ(errno_number(abi, row.name), row.powerpc) << row.name << " on " << info(abi).name;
    }
  }
}

TEST(ErrnoNames, ExistOnSomeAbisOnly) {
  EXPECT_EQ(errno_number(Abi::kMips, "EINIT"), 141);
  EXPECT_EQ(errno_number(Abi::kX86_64, "EINIT"), std::nullopt);
  EXPECT_EQ(errno_name(Abi::kMips, 141), "EINIT");
  EXPECT_EQ(errno_name(Abi::kX86_64, 141), "141");
}

TEST(ErrnoNames, IsExactAboutNames) {
  for (const char* name : {"", "eperm", "EPERM ", "EPER", "1", "0", "E", "ERESTARTSYS", "EXTPROC", "EPOLLIN"}) {
    for (const AbiInfo& abi : all_abis()) EXPECT_EQ(errno_number(abi.abi, name), std::nullopt) << name;
  }
}

TEST(ErrnoNames, NamesNumbers) {
  EXPECT_EQ(errno_name(1), "EPERM");
  EXPECT_EQ(errno_name(ENOSYS), "ENOSYS");
  EXPECT_EQ(errno_name(0), "0");
  EXPECT_EQ(errno_name(4095), "4095");
  EXPECT_EQ(errno_name(Abi::kParisc, 253), "ECANCELED");
  EXPECT_EQ(errno_name(Abi::kMips, 1133), "EDQUOT");
  EXPECT_EQ(errno_name(Abi::kPpc64le, 35), "EDEADLK");
  EXPECT_EQ(errno_name(Abi::kPpc64le, 58), "EDEADLOCK");
  EXPECT_EQ(errno_name(Abi::kX86_64, 35), "EDEADLK");
}

TEST(ErrnoNames, ListsEveryNameOnce) {
  const auto names = errno_names();
  EXPECT_GT(names.size(), 130U);
  EXPECT_EQ(names.front(), "EPERM");
  for (const std::string_view name : names) {
    EXPECT_EQ(std::count(names.begin(), names.end(), name), 1) << name;
    const bool anywhere = std::any_of(all_abis().begin(), all_abis().end(),
                                      [&](const AbiInfo& abi) { return errno_number(abi.abi, name); });
    EXPECT_TRUE(anywhere) << name;
  }
}

TEST(ErrnoNames, AreNumbersThatAFilterCanReturn) {
  for (const AbiInfo& abi : all_abis()) {
    size_t named = 0;
    for (const std::string_view name : errno_names()) {
      const auto number = errno_number(abi.abi, name);
      if (!number) continue;
      ++named;
      EXPECT_GE(*number, 1) << name << " on " << abi.name;
      EXPECT_LE(*number, kMaxErrno) << name << " on " << abi.name;
      EXPECT_EQ(errno_number(abi.abi, errno_name(abi.abi, *number)), number) << name << " on " << abi.name;
    }
    EXPECT_GE(named, 130U) << abi.name;
  }
  EXPECT_EQ(
      std::count_if(all_abis().begin(), all_abis().end(), [](const AbiInfo& abi) { return counts_like_most(abi.abi); }),
      11);
}

}  // namespace
}  // namespace sandbox::arch
