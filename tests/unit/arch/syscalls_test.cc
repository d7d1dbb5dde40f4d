#include "arch/syscalls.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace sandbox::arch {
namespace {

TEST(Syscalls, HasKnownNumbers) {
  EXPECT_EQ(number_of(Abi::kX86_64, "read"), 0U);
  EXPECT_EQ(number_of(Abi::kX86_64, "execve"), 59U);
  EXPECT_EQ(number_of(Abi::kX86_64, "clone3"), 435U);
  EXPECT_EQ(number_of(Abi::kX86, "execve"), 11U);
  EXPECT_EQ(number_of(Abi::kAarch64, "execve"), 221U);
  EXPECT_EQ(number_of(Abi::kX32, "read"), 0x40000000U);
  EXPECT_EQ(number_of(Abi::kX32, "execve"), 0x40000208U);
  EXPECT_EQ(number_of(Abi::kMips, "read"), 4003U);
  EXPECT_EQ(number_of(Abi::kMips64, "read"), 5000U);
  EXPECT_EQ(number_of(Abi::kMips64n32, "read"), 6000U);
}

TEST(Syscalls, HasArmsPrivateCalls) {
  EXPECT_EQ(number_of(Abi::kArm, "cacheflush"), 0xf0002U);
  EXPECT_EQ(number_of(Abi::kArm, "set_tls"), 0xf0005U);
  EXPECT_EQ(name_of(Abi::kArm, 0xf0002), "cacheflush");
}

TEST(Syscalls, HasBothNamesOfArmsSyncFileRange) {
  EXPECT_EQ(number_of(Abi::kArm, "arm_sync_file_range"), 341U);
  EXPECT_EQ(number_of(Abi::kArm, "sync_file_range2"), 341U);
  EXPECT_EQ(number_of(Abi::kAarch64, "arm_sync_file_range"), std::nullopt);
  const auto with = abis_with("sync_file_range2");
  EXPECT_NE(std::find(with.begin(), with.end(), Abi::kArm), with.end());
}

TEST(Syscalls, HasTheNumbersThatLibseccompHidesBehindPseudoNumbers) {
  EXPECT_EQ(number_of(Abi::kX86, "socket"), 359U);
  EXPECT_EQ(number_of(Abi::kX86, "sendto"), 369U);
  EXPECT_EQ(number_of(Abi::kX86, "shmget"), 395U);
  EXPECT_EQ(number_of(Abi::kS390x, "socket"), 359U);
  EXPECT_EQ(number_of(Abi::kPpc64le, "socket"), 326U);
}

TEST(Syscalls, HasNoNumberWhereTheAbiHasNoSuchCall) {
  EXPECT_EQ(number_of(Abi::kX86_64, "socketcall"), std::nullopt);
  EXPECT_EQ(number_of(Abi::kX86, "shmop"), std::nullopt);
  EXPECT_EQ(number_of(Abi::kAarch64, "open"), std::nullopt);
  EXPECT_EQ(number_of(Abi::kX86, "recv"), std::nullopt) << "only inside socketcall";
}

TEST(Syscalls, KnowsNoNonsense) {
  EXPECT_EQ(number_of(Abi::kX86_64, ""), std::nullopt);
  EXPECT_EQ(number_of(Abi::kX86_64, "Read"), std::nullopt);
  EXPECT_EQ(number_of(Abi::kX86_64, "read "), std::nullopt);
  EXPECT_EQ(number_of(Abi::kX86_64, "zzzz"), std::nullopt);
  EXPECT_EQ(name_of(Abi::kX86_64, 1023), std::nullopt);
  EXPECT_EQ(name_of(Abi::kX86_64, UINT32_MAX), std::nullopt) << "the mark of an absent call";
  EXPECT_TRUE(abis_with("zzzz").empty());
}

// Names are found by a hash of their first and last letters.
TEST(Syscalls, FindsEveryNameAndNoneThatIsLikeIt) {
  std::set<std::string> all;
  for (const AbiInfo& abi : all_abis()) {
    for (const std::string_view name : names_on(abi.abi)) all.insert(std::string(name));
  }
  EXPECT_EQ(all.size(), call_count());
  std::set<CallId> ids;
  for (const std::string& name : all) {
    const auto id = find_call(name);
    ASSERT_TRUE(id) << name;
    EXPECT_TRUE(ids.insert(*id).second) << name;
    for (size_t i = 0; i < name.size(); ++i) {
      for (const char letter : {'_', 'a', '4', '\0'}) {
        std::string other = name;
        other[i] = letter;
        EXPECT_EQ(find_call(other).has_value(), all.contains(other)) << other;
        other = name.substr(0, i) + letter + name.substr(i);
        EXPECT_EQ(find_call(other).has_value(), all.contains(other)) << other;
      }
      EXPECT_EQ(find_call(name.substr(0, i)).has_value(), all.contains(name.substr(0, i))) << name;
    }
  }
}

TEST(Syscalls, HasNoNumberOutsideTheAbisOwnRange) {
  for (const AbiInfo& abi : all_abis()) {
    for (const std::string_view name : names_on(abi.abi)) {
      const auto number = number_of(abi.abi, name);
      ASSERT_TRUE(number.has_value());
      const bool arm_private = abi.abi == Abi::kArm && *number >= 0xf0001 && *number <= 0xf0006;
      EXPECT_TRUE((*number >= abi.first_number && *number < abi.first_number + 1024) || arm_private)
          << name << " on " << abi.name << " is " << *number;
    }
  }
}

TEST(Syscalls, NamesGoBackToTheirNumbers) {
  for (const AbiInfo& abi : all_abis()) {
    for (const std::string_view name : names_on(abi.abi)) {
      EXPECT_EQ(name_of(abi.abi, *number_of(abi.abi, name)), name) << abi.name;
    }
  }
}

TEST(Syscalls, HasTheLaunchersCallsOnEveryAbi) {
  for (const AbiInfo& abi : all_abis()) {
    for (const char* name : {"execve", "write", "exit_group"}) EXPECT_TRUE(number_of(abi.abi, name)) << abi.name;
  }
}

TEST(Syscalls, ListsTheNamesSorted) {
  const auto names = names_on(Abi::kX86_64);
  EXPECT_GT(names.size(), 330U);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST(Syscalls, ListsTheAbisThatHaveACall) {
  EXPECT_EQ(abis_with("read").size(), kAbiCount);
  EXPECT_EQ(abis_with("arch_prctl"), (std::vector<Abi>{Abi::kX86_64, Abi::kX86, Abi::kX32}));
  EXPECT_EQ(abis_with("s390_pci_mmio_read"), (std::vector<Abi>{Abi::kS390, Abi::kS390x}));
}

}  // namespace
}  // namespace sandbox::arch
