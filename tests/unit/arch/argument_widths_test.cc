#include "arch/argument_widths.h"

#include <set>
#include <string>
#include <string_view>

#include "arch/syscalls.h"
#include "gtest/gtest.h"

namespace sandbox::arch {
namespace {

/// The arguments in short: "32 p 16" is an int, a pointer and a mode.
std::string shown(Abi abi, std::string_view call) {
  const auto arguments = arguments_of(abi, call);
  if (!arguments) return "unknown";
  std::string text;
  for (const Argument& argument : *arguments) {
    if (!text.empty()) text += ' ';
    text += argument.pointer ? "p" : std::to_string(argument.width);
  }
  return text;
}

TEST(ArgumentWidths, OfTheKernelsPrototypes) {
  EXPECT_EQ(shown(Abi::kX86_64, "socket"), "32 32 32");
  EXPECT_EQ(shown(Abi::kX86_64, "ioctl"), "32 32 64");
  EXPECT_EQ(shown(Abi::kX86_64, "openat"), "32 p 32 16");
  EXPECT_EQ(shown(Abi::kX86_64, "chmod"), "p 16");
  EXPECT_EQ(shown(Abi::kX86_64, "write"), "32 p 64");
  EXPECT_EQ(shown(Abi::kX86_64, "setresuid"), "32 32 32");
  EXPECT_EQ(shown(Abi::kX86_64, "unshare"), "64");
  EXPECT_EQ(shown(Abi::kX86_64, "prctl"), "32 64 64 64 64");
  EXPECT_EQ(shown(Abi::kX86_64, "pread64"), "32 p 64 64");
  EXPECT_EQ(shown(Abi::kX86_64, "fanotify_mark"), "32 32 64 32 p");
  EXPECT_EQ(shown(Abi::kX86_64, "landlock_add_rule"), "32 32 p 32");
  EXPECT_EQ(shown(Abi::kX86_64, "getpid"), "");
  EXPECT_EQ(shown(Abi::kX86_64, "rt_sigreturn"), "");
  EXPECT_EQ(shown(Abi::kX86_64, "capset"), "p p");
}

TEST(ArgumentWidths, OfCallsWhoseFunctionHasAnotherName) {
  EXPECT_EQ(shown(Abi::kX86_64, "stat"), "p p");
  EXPECT_EQ(shown(Abi::kX86_64, "fstat"), "32 p");
  EXPECT_EQ(shown(Abi::kX86_64, "newfstatat"), "32 p p 32");
  EXPECT_EQ(shown(Abi::kX86_64, "uname"), "p");
  EXPECT_EQ(shown(Abi::kX86_64, "umount2"), "p 32");
  EXPECT_EQ(shown(Abi::kX86, "umount"), "p");
  EXPECT_EQ(shown(Abi::kX86, "oldolduname"), "p");
  EXPECT_EQ(shown(Abi::kX86, "_llseek"), "32 32 32 p 32");
  EXPECT_EQ(shown(Abi::kX86, "_newselect"), "32 p p p p");
  EXPECT_EQ(shown(Abi::kX86, "futex_time64"), "p 32 32 p p 32");
  EXPECT_EQ(shown(Abi::kX86, "clock_gettime64"), "32 p");
}

TEST(ArgumentWidths, OfCallsThatTheHeadersDoNotDeclare) {
  EXPECT_EQ(shown(Abi::kX86_64, "arch_prctl"), "32 64");
  EXPECT_EQ(shown(Abi::kX86_64, "iopl"), "32");
  EXPECT_EQ(shown(Abi::kS390x, "s390_runtime_instr"), "32 32");
  EXPECT_EQ(shown(Abi::kX86_64, "fchmodat2"), "32 p 16 32");
  EXPECT_EQ(shown(Abi::kAarch64, "cachestat"), "32 p p 32");
  EXPECT_EQ(shown(Abi::kX86_64, "mseal"), "64 64 64");
}

TEST(ArgumentWidths, NarrowerThanTheirPrototypes) {
  EXPECT_EQ(shown(Abi::kX86_64, "clone"), "32 64 p p 64");
  EXPECT_EQ(shown(Abi::kAarch64, "clone"), "32 64 p 64 p");
  EXPECT_EQ(shown(Abi::kS390x, "clone"), "64 32 p p 64");
  EXPECT_EQ(shown(Abi::kX86_64, "fcntl"), "32 32 32");
  EXPECT_EQ(shown(Abi::kX86_64, "mmap"), "64 64 32 32 32 64");
  EXPECT_EQ(shown(Abi::kX86_64, "mprotect"), "64 64 64");
  EXPECT_EQ(shown(Abi::kX86_64, "mount"), "p p p 32 p");
  EXPECT_EQ(shown(Abi::kX86_64, "mbind"), "64 64 32 p 64 32");
  EXPECT_EQ(shown(Abi::kX86_64, "ptrace"), "64 32 64 64");
  EXPECT_EQ(shown(Abi::kX32, "ptrace"), "32 32 64 64");
  EXPECT_EQ(shown(Abi::kX86_64, "readv"), "32 p 32");
  EXPECT_EQ(shown(Abi::kX86, "ipc"), "16 32 32 32 p 32");
  EXPECT_EQ(shown(Abi::kS390x, "ipc"), "16 32 64 64 p");
}

TEST(ArgumentWidths, OldIdsAre16Bits) {
  for (const Abi abi : {Abi::kX86, Abi::kArm, Abi::kS390}) {
    EXPECT_EQ(shown(abi, "setuid"), "16") << info(abi).name;
    EXPECT_EQ(shown(abi, "setuid32"), "32") << info(abi).name;
    EXPECT_EQ(shown(abi, "fchown"), "32 16 16") << info(abi).name;
    EXPECT_EQ(shown(abi, "fchown32"), "32 32 32") << info(abi).name;
    EXPECT_EQ(shown(abi, "getgroups"), "32 p") << info(abi).name;
    EXPECT_EQ(shown(abi, "fchownat"), "32 p 32 32 32") << info(abi).name;
  }
  for (const Abi abi : {Abi::kX86_64, Abi::kAarch64, Abi::kMips, Abi::kPpc, Abi::kS390x}) {
    EXPECT_EQ(shown(abi, "setuid"), "32") << info(abi).name;
  }
}

TEST(ArgumentWidths, PackedArgumentsAreAPointer) {
  EXPECT_EQ(shown(Abi::kX86, "mmap"), "p");
  EXPECT_EQ(shown(Abi::kS390x, "mmap"), "p");
  EXPECT_EQ(shown(Abi::kX86, "mmap2"), "32 32 32 32 32 32");
  EXPECT_EQ(shown(Abi::kS390, "mmap2"), "p");
  EXPECT_EQ(shown(Abi::kX86, "select"), "p");
  EXPECT_EQ(shown(Abi::kS390x, "select"), "32 p p p p");
  EXPECT_EQ(shown(Abi::kX86, "socketcall"), "32 p");
}

TEST(ArgumentWidths, WideValuesTakeTwoRegisters) {
  EXPECT_EQ(shown(Abi::kX86, "pread64"), "32 p 32 32 32");
  EXPECT_EQ(shown(Abi::kArm, "pread64"), "32 p 32 32 32 32") << "one to align the offset";
  EXPECT_EQ(shown(Abi::kArm, "fallocate"), "32 32 32 32 32 32") << "aligned as it is";
  EXPECT_EQ(shown(Abi::kX86, "fanotify_mark"), "32 32 32 32 32 p");
  EXPECT_EQ(shown(Abi::kS390, "truncate64"), "p 32 32");
  EXPECT_EQ(shown(Abi::kMips, "truncate64"), "p 32 32 32");
  EXPECT_EQ(shown(Abi::kMips64n32, "pread64"), "32 p 64 64") << "64-bit registers";
  EXPECT_EQ(shown(Abi::kPpc, "fadvise64_64"), "32 32 32 32 32 32");
  EXPECT_EQ(shown(Abi::kMips, "sync_file_range"), "32 32 32 32 32 32") << "the seventh is on the stack";
}

TEST(ArgumentWidths, TheWholeRegisterWhereNothingIsKnown) {
  EXPECT_EQ(argument_width(Abi::kX86_64, "no_such_call", 0), 64);
  EXPECT_EQ(argument_width(Abi::kX86, "no_such_call", 0), 32);
  EXPECT_EQ(argument_width(Abi::kX86_64, "close", 0), 32);
  EXPECT_EQ(argument_width(Abi::kX86_64, "close", 1), 64) << "close has one argument";
  EXPECT_EQ(argument_width(Abi::kX86_64, "close", 6), 64);
  EXPECT_EQ(argument_width(Abi::kX86_64, "ni_syscall", 0), 64);
}

TEST(ArgumentWidths, SayWhereTheyComeFrom) {
  EXPECT_EQ(width_source(Abi::kX86_64, "socket", 0), WidthSource::kPrototype);
  EXPECT_EQ(width_source(Abi::kX86_64, "clone", 0), WidthSource::kObserved);
  EXPECT_EQ(width_source(Abi::kX86_64, "clone", 1), WidthSource::kPrototype);
  EXPECT_EQ(width_source(Abi::kS390x, "clone", 1), WidthSource::kObserved);
  EXPECT_EQ(width_source(Abi::kX86, "clone", 0), WidthSource::kPrototype) << "the register has no more";
  EXPECT_EQ(width_source(Abi::kX86, "ipc", 0), WidthSource::kObserved);
  EXPECT_EQ(width_source(Abi::kX86_64, "close", 1), WidthSource::kUnknown);
  EXPECT_EQ(width_source(Abi::kX86_64, "no_such_call", 0), WidthSource::kUnknown);
}

/// No ABI's table has a call of which nothing is known but these: never in Linux, or gone before 2.6.
TEST(ArgumentWidths, AreKnownForAllCallsThatLinuxHas) {
  const std::set<std::string_view> expected = {"afs_syscall",
                                               "break",
                                               "create_module",
                                               "epoll_ctl_old",
                                               "epoll_wait_old",
                                               "ftime",
                                               "get_kernel_syms",
                                               "getpmsg",
                                               "gtty",
                                               "idle",
                                               "lock",
                                               "mpx",
                                               "multiplexer",
                                               "prof",
                                               "profil",
                                               "putpmsg",
                                               "query_module",
                                               "security",
                                               "stty",
                                               "syscall",
                                               "timerfd",
                                               "tuxcall",
                                               "ulimit",
                                               "vserver"};
  std::set<std::string_view> unknown;
  for (const AbiInfo& abi : all_abis()) {
    for (const std::string_view call : names_on(abi.abi)) {
      if (!arguments_of(abi.abi, call)) unknown.insert(call);
    }
  }
  EXPECT_EQ(unknown, expected);
}

TEST(ArgumentWidths, FitTheRegisters) {
  for (const AbiInfo& abi : all_abis()) {
    for (const std::string_view call : names_on(abi.abi)) {
      for (unsigned i = 0; i < Arguments::kMaxCount; ++i) {
        const uint8_t width = argument_width(abi.abi, call, i);
        EXPECT_TRUE(width == 16 || width == 32 || width == 64) << abi.name << ' ' << call << ' ' << i;
        EXPECT_LE(width, abi.register_bits) << abi.name << ' ' << call << ' ' << i;
      }
    }
  }
}

/// A narrow comparison of an address would be a guess.
TEST(ArgumentWidths, PointersAreWhole) {
  for (const AbiInfo& abi : all_abis()) {
    for (const std::string_view call : names_on(abi.abi)) {
      const auto arguments = arguments_of(abi.abi, call);
      if (!arguments) continue;
      for (const Argument& argument : *arguments) {
        if (!argument.pointer) continue;
        EXPECT_EQ(argument.width, abi.register_bits) << abi.name << ' ' << call;
      }
    }
  }
}

}  // namespace
}  // namespace sandbox::arch
