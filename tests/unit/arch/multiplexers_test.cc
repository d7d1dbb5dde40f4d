#include "arch/multiplexers.h"

#include <gtest/gtest.h>
#include <linux/ipc.h>
#include <linux/net.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "arch/syscalls.h"

namespace sandbox::arch {
namespace {

// The selectors as the kernel's headers have them.
constexpr std::pair<const char*, uint32_t> kSocketCalls[] = {
    {"socket", SYS_SOCKET},
    {"bind", SYS_BIND},
    {"connect", SYS_CONNECT},
    {"listen", SYS_LISTEN},
    {"accept", SYS_ACCEPT},
    {"getsockname", SYS_GETSOCKNAME},
    {"getpeername", SYS_GETPEERNAME},
    {"socketpair", SYS_SOCKETPAIR},
    {"send", SYS_SEND},
    {"recv", SYS_RECV},
    {"sendto", SYS_SENDTO},
    {"recvfrom", SYS_RECVFROM},
    {"shutdown", SYS_SHUTDOWN},
    {"setsockopt", SYS_SETSOCKOPT},
    {"getsockopt", SYS_GETSOCKOPT},
    {"sendmsg", SYS_SENDMSG},
    {"recvmsg", SYS_RECVMSG},
    {"accept4", SYS_ACCEPT4},
    {"recvmmsg", SYS_RECVMMSG},
    {"sendmmsg", SYS_SENDMMSG},
};
constexpr std::pair<const char*, uint32_t> kIpcCalls[] = {
    {"semop", SEMOP},   {"semget", SEMGET}, {"semctl", SEMCTL}, {"semtimedop", SEMTIMEDOP},
    {"msgsnd", MSGSND}, {"msgrcv", MSGRCV}, {"msgget", MSGGET}, {"msgctl", MSGCTL},
    {"shmat", SHMAT},   {"shmdt", SHMDT},   {"shmget", SHMGET}, {"shmctl", SHMCTL},
};

const std::vector<Abi> kWithMultiplexers = {Abi::kX86,   Abi::kMips,    Abi::kMipsel, Abi::kPpc,
                                            Abi::kPpc64, Abi::kPpc64le, Abi::kS390,   Abi::kS390x};

TEST(Multiplexers, HaveTheSelectorsOfTheHeaders) {
  for (const Abi abi : kWithMultiplexers) {
    for (const auto& [name, selector] : kSocketCalls) {
      const auto ways = multiplexed(abi, name);
      ASSERT_FALSE(ways.empty()) << name;
      EXPECT_EQ(ways[0].selector, selector) << name;
      for (const Multiplexed& way : ways) {
        EXPECT_EQ(way.multiplexer, "socketcall") << name;
        EXPECT_EQ(way.mask, 0xffffffffU) << name;
      }
    }
    for (const auto& [name, selector] : kIpcCalls) {
      const auto ways = multiplexed(abi, name);
      ASSERT_FALSE(ways.empty()) << name;
      EXPECT_EQ(ways[0].selector, selector) << name;
      for (const Multiplexed& way : ways) {
        EXPECT_EQ(way.multiplexer, "ipc") << name;
        EXPECT_EQ(way.mask, 0xffffU) << name << ": the upper half is a version";
      }
    }
  }
}

std::vector<uint32_t> selectors(Abi abi, std::string_view name) {
  std::vector<uint32_t> found;
  for (const Multiplexed& way : multiplexed(abi, name)) found.push_back(way.selector);
  return found;
}

TEST(Multiplexers, LeadToWhatDoesTheSameWorkUnderAnotherName) {
  using Selectors = std::vector<uint32_t>;
  EXPECT_EQ(selectors(Abi::kX86, "sendto"), (Selectors{SYS_SENDTO, SYS_SEND}));
  EXPECT_EQ(selectors(Abi::kX86, "recvfrom"), (Selectors{SYS_RECVFROM, SYS_RECV}));
  EXPECT_EQ(selectors(Abi::kX86, "accept4"), (Selectors{SYS_ACCEPT4, SYS_ACCEPT}));
  EXPECT_EQ(selectors(Abi::kX86, "recvmmsg_time64"), Selectors{SYS_RECVMMSG});
  EXPECT_EQ(selectors(Abi::kX86, "semtimedop"), (Selectors{SEMTIMEDOP, SEMOP}));
  EXPECT_EQ(selectors(Abi::kX86, "semtimedop_time64"), (Selectors{SEMOP, SEMTIMEDOP}));
  // One way only: who speaks of send does not speak of sendto.
  EXPECT_EQ(selectors(Abi::kX86, "send"), Selectors{SYS_SEND});
  EXPECT_EQ(selectors(Abi::kX86, "accept"), Selectors{SYS_ACCEPT});
  EXPECT_EQ(selectors(Abi::kX86, "semop"), Selectors{SEMOP});
}

TEST(Multiplexers, ListAllTheirCalls) {
  const auto behind_socketcall = calls_behind("socketcall");
  const auto behind_ipc = calls_behind("ipc");
  // The 64-bit-time names of two calls stand behind them, too.
  ASSERT_EQ(behind_socketcall.size(), std::size(kSocketCalls) + 1) << "each call once";
  ASSERT_EQ(behind_ipc.size(), std::size(kIpcCalls) + 1) << "each call once";
  for (size_t i = 0; i < std::size(kSocketCalls); ++i) EXPECT_EQ(behind_socketcall[i], kSocketCalls[i].first);
  for (size_t i = 0; i < std::size(kIpcCalls); ++i) EXPECT_EQ(behind_ipc[i], kIpcCalls[i].first);
  EXPECT_EQ(behind_socketcall.back(), "recvmmsg_time64");
  EXPECT_EQ(behind_ipc.back(), "semtimedop_time64");
  EXPECT_TRUE(calls_behind("read").empty());
}

TEST(Multiplexers, ExistOnTheseAbisAlone) {
  for (const AbiInfo& abi : all_abis()) {
    const bool expected = std::ranges::find(kWithMultiplexers, abi.abi) != kWithMultiplexers.end();
    EXPECT_EQ(number_of(abi.abi, "socketcall").has_value(), expected) << abi.name;
    EXPECT_EQ(number_of(abi.abi, "ipc").has_value(), expected) << abi.name;
    EXPECT_EQ(!multiplexed(abi.abi, "socket").empty(), expected) << abi.name;
    EXPECT_EQ(!multiplexed(abi.abi, "shmget").empty(), expected) << abi.name;
  }
}

TEST(Multiplexers, ReachCallsThatHaveNoNumber) {
  for (const char* name : {"accept", "send", "recv", "semop", "semtimedop"}) {
    EXPECT_EQ(number_of(Abi::kX86, name), std::nullopt) << name;
    EXPECT_FALSE(multiplexed(Abi::kX86, name).empty()) << name;
  }
}

TEST(Multiplexers, DoNotReachOtherCalls) {
  for (const char* name : {"socketcall", "ipc", "read", "Socket", ""}) {
    EXPECT_TRUE(multiplexed(Abi::kX86, name).empty()) << name;
  }
}

TEST(Multiplexers, HideNoCallOfAnAbiThatHasThemAll) {
  // Every call behind a multiplexer is a call of x86_64 too, save send and recv, which its libc makes of others, and
  // the names that 32-bit ABIs have for 64-bit time.
  for (const char* multiplexer : {"socketcall", "ipc"}) {
    for (const std::string_view name : calls_behind(multiplexer)) {
      const bool other = name == "send" || name == "recv" || name.ends_with("_time64");
      EXPECT_EQ(number_of(Abi::kX86_64, name).has_value(), !other) << name;
    }
  }
}

}  // namespace
}  // namespace sandbox::arch
