// Lists that allow what C libraries and Go called once: what lint() reports of them, and where it is silent.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

#include "arch/abi_set.h"
#include "arch/syscalls.h"
#include "resolve/lint/lint.h"
#include "resolve/lint/parts.h"
#include "support/lint_text.h"

namespace sandbox::resolve {
namespace {

using arch::Abi;
using testing::lint_groups;
using testing::lint_text;
using testing::PolicyText;

const std::string kAlways = "exit, exit_group, rt_sigreturn, restart_syscall";

/// What is reported of an allow list, for x86_64 if nothing else is given.
std::string lint_list(const std::string& names, const std::string& by_default = "errno", Abi abi = Abi::kX86_64) {
  const std::string always = kAlways + (abi == Abi::kX86 ? ", sigreturn" : "");
  return lint_groups("  - {action: allow, names: [" + always + ", " + names + "]}\n", by_default, abi);
}

/// The same for a program that installs the policy itself.
std::string lint_self_installed(const std::string& names) {
  PolicyText text("seccomp:\n  default_action: errno\n  syscalls:\n  - {action: allow, names: [" + kAlways + ", " +
                  names + "]}\n");
  const auto policy = text.read();
  if (!policy) return text.problems();
  const PolicyRules rules = resolve(*policy, Abi::kX86_64, text.diagnostics());
  Diagnostics found = text.diagnostics();
  lint(*policy, rules, found, {.self_installed = true});
  std::string messages;
  for (const Diagnostic& diagnostic : found.all()) messages += diagnostic.message + "\n";
  return messages;
}

constexpr const char* kStartOfOld = "brk, mmap, mprotect, munmap, openat, read, close, fstat";
constexpr const char* kGoOfOld =
    "mmap, clone, clone3, futex, rt_sigaction, sigaltstack, sched_getaffinity, epoll_ctl, epoll_create1, pipe2";

TEST(LintUpgrades, NewerCallsInPlaceOfAllowedOnes) {
  EXPECT_EQ(lint_list("open, stat, lstat, nanosleep, pipe"),
            "2:3: libc now calls 'openat' for 'open'; 'newfstatat' for 'stat' and 'lstat'; 'clock_nanosleep' for "
            "'nanosleep'; 'pipe2' for 'pipe'; the default action denies them (errno EPERM): allow them "
            "[newer-call-denied]\n"
            "2:3: programs now call 'statx' for 'stat' and 'lstat'; the default action denies it (errno EPERM): answer "
            "it with errno ENOSYS, or set 'kernel: \"4.10\"' [newer-call-not-enosys]\n");
  EXPECT_EQ(lint_list("openat, newfstatat, fstat, clock_nanosleep, pipe2"), "");
  EXPECT_EQ(lint_list("open, openat, nanosleep, clock_nanosleep"), "");
}

TEST(LintUpgrades, ALaterGlibcGoesBackToFstat) {
  EXPECT_EQ(lint_list("newfstatat"),
            "2:3: libc now calls 'fstat' for 'newfstatat'; the default action denies it (errno EPERM): allow it "
            "[newer-call-denied]\n");
}

TEST(LintUpgrades, WhatGetsEnosysIsFine) {
  EXPECT_EQ(lint_list("faccessat, fchmodat"),
            "2:3: libc now calls 'faccessat2' for 'faccessat'; 'fchmodat2' for 'fchmodat'; the default action denies "
            "them (errno EPERM): answer them with errno ENOSYS, or set 'kernel: \"5.7\"' [newer-call-not-enosys]\n");
  EXPECT_EQ(lint_list("faccessat, fchmodat", "errno\n  default_errno: ENOSYS"), "");
  EXPECT_EQ(lint_list("faccessat, fchmodat", "errno\n  kernel: \"5.7\""), "");
  // Here the key is set, and does not reach as far.
  EXPECT_EQ(lint_list("faccessat, fchmodat", "errno\n  kernel: \"6.1\""),
            "2:3: libc now calls 'faccessat2' for 'faccessat'; the default action denies it (errno EPERM): answer it "
            "with errno ENOSYS [newer-call-not-enosys]\n");
}

/// The advice is followed, and then there is nothing to report.
TEST(LintUpgrades, TheKernelThatIsAdvised) {
  EXPECT_NE(lint_list("clock_gettime", "errno", Abi::kX86).find("set 'kernel: \"5.0\"'"), std::string::npos);
  EXPECT_EQ(lint_list("clock_gettime", "errno\n  kernel: \"5.0\"", Abi::kX86), "");
}

TEST(LintUpgrades, WhatAGroupDeniesIsDeniedOnPurpose) {
  EXPECT_EQ(lint_groups("  - {action: errno, names: [openat, openat2]}\n"
                        "  - {action: allow, names: [exit, exit_group, rt_sigreturn, restart_syscall, creat]}\n",
                        "errno"),
            "");
  EXPECT_EQ(lint_groups("  - {action: errno, names: [statx, io_uring_setup]}\n", "allow"), "") << "no allow list";
}

TEST(LintUpgrades, TheStartOfAProgram) {
  // With an errno other than ENOSYS libc goes on, but not without the head of libc.so.
  EXPECT_EQ(lint_list(std::string(kStartOfOld) + ", newfstatat"),
            "2:3: libc now calls 'pread64' at the start of a program; the default action denies it (errno EPERM): "
            "allow it [newer-call-denied]\n");
  EXPECT_EQ(lint_list(std::string(kStartOfOld) + ", newfstatat, pread64", "kill_process"),
            "2:3: libc now calls 'set_tid_address', 'set_robust_list', 'prlimit64' and 'getrandom' at the start of a "
            "program; the default action denies them (kill_process): allow them [newer-call-denied]\n"
            "2:3: libc now calls 'rseq' at the start of a program; the default action denies it (kill_process): answer "
            "it with errno ENOSYS, or set 'kernel: \"4.17\"' [newer-call-not-enosys]\n");
  EXPECT_EQ(lint_list("mmap, munmap, read, close", "kill_process"), "") << "no program has ever started under this";
}

TEST(LintUpgrades, GosRuntime) {
  EXPECT_EQ(lint_list(kGoOfOld),
            "2:3: Go's runtime now calls 'eventfd2' for 'pipe2'; the default action denies it (errno EPERM): allow it "
            "[newer-call-denied]\n");
  EXPECT_EQ(lint_list("epoll_ctl, pipe2"), "") << "Go needs more than this";
  EXPECT_EQ(lint_list(std::string(kGoOfOld) + ", eventfd2"), "");
  // A program in Go makes its calls itself, and not by the C library's statx.
  EXPECT_EQ(lint_list(std::string(kGoOfOld) + ", eventfd2, lstat, newfstatat, fstat"), "");
}

TEST(LintUpgrades, AProgramThatInstallsThePolicyItself) {
  EXPECT_EQ(lint_self_installed(kGoOfOld), "");
  // What it starts, starts under the policy.
  EXPECT_EQ(lint_self_installed(std::string(kGoOfOld) + ", execve, execveat"),
            "Go's runtime now calls 'eventfd2' for 'pipe2'; the default action denies it (errno EPERM): allow it\n");
  // What is called later is missing all the same.
  EXPECT_EQ(lint_self_installed("open"),
            "libc now calls 'openat' for 'open'; the default action denies it (errno EPERM): allow it\n");
}

TEST(LintUpgrades, TimesOf64BitsOn32BitAbis) {
  EXPECT_EQ(lint_list("clock_gettime, futex, ppoll, stat64", "errno", Abi::kX86),
            "2:3: libc now calls 'statx' for 'stat64'; 'clock_gettime64' for 'clock_gettime'; 'ppoll_time64' for "
            "'ppoll'; 'futex_time64' for 'futex'; the default action denies them (errno EPERM): answer them with errno "
            "ENOSYS, or set 'kernel: \"4.10\"' [newer-call-not-enosys]\n");
  EXPECT_EQ(lint_list("clock_gettime, futex, ppoll"), "") << "64 bits since ever";
}

TEST(LintUpgrades, AContainerProfileHasNoKernelKey) {
  EXPECT_EQ(lint_text(R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["exit", "exit_group",
"rt_sigreturn", "restart_syscall", "faccessat", "openat2", "futex_waitv", "mseal"], "action": "SCMP_ACT_ALLOW"}]})"),
            "1:2: libc now calls 'faccessat2' for 'faccessat'; the default action denies it (errno EPERM): answer it "
            "with errno ENOSYS [newer-call-not-enosys]\n");
}

/// A name that no ABI has would never be reported.
TEST(LintUpgrades, TheTableNamesCalls) {
#define CALL(newer, elders, abis, caller, when, without, since)                 \
  EXPECT_FALSE(arch::abis_with(newer).empty()) << (newer);                      \
  EXPECT_FALSE(std::string_view(since).empty()) << (newer);                     \
  for (const std::string_view elder : split_words(elders)) {                    \
    EXPECT_FALSE(arch::abis_with(elder).empty()) << elder << " of " << (newer); \
  }
#include "resolve/lint/replacements.inc"
#undef CALL
}

}  // namespace
}  // namespace sandbox::resolve
