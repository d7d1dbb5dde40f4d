#include "arch/constants.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace sandbox::arch {
namespace {

using Names = std::vector<std::string_view>;

constexpr Abi kMipsAbis[] = {Abi::kMips,     Abi::kMipsel,    Abi::kMips64,
                             Abi::kMipsel64, Abi::kMips64n32, Abi::kMipsel64n32};
constexpr Abi kPowerpcAbis[] = {Abi::kPpc, Abi::kPpc64, Abi::kPpc64le};
constexpr Abi kPariscAbis[] = {Abi::kParisc, Abi::kParisc64};
constexpr Abi kArmAbis[] = {Abi::kArm, Abi::kAarch64};
constexpr Abi kOrdinaryAbis[] = {Abi::kX86_64, Abi::kX86, Abi::kX32, Abi::kRiscv64, Abi::kS390, Abi::kS390x};

bool is_64_bit(Abi abi) {
  return abi == Abi::kX86_64 || abi == Abi::kAarch64 || abi == Abi::kMips64 || abi == Abi::kMipsel64 ||
         abi == Abi::kParisc64 || abi == Abi::kPpc64 || abi == Abi::kPpc64le || abi == Abi::kRiscv64 ||
         abi == Abi::kS390x;
}

/// The values of one constant in the families that are most at odds.
struct ByFamily {
  std::string_view name;
  uint64_t ordinary, arm, mips, parisc, powerpc;
};

// Known answers, written down by hand.
constexpr ByFamily kFamilies[] = {
    {"O_CREAT", 0x40, 0x40, 0x100, 0x100, 0x40},
    {"O_EXCL", 0x80, 0x80, 0x400, 0x400, 0x80},
    {"O_APPEND", 0x400, 0x400, 8, 8, 0x400},
    {"O_NONBLOCK", 0x800, 0x800, 0x80, 0x10000, 0x800},
    {"O_DIRECT", 0x4000, 0x10000, 0x8000, 0x4000, 0x20000},
    {"O_DIRECTORY", 0x10000, 0x4000, 0x10000, 0x1000, 0x4000},
    {"O_NOFOLLOW", 0x20000, 0x8000, 0x20000, 0x80, 0x8000},
    {"O_LARGEFILE", 0x8000, 0x20000, 0x2000, 0x800, 0x10000},
    {"O_CLOEXEC", 0x80000, 0x80000, 0x80000, 0x200000, 0x80000},
    {"SOCK_STREAM", 1, 1, 2, 1, 1},
    {"SOCK_DGRAM", 2, 2, 1, 2, 2},
    {"SOCK_NONBLOCK", 0x800, 0x800, 0x80, 0x40000000, 0x800},
    {"SOL_SOCKET", 1, 1, 0xffff, 0xffff, 1},
    {"SO_REUSEADDR", 2, 2, 4, 4, 2},
    {"SIGUSR1", 10, 10, 16, 16, 10},
    {"SIGCHLD", 17, 17, 18, 18, 17},
    {"SIGSYS", 31, 31, 12, 31, 31},
    {"SIG_BLOCK", 0, 0, 1, 0, 0},
    {"MAP_ANONYMOUS", 0x20, 0x20, 0x800, 0x10, 0x20},
    {"MAP_HUGETLB", 0x40000, 0x40000, 0x80000, 0x80000, 0x40000},
    {"TIOCSTI", 0x5412, 0x5412, 0x5472, 0x5412, 0x5412},
    {"TIOCLINUX", 0x541c, 0x541c, 0x5483, 0x541c, 0x541c},
    {"TCGETS", 0x5401, 0x5401, 0x540d, 0x40245410, 0x402c7413},
    {"FIONREAD", 0x541b, 0x541b, 0x467f, 0x541b, 0x4004667f},
    {"TIOCGWINSZ", 0x5413, 0x5413, 0x40087468, 0x5413, 0x40087468},
    {"TUNSETIFF", 0x400454ca, 0x400454ca, 0x800454ca, 0x800454ca, 0x800454ca},
    {"USERFAULTFD_IOC_NEW", 0xaa00, 0xaa00, 0x2000aa00, 0xaa00, 0x2000aa00},
    {"RLIMIT_NOFILE", 7, 7, 5, 7, 7},
    {"MCL_CURRENT", 1, 1, 1, 1, 0x2000},
    {"F_GETLK", 5, 5, 14, 5, 5},
    {"AF_PACKET", 17, 17, 17, 17, 17},
    {"CLONE_NEWUSER", 0x10000000, 0x10000000, 0x10000000, 0x10000000, 0x10000000},
    {"PR_SET_PTRACER", 0x59616d61, 0x59616d61, 0x59616d61, 0x59616d61, 0x59616d61},
};

TEST(Constants, DifferByFamily) {
  for (const ByFamily& row : kFamilies) {
    for (const Abi abi : kOrdinaryAbis) EXPECT_EQ(constant(abi, row.name), row.ordinary) << row.name << info(abi).name;
    for (const Abi abi : kArmAbis) EXPECT_EQ(constant(abi, row.name), row.arm) << row.name << info(abi).name;
    for (const Abi abi : kMipsAbis) EXPECT_EQ(constant(abi, row.name), row.mips) << row.name << info(abi).name;
    for (const Abi abi : kPariscAbis) EXPECT_EQ(constant(abi, row.name), row.parisc) << row.name << info(abi).name;
    for (const Abi abi : kPowerpcAbis) EXPECT_EQ(constant(abi, row.name), row.powerpc) << row.name << info(abi).name;
  }
}

TEST(Constants, FollowTheSizesOfTypes) {
  // _IOR('f', 1, long): where in the word size and direction stand differs as well.
  EXPECT_EQ(constant(Abi::kX86_64, "FS_IOC_GETFLAGS"), 0x80086601);
  EXPECT_EQ(constant(Abi::kX86, "FS_IOC_GETFLAGS"), 0x80046601);
  EXPECT_EQ(constant(Abi::kX32, "FS_IOC_GETFLAGS"), 0x80046601);
  EXPECT_EQ(constant(Abi::kMips64, "FS_IOC_GETFLAGS"), 0x40086601);
  EXPECT_EQ(constant(Abi::kMips64n32, "FS_IOC_GETFLAGS"), 0x40046601);
  EXPECT_EQ(constant(Abi::kPpc64, "FS_IOC_GETFLAGS"), 0x40086601);
  EXPECT_EQ(constant(Abi::kPpc, "FS_IOC_GETFLAGS"), 0x40046601);
  // A structure with a 64-bit number after a 32-bit one: x86 alone aligns it to 4 bytes.
  EXPECT_EQ(constant(Abi::kX86, "BLKTRACESETUP"), 0xc0401273);
  EXPECT_EQ(constant(Abi::kArm, "BLKTRACESETUP"), 0xc0481273);
  EXPECT_EQ(constant(Abi::kX86_64, "BLKTRACESETUP"), 0xc0481273);
  EXPECT_EQ(constant(Abi::kS390, "POSIX_FADV_DONTNEED"), 4U);
  EXPECT_EQ(constant(Abi::kS390x, "POSIX_FADV_DONTNEED"), 6U);
}

TEST(Constants, SignExtendsNegativeOnes) {
  for (const AbiInfo& abi : all_abis()) {
    EXPECT_EQ(constant(abi.abi, "AT_FDCWD"), static_cast<uint64_t>(-100)) << abi.name;
    EXPECT_EQ(constant(abi.abi, "KEY_SPEC_SESSION_KEYRING"), static_cast<uint64_t>(-3)) << abi.name;
    EXPECT_EQ(constant(abi.abi, "CLONE_IO"), 0x80000000U) << abi.name;
  }
}

TEST(Constants, HoldInTheWordsOfTheirAbi) {
  for (const AbiInfo& abi : all_abis()) {
    if (is_64_bit(abi.abi)) continue;
    for (const std::string_view name : constant_names()) {
      if (name == "CLONE_CLEAR_SIGHAND" || name == "CLONE_INTO_CGROUP") continue;  // Only in clone3's 64-bit flags.
      const auto value = constant(abi.abi, name);
      if (!value) continue;
      const bool negative = static_cast<int64_t>(*value) < 0 && static_cast<int64_t>(*value) >= INT32_MIN;
      EXPECT_TRUE(*value <= UINT32_MAX || negative) << name << " " << abi.name << " " << *value;
    }
  }
}

TEST(Constants, AreTheSameInBothEndiannesses) {
  constexpr std::pair<Abi, Abi> kPairs[] = {{Abi::kMips, Abi::kMipsel},
                                            {Abi::kMips64, Abi::kMipsel64},
                                            {Abi::kMips64n32, Abi::kMipsel64n32},
                                            {Abi::kPpc64, Abi::kPpc64le}};
  for (const std::string_view name : constant_names()) {
    for (const auto& [big, little] : kPairs) EXPECT_EQ(constant(big, name), constant(little, name)) << name;
  }
}

TEST(Constants, KnowsWhichAbisHaveThem) {
  EXPECT_EQ(abis_with_constant("ARCH_SET_FS"), (std::vector{Abi::kX86_64, Abi::kX86, Abi::kX32}));
  EXPECT_EQ(constant(Abi::kAarch64, "ARCH_SET_FS"), std::nullopt);
  EXPECT_EQ(abis_with_constant("PROT_BTI"), std::vector{Abi::kAarch64});
  EXPECT_EQ(abis_with_constant("AF_UNIX").size(), kAbiCount);
  EXPECT_EQ(abis_with_constant("AF_UNIKS"), std::vector<Abi>{});
  for (const Abi abi : kMipsAbis) EXPECT_EQ(constant(abi, "SIGSTKFLT"), std::nullopt);
}

TEST(Constants, IsExactAboutNames) {
  using namespace std::string_view_literals;
  for (const std::string_view name : {""sv, "A"sv, "AF_"sv, "af_unix"sv, "AF_UNIX "sv, " AF_UNIX"sv, "AF_UNIX\0"sv,
                                      "AF_UNI"sv, "AF_UNIXX"sv, "ZZZ"sv, "~"sv, "0"sv}) {
    EXPECT_EQ(constant(Abi::kX86_64, name), std::nullopt) << name;
  }
}

TEST(Constants, ListsEveryNameOnceAndInOrder) {
  const Names names = constant_names();
  EXPECT_GT(names.size(), 2500U);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  for (const std::string_view name : names) EXPECT_FALSE(abis_with_constant(name).empty()) << name;
}

TEST(Constants, HasBothNamesOfAProtocolFamily) {
  size_t families = 0;
  for (const std::string_view name : constant_names()) {
    if (!name.starts_with("AF_")) continue;
    ++families;
    const std::string other = "P" + std::string(name.substr(1));
    EXPECT_EQ(constant(Abi::kX86_64, other), constant(Abi::kX86_64, name)) << name;
  }
  EXPECT_GT(families, 45U);
}

TEST(Constants, HasSomethingForEachMultiplexer) {
  for (const std::string_view name : {"AF_NETLINK",
                                      "NETLINK_AUDIT",
                                      "SOCK_RAW",
                                      "IPPROTO_SCTP",
                                      "CLONE_NEWNS",
                                      "PR_SET_SECCOMP",
                                      "PR_CAP_AMBIENT",
                                      "F_ADD_SEALS",
                                      "F_SEAL_WRITE",
                                      "O_TMPFILE",
                                      "AT_EMPTY_PATH",
                                      "PROT_EXEC",
                                      "MAP_SHARED",
                                      "MREMAP_FIXED",
                                      "MADV_HWPOISON",
                                      "MS_BIND",
                                      "MS_SYNC",
                                      "MNT_DETACH",
                                      "UMOUNT_NOFOLLOW",
                                      "TIOCSCTTY",
                                      "SIOCGIFCONF",
                                      "FUTEX_LOCK_PI",
                                      "KEYCTL_READ",
                                      "PTRACE_ATTACH",
                                      "BPF_PROG_LOAD",
                                      "PERF_FLAG_FD_CLOEXEC",
                                      "SECCOMP_SET_MODE_FILTER",
                                      "SHM_EXEC",
                                      "IPC_RMID",
                                      "S_IFCHR",
                                      "PER_LINUX32",
                                      "ADDR_NO_RANDOMIZE",
                                      "SO_ATTACH_FILTER",
                                      "MSG_OOB",
                                      "EPOLL_CTL_ADD",
                                      "CLOCK_TAI",
                                      "TIMER_ABSTIME",
                                      "RLIMIT_CORE",
                                      "PRIO_USER",
                                      "SCHED_DEADLINE",
                                      "MPOL_BIND",
                                      "MCL_ONFAULT",
                                      "MFD_EXEC",
                                      "GRND_INSECURE",
                                      "RENAME_WHITEOUT",
                                      "UFFD_USER_MODE_ONLY",
                                      "IORING_REGISTER_FILES",
                                      "LINUX_REBOOT_CMD_HALT",
                                      "MODULE_INIT_IGNORE_VERMAGIC",
                                      "KEXEC_FILE_UNLOAD",
                                      "FAN_MARK_ADD",
                                      "IN_CREATE",
                                      "CLOSE_RANGE_UNSHARE",
                                      "SPLICE_F_GIFT",
                                      "SEEK_HOLE",
                                      "FALLOC_FL_PUNCH_HOLE",
                                      "XATTR_CREATE",
                                      "LOCK_EX",
                                      "P_PIDFD",
                                      "WEXITED",
                                      "__WALL",
                                      "ITIMER_PROF",
                                      "CAP_SYS_ADMIN",
                                      "SYS_SOCKET",
                                      "SEMOP",
                                      "Q_QUOTAON",
                                      "SWAP_FLAG_PREFER",
                                      "FSCONFIG_CMD_CREATE",
                                      "MOVE_MOUNT_F_EMPTY_PATH",
                                      "LANDLOCK_CREATE_RULESET_VERSION",
                                      "KCMP_FILE",
                                      "MEMBARRIER_CMD_QUERY",
                                      "SYSLOG_ACTION_READ_ALL",
                                      "RWF_APPEND",
                                      "POSIX_FADV_NOREUSE",
                                      "IOPRIO_WHO_PGRP",
                                      "EFD_SEMAPHORE",
                                      "TFD_TIMER_ABSTIME"}) {
    EXPECT_EQ(abis_with_constant(name).size(), kAbiCount) << name;
  }
}

}  // namespace
}  // namespace sandbox::arch
