#include "arch/newer_calls.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "arch/syscalls.h"

namespace sandbox::arch {
namespace {

TEST(NewerCalls, AreInTheTables) {
  for (const NewerCall& call : kNewerCalls) {
    for (const AbiInfo& abi : all_abis()) {
      if (!call.abis.contains(abi.abi)) continue;
      EXPECT_EQ(number_of(abi.abi, call.name), abi.first_number + call.number) << call.name << " on " << abi.name;
      EXPECT_EQ(name_of(abi.abi, abi.first_number + call.number), call.name) << abi.name;
    }
  }
}

TEST(NewerCalls, HaveTheNumbersOfEachAbi) {
  EXPECT_EQ(number_of(Abi::kX86_64, "mseal"), 462U);
  EXPECT_EQ(number_of(Abi::kX86, "mseal"), 462U);
  EXPECT_EQ(number_of(Abi::kAarch64, "mseal"), 462U);
  EXPECT_EQ(number_of(Abi::kX32, "mseal"), 0x40000000U + 462U);
  EXPECT_EQ(number_of(Abi::kMips, "mseal"), 4462U);
  EXPECT_EQ(number_of(Abi::kMipsel64, "mseal"), 5462U);
  EXPECT_EQ(number_of(Abi::kMips64n32, "mseal"), 6462U);
  EXPECT_EQ(number_of(Abi::kS390x, "rseq_slice_yield"), 471U);
}

// Written out once more, so that a slip in the header shows.
TEST(NewerCalls, HaveTheNumbersThatEveryAbiShares) {
  const std::pair<const char*, uint32_t> expected[] = {
      {"cachestat", 451},         {"fchmodat2", 452},         {"map_shadow_stack", 453}, {"futex_wake", 454},
      {"futex_wait", 455},        {"futex_requeue", 456},     {"statmount", 457},        {"listmount", 458},
      {"lsm_get_self_attr", 459}, {"lsm_set_self_attr", 460}, {"lsm_list_modules", 461}, {"mseal", 462},
      {"setxattrat", 463},        {"getxattrat", 464},        {"listxattrat", 465},      {"removexattrat", 466},
      {"open_tree_attr", 467},    {"file_getattr", 468},      {"file_setattr", 469},     {"listns", 470},
      {"rseq_slice_yield", 471}};
  for (const auto& [name, number] : expected) {
    for (const AbiInfo& abi : all_abis()) {
      EXPECT_EQ(number_of(abi.abi, name), abi.first_number + number) << name << " on " << abi.name;
    }
  }
}

TEST(NewerCalls, BelongToTheAbisThatHaveThem) {
  EXPECT_EQ(abis_with("uretprobe"), (std::vector<Abi>{Abi::kX86_64, Abi::kX32}));
  EXPECT_EQ(abis_with("uprobe"), (std::vector<Abi>{Abi::kX86_64, Abi::kX32}));
  EXPECT_EQ(number_of(Abi::kX86_64, "uretprobe"), 335U);
  EXPECT_EQ(number_of(Abi::kX86_64, "uprobe"), 336U);
  EXPECT_EQ(abis_with("riscv_hwprobe"), (std::vector<Abi>{Abi::kRiscv64}));
  EXPECT_EQ(abis_with("memfd_secret"), (std::vector<Abi>{Abi::kX86_64, Abi::kX86, Abi::kX32, Abi::kAarch64,
                                                         Abi::kRiscv64, Abi::kS390, Abi::kS390x}));
  EXPECT_EQ(number_of(Abi::kArm, "cacheflush"), 0xf0002U) << "arm's is another than parisc's";
}

TEST(NewerCalls, NameACallOnceAnAbi) {
  for (const NewerCall& call : kNewerCalls) {
    for (const NewerCall& other : kNewerCalls) {
      if (&call == &other) continue;
      for (const AbiInfo& abi : all_abis()) {
        if (!call.abis.contains(abi.abi) || !other.abis.contains(abi.abi)) continue;
        EXPECT_NE(call.name, other.name) << abi.name;
        EXPECT_NE(call.number, other.number) << call.name << " and " << other.name << " on " << abi.name;
      }
    }
  }
}

TEST(NewerCalls, AreNewerThanWhatLibseccompKnows) {
  for (const NewerCall& call : kNewerCalls) EXPECT_GT(call.since, (KernelVersion{5, 17})) << call.name;
}

TEST(AbiSet, HoldsWhatItWasGiven) {
  constexpr AbiSet kTwo = {Abi::kX86_64, Abi::kS390x};
  EXPECT_TRUE(kTwo.contains(Abi::kX86_64));
  EXPECT_TRUE(kTwo.contains(Abi::kS390x));
  EXPECT_FALSE(kTwo.contains(Abi::kS390));
  EXPECT_FALSE((kTwo - kEveryS390).contains(Abi::kS390x));
  EXPECT_TRUE((kTwo - kEveryS390).contains(Abi::kX86_64));
  EXPECT_TRUE((kTwo | kEveryS390).contains(Abi::kS390));
  for (const AbiInfo& abi : all_abis()) EXPECT_TRUE(every_abi().contains(abi.abi)) << abi.name;
}

}  // namespace
}  // namespace sandbox::arch
