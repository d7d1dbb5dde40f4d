#include "arch/argument_kinds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "arch/argument_widths.h"
#include "arch/constants.h"
#include "arch/syscalls.h"

namespace sandbox::arch {
namespace {

using enum ArgumentKind;

std::string text(ArgumentKind kind, uint64_t value, Abi abi = Abi::kX86_64) {
  return constant_text(abi, kind, value).value_or("none");
}

TEST(ArgumentKind, TheSameIndexIsNotTheSameArgumentEverywhere) {
  EXPECT_EQ(argument_kind(Abi::kX86_64, "clone", 0), kCloneFlags);
  EXPECT_EQ(argument_kind(Abi::kX86_64, "clone", 4), kHex);
  EXPECT_EQ(argument_kind(Abi::kS390x, "clone", 0), kPointer);
  EXPECT_EQ(argument_kind(Abi::kS390x, "clone", 1), kCloneFlags);
  EXPECT_EQ(argument_kind(Abi::kX86_64, "mmap", 2), kMapProtection);
  EXPECT_EQ(argument_kind(Abi::kX86, "mmap", 0), kUnknown);
  EXPECT_EQ(argument_kind(Abi::kX86, "mmap2", 2), kMapProtection);
  EXPECT_EQ(argument_kind(Abi::kArm, "pwrite64", 1), kBytes);
  EXPECT_EQ(argument_kind(Abi::kArm, "pwrite64", 4), kUnknown);
  EXPECT_EQ(argument_kind(Abi::kX86_64, "socket", 3), kUnknown);
  EXPECT_EQ(argument_kind(Abi::kX86_64, "socket", 9), kUnknown);
  EXPECT_EQ(argument_kind(Abi::kX86_64, "nosuchcall", 0), kUnknown);
}

/// Kinds that are read from the caller's memory.
bool is_pointer(ArgumentKind kind) {
  return kind >= kPath && kind <= kOpenHow;
}

// The two tables are made independently: one by hand, one from the kernel's prototypes.
TEST(ArgumentKind, AgreesWithTheKernelsPrototypes) {
  size_t compared = 0;
  for (const Abi abi : {Abi::kX86_64, Abi::kX86, Abi::kArm, Abi::kAarch64, Abi::kS390x}) {
    for (const std::string_view call : names_on(abi)) {
      const auto arguments = arguments_of(abi, call);
      for (unsigned i = 0; i < Arguments::kMaxCount; ++i) {
        const ArgumentKind kind = argument_kind(abi, call, i);
        if (kind == kUnknown) continue;
        ASSERT_TRUE(arguments && i < arguments->size()) << call << " has no argument " << i;
        // Where the prototype says `long` it may mean an address, as in mmap.
        const bool may_point = (*arguments)[i].pointer || (*arguments)[i].width == info(abi).register_bits;
        const bool points = (*arguments)[i].pointer;
        if (is_pointer(kind)) {
          EXPECT_TRUE(may_point) << info(abi).name << " " << call << " " << i;
        } else if (kind != kHex) {
          EXPECT_FALSE(points) << info(abi).name << " " << call << " " << i;
        }
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 2500U);
}

TEST(ConstantText, OneNameForOneValue) {
  EXPECT_EQ(text(kAddressFamily, 1), "AF_UNIX");  // Not AF_LOCAL.
  EXPECT_EQ(text(kAddressFamily, 16), "AF_NETLINK");
  EXPECT_EQ(text(kAddressFamily, 17), "AF_PACKET");
  EXPECT_EQ(text(kAddressFamily, 99), "none");
  EXPECT_EQ(text(kSignal, 9), "SIGKILL");
  EXPECT_EQ(text(kSignal, 6), "SIGABRT");
  EXPECT_EQ(text(kSignal, 0), "none");
  EXPECT_EQ(text(kIoctlRequest, 0x5401), "TCGETS");
  EXPECT_EQ(text(kIoctlRequest, 0x5412), "TIOCSTI");
  EXPECT_EQ(text(kIoctlRequest, 0x541b), "FIONREAD");
  EXPECT_EQ(text(kIoctlRequest, 0x8933), "SIOCGIFINDEX");
  EXPECT_EQ(text(kPrctlOption, 4), "PR_SET_DUMPABLE");
  EXPECT_EQ(text(kPrctlOption, 38), "PR_SET_NO_NEW_PRIVS");
  EXPECT_EQ(text(kPrctlOption, 0x59616d61), "PR_SET_PTRACER");
  EXPECT_EQ(text(kPtraceRequest, 0), "PTRACE_TRACEME");
  EXPECT_EQ(text(kPtraceRequest, 16), "PTRACE_ATTACH");
  EXPECT_EQ(text(kFcntlCommand, 1030), "F_DUPFD_CLOEXEC");
  EXPECT_EQ(text(kFcntlCommand, 1), "F_GETFD");
  EXPECT_EQ(text(kBpfCommand, 5), "BPF_PROG_LOAD");
  EXPECT_EQ(text(kKeyctlCommand, 1), "KEYCTL_JOIN_SESSION_KEYRING");
  EXPECT_EQ(text(kAdvice, 4), "MADV_DONTNEED");
  EXPECT_EQ(text(kSocketLevel, 1), "SOL_SOCKET");
  EXPECT_EQ(text(kSocketLevel, 0), "SOL_IP");
  EXPECT_EQ(text(kSocketLevel, 6), "SOL_TCP");
  EXPECT_EQ(text(kInternetProtocol, 6), "IPPROTO_TCP");
  EXPECT_EQ(text(kNetlinkProtocol, 0), "NETLINK_ROUTE");
  EXPECT_EQ(text(kResource, 7), "RLIMIT_NOFILE");
}

TEST(ConstantText, Flags) {
  EXPECT_EQ(text(kOpenFlags, 0), "O_RDONLY");
  EXPECT_EQ(text(kOpenFlags, 02000002), "O_RDWR|O_CLOEXEC");
  EXPECT_EQ(text(kOpenFlags, 01101), "O_WRONLY|O_CREAT|O_TRUNC");
  EXPECT_EQ(text(kOpenFlags, 020200002), "O_RDWR|O_TMPFILE");  // Which contains O_DIRECTORY.
  EXPECT_EQ(text(kOpenFlags, 04010000), "O_RDONLY|O_SYNC");    // Which contains O_DSYNC.
  EXPECT_EQ(text(kOpenFlags, 010000), "O_RDONLY|O_DSYNC");
  EXPECT_EQ(text(kOpenFlags, 0x40000000), "O_RDONLY|0x40000000");  // No name for that bit.
  EXPECT_EQ(text(kMapProtection, 0), "PROT_NONE");
  EXPECT_EQ(text(kMapProtection, 7), "PROT_READ|PROT_WRITE|PROT_EXEC");
  EXPECT_EQ(text(kMapFlags, 0x22), "MAP_PRIVATE|MAP_ANONYMOUS");
  EXPECT_EQ(text(kSocketType, 3), "SOCK_RAW");
  EXPECT_EQ(text(kSocketType, 0x80801), "SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC");
  EXPECT_EQ(text(kCloneFlags, 17), "SIGCHLD");
  EXPECT_EQ(text(kCloneFlags, 0x10000011), "SIGCHLD|CLONE_NEWUSER");
  EXPECT_EQ(text(kUnshareFlags, 0x10000080), "CLONE_NEWTIME|CLONE_NEWUSER");
  EXPECT_EQ(text(kFutexOperation, 0x189), "FUTEX_WAIT_BITSET|FUTEX_PRIVATE_FLAG|FUTEX_CLOCK_REALTIME");
  EXPECT_EQ(text(kMountFlags, 0x5001), "MS_RDONLY|MS_BIND|MS_REC");
  EXPECT_EQ(text(kMountFlags, 0), "0");
  EXPECT_EQ(text(kMessageFlags, 0x4040), "MSG_DONTWAIT|MSG_NOSIGNAL");
  EXPECT_EQ(text(kAccessMode, 0), "F_OK");
  EXPECT_EQ(text(kAccessMode, 5), "X_OK|R_OK");
  EXPECT_EQ(text(kLockOperation, 6), "LOCK_EX|LOCK_NB");
  EXPECT_EQ(text(kSeccompFlags, 8), "SECCOMP_FILTER_FLAG_NEW_LISTENER");
  EXPECT_EQ(text(kUnlinkFlags, 0x200), "AT_REMOVEDIR");
  EXPECT_EQ(text(kAccessFlags, 0x200), "AT_EACCESS");  // The same bit.
  EXPECT_EQ(text(kStatxMask, 0x7ff), "STATX_BASIC_STATS");
}

TEST(ConstantText, ValuesOfTheAbi) {
  EXPECT_EQ(text(kSignalHow, 1, Abi::kX86_64), "SIG_UNBLOCK");
  EXPECT_EQ(text(kSignalHow, 1, Abi::kMips), "SIG_BLOCK");
  EXPECT_EQ(text(kOpenFlags, 0x100, Abi::kMips), "O_RDONLY|O_CREAT");
  EXPECT_EQ(text(kSocketType, 2, Abi::kMips), "SOCK_STREAM");
  EXPECT_EQ(text(kSocketLevel, 0xffff, Abi::kMips), "SOL_SOCKET");
  EXPECT_EQ(text(kMapFlags, 3, Abi::kParisc), "MAP_SHARED_VALIDATE");
}

TEST(ConstantText, NoFamilyNoName) {
  EXPECT_EQ(text(kUnknown, 1), "none");
  EXPECT_EQ(text(kPath, 1), "none");
  EXPECT_EQ(text(kEnd, 1), "none");
}

/// The value of names between `|`.
uint64_t value_of(Abi abi, std::string_view names) {
  uint64_t value = 0;
  while (!names.empty()) {
    const size_t end = std::min(names.find('|'), names.size());
    const std::string name(names.substr(0, end));
    value |= name.starts_with("0x") ? std::stoull(name, nullptr, 16) : name == "0" ? 0 : constant(abi, name).value();
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return value;
}

// So a policy that is written with the text means the value.
TEST(ConstantText, MeansTheValueThatItWasMadeFrom) {
  for (const AbiInfo& abi : all_abis()) {
    for (auto kind = kFirstFamily; kind < kEnd; kind = static_cast<ArgumentKind>(static_cast<int>(kind) + 1)) {
      size_t named = 0;
      const auto check = [&](uint64_t value) {
        const auto names = constant_text(abi.abi, kind, value);
        if (!names) return;
        EXPECT_EQ(value_of(abi.abi, *names), value) << abi.name << " " << static_cast<int>(kind) << " " << *names;
        ++named;
      };
      for (uint64_t value = 0; value < 0x300; ++value) check(value);
      for (unsigned bit = 0; bit < 64; ++bit) {
        check(uint64_t{1} << bit);
        check((uint64_t{1} << bit) - 1);
      }
      check(0xfee1dead);
      check(0x8933);
      check(UINT64_MAX);
      check(1030);
      // Only x86 has arch_prctl; requests of ioctl are large on some ABIs.
      if (kind != kArchPrctlOption && kind != kIoctlRequest) {
        EXPECT_GT(named, 0U) << abi.name << " " << static_cast<int>(kind);
      }
    }
  }
}

}  // namespace
}  // namespace sandbox::arch
