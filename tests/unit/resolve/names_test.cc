// What a name stands for: on each ABI that is listed, through a multiplexer, as a set; and what `kernel:` makes of the
// names that are not there.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/resolved.h"
#include "support/rules.h"

namespace sandbox::resolve {
namespace {

using arch::Abi;
using policy::Action;
using testing::kAllow;
using testing::kKillProcess;
using testing::kLog;
using testing::kNoSuchCall;
using testing::kPermission;
using testing::ResolvedText;

/// A policy that allows by default; `keys` stand in the section, `groups` below `syscalls`.
std::string policy_with(const std::string& keys, const std::string& groups) {
  return "seccomp:\n  default_action: allow\n" + keys + "  syscalls:\n" + groups;
}

constexpr char kDenyPrefix[] = "  - {action: errno, names: [";

std::string deny(const std::string& names) {
  return kDenyPrefix + names + "]}\n";
}

TEST(Architectures, AreTheNativeOneWhereNoneIsListed) {
  policy::Environment environment;
  environment.native = Abi::kRiscv64;
  EXPECT_EQ(ResolvedText(policy_with("", deny("read")), environment).abis(), std::vector{Abi::kRiscv64});
  const ResolvedText listed(policy_with("  architectures: [x86, x86_64]\n", deny("read")), environment);
  EXPECT_EQ(listed.abis(), (std::vector{Abi::kX86, Abi::kX86_64}));
  EXPECT_EQ(listed.problems, "");
}

TEST(Architectures, HaveEachTheirOwnNumbers) {
  const ResolvedText resolved(policy_with("  architectures: [x86_64, x86, x32]\n", deny("execve")));
  EXPECT_EQ(resolved.judge(Abi::kX86_64, 59), kPermission);
  EXPECT_EQ(resolved.judge(Abi::kX86, 59), kAllow);
  EXPECT_EQ(resolved.judge(Abi::kX86, 11), kPermission);
  EXPECT_EQ(resolved.judge(Abi::kX86_64, 0x40000208), kPermission);
  EXPECT_EQ(resolved.judge(Abi::kX86_64, 0x4000003b), kAllow);
}

TEST(Architectures, SkipANameThatOneOfThemLacks) {
  const ResolvedText resolved(policy_with("  architectures: [x86_64, x86]\n", deny("waitpid, newfstatat")));
  EXPECT_EQ(resolved.problems, "");
  EXPECT_EQ(resolved.clauses(Abi::kX86_64, "newfstatat").size(), 1U);
  EXPECT_EQ(resolved.clauses(Abi::kX86, "waitpid").size(), 1U);
  EXPECT_EQ(resolved.rules.at(0).calls.size(), 1U);
  EXPECT_EQ(resolved.rules.at(1).calls.size(), 1U);
}

TEST(Architectures, RefuseANameThatAllOfThemLack) {
  const ResolvedText resolved(policy_with("  architectures: [aarch64, riscv64]\n", deny("_llseek, opnat")));
  EXPECT_EQ(resolved.problems,
            "5:29: error: no system call '_llseek' on aarch64, riscv64; it exists on x86, arm, mips, mipsel, parisc, "
            "parisc64, ppc, ppc64, ppc64le and s390\n"
            "5:38: error: unknown system call 'opnat' (aarch64, riscv64); did you mean 'openat'?\n");
}

TEST(Architectures, NameACallAsTheyDo) {
  EXPECT_EQ(ResolvedText(policy_with("  architectures: [arm]\n", deny("fadvise64_64, sync_file_range"))).problems,
            "5:29: error: no system call 'fadvise64_64' on arm; it is 'arm_fadvise64_64' there\n"
            "5:43: error: no system call 'sync_file_range' on arm; it is 'sync_file_range2' there\n");
  EXPECT_EQ(ResolvedText(policy_with("  architectures: [x86_64]\n", deny("arm_fadvise64_64, fstatat64"))).problems,
            "5:29: error: no system call 'arm_fadvise64_64' on x86_64; it is 'fadvise64' there\n"
            "5:47: error: no system call 'fstatat64' on x86_64; it is 'newfstatat' there\n");
  EXPECT_EQ(ResolvedText(policy_with("  architectures: [x86]\n", deny("arm_fadvise64_64, newfstatat"))).problems,
            "5:29: error: no system call 'arm_fadvise64_64' on x86; it is 'fadvise64_64' there\n"
            "5:47: error: no system call 'newfstatat' on x86; it is 'fstatat64' there\n");
  EXPECT_EQ(ResolvedText(policy_with("  architectures: [arm]\n", deny("arm_fadvise64_46"))).problems,
            "5:29: error: unknown system call 'arm_fadvise64_46' (arm); did you mean 'arm_fadvise64_64'?\n");
}

// skip_missing_calls: only what another ABI has, and no ABI of the policy by another name, is skipped.

constexpr char kSkipping[] = "  skip_missing_calls: true\n";

TEST(MissingCalls, AreSkippedIfThePolicySaysSo) {
  policy::Environment environment;
  environment.native = Abi::kAarch64;
  const std::string groups = deny("execve, execveat, fork, vfork") +
                             "  - action: errno\n    names_with_args:\n"
                             "    - {name: open, arguments: [{argument: 1, operation: BitsSet, value: O_CREAT}]}\n"
                             "    - {name: openat, arguments: [{argument: 2, operation: BitsSet, value: O_CREAT}]}\n";
  const ResolvedText skipping(policy_with(kSkipping, groups), environment);
  EXPECT_EQ(skipping.problems, "");
  EXPECT_EQ(skipping.judge(Abi::kAarch64, "execveat"), kPermission);
  EXPECT_EQ(skipping.judge(Abi::kAarch64, "openat", {0, 0, 0100}), kPermission);
  EXPECT_EQ(skipping.rules.at(0).calls.size(), 3U);
  const ResolvedText strict(policy_with("  skip_missing_calls: false\n", deny("execve, fork")), environment);
  EXPECT_EQ(strict.problems,
            "5:37: error: no system call 'fork' on aarch64; it exists on x86_64, x86, x32, arm, mips, mipsel, mips64, "
            "mipsel64, mips64n32, mipsel64n32, parisc, parisc64, ppc, ppc64, ppc64le, s390 and s390x; is "
            "'architectures' missing?\n");
}

TEST(MissingCalls, AreNotSkippedIfTheyAreMisspelt) {
  const ResolvedText resolved(
      policy_with(std::string("  architectures: [aarch64]\n") + kSkipping, deny("vfrok, execve, '@procces'")));
  EXPECT_EQ(resolved.problems,
            "6:29: error: unknown system call 'vfrok' (aarch64)\n"
            "6:44: error: unknown set '@procces'; did you mean '@process'?\n");
}

TEST(MissingCalls, AreNotSkippedIfTheAbiHasThemByAnotherName) {
  const std::string keys = std::string("  architectures: [x86_64]\n") + kSkipping;
  EXPECT_EQ(ResolvedText(policy_with(keys, deny("fstatat64"))).problems,
            "6:29: error: no system call 'fstatat64' on x86_64; it is 'newfstatat' there, which the policy must name "
            "too\n");
  EXPECT_EQ(ResolvedText(policy_with(keys, deny("fstatat64") + deny("newfstatat"))).problems, "");
  EXPECT_EQ(ResolvedText(policy_with(keys, deny("fstatat64, newfstatat"))).problems, "");
  EXPECT_EQ(ResolvedText(policy_with(keys, deny("fstatat64, '@file-system'"))).problems, "");
}

TEST(MissingCalls, AreNotThoseBehindAMultiplexer) {
  const ResolvedText resolved(policy_with(std::string("  architectures: [x86]\n") + kSkipping, deny("recv, semop")));
  EXPECT_EQ(resolved.problems, "");
  EXPECT_EQ(resolved.judge(Abi::kX86, "socketcall", {10}), kPermission);
  EXPECT_EQ(resolved.judge(Abi::kX86, "ipc", {1}), kPermission);
}

// A text for all ABIs has x86_64's arguments. On s390x clone has the flags second: there the condition is on these.
TEST(MissingCalls, HaveConditionsOnTheArgumentOfX86_64) {
  const std::string clone =
      "  - action: errno\n    names_with_args:\n"
      "    - {name: clone, arguments: [{argument: 0, operation: BitsSet, value: CLONE_NEWUSER}]}\n";
  const std::string keys = "  architectures: [s390x]\n";
  const ResolvedText for_all(policy_with(keys + kSkipping, clone));
  EXPECT_EQ(for_all.problems, "");
  EXPECT_EQ(for_all.judge(Abi::kS390x, "clone", {0, 0x10000000}), kPermission);
  EXPECT_NE(for_all.judge(Abi::kS390x, "clone", {0x10000000, 0}), kPermission);
  const ResolvedText for_s390x(policy_with(keys, clone));
  EXPECT_NE(for_s390x.judge(Abi::kS390x, "clone", {0, 0x10000000}), kPermission);
  EXPECT_EQ(for_s390x.judge(Abi::kS390x, "clone", {0x10000000, 0}), kPermission);
  EXPECT_EQ(ResolvedText(policy_with(keys, clone)).problems, "");
  EXPECT_EQ(ResolvedText(policy_with(std::string("  architectures: [ppc64le]\n") + kSkipping, clone)).problems, "");
}

TEST(MissingCalls, HaveNoConditionsOnWhatIsInNoRegister) {
  const std::string mmap =
      "  - action: errno\n    names_with_args:\n"
      "    - {name: mmap, arguments: [{argument: 2, operation: BitsSet, value: PROT_EXEC}]}\n";
  EXPECT_EQ(ResolvedText(policy_with(std::string("  architectures: [x86]\n") + kSkipping, mmap)).problems,
            "8:32: error: argument 2 of 'mmap' is another one on x86 than on x86_64; write a policy for each\n");
}

TEST(MissingCalls, LeaveAWarningWhereNothingIsDenied) {
  const std::string keys = std::string("  architectures: [aarch64, x86_64]\n") + kSkipping;
  EXPECT_EQ(ResolvedText(policy_with(keys, deny("fork, vfork"))).problems,
            "2:3: warning: this policy denies nothing on aarch64, which lacks all calls that it denies\n");
  EXPECT_EQ(ResolvedText(policy_with(keys, deny("fork, vfork, clone"))).problems, "");
}

TEST(Architectures, HaveEachTheirOwnErrors) {
  const ResolvedText resolved(
      "seccomp:\n  default_action: errno\n  default_errno: ENOSYS\n"
      "  architectures: [x86_64, mips]\n  syscalls:\n"
      "  - {action: errno, errno: 38, names: [read]}\n"
      "  - {action: errno, errno: EDEADLK, names: [write]}\n");
  EXPECT_EQ(resolved.problems, "");
  EXPECT_EQ(resolved.judge(Abi::kX86_64, "open"), (Verdict{Action::kErrno, 38}));
  EXPECT_EQ(resolved.judge(Abi::kMips, "open"), (Verdict{Action::kErrno, 89}));
  EXPECT_EQ(resolved.judge(Abi::kMips, "read"), (Verdict{Action::kErrno, 38})) << "a number is a number";
  EXPECT_EQ(resolved.judge(Abi::kX86_64, "write"), (Verdict{Action::kErrno, 35}));
  EXPECT_EQ(resolved.judge(Abi::kMips, "write"), (Verdict{Action::kErrno, 45}));
}

// Multiplexers.

TEST(Multiplexers, AreGovernedByTheNamesBehindThem) {
  const ResolvedText resolved(policy_with("  architectures: [x86, s390x]\n", deny("socket, shmget")));
  EXPECT_EQ(resolved.problems, "");
  for (const Abi abi : {Abi::kX86, Abi::kS390x}) {
    EXPECT_EQ(resolved.judge(abi, "socket"), kPermission);
    EXPECT_EQ(resolved.judge(abi, "socketcall", {1}), kPermission);
    EXPECT_EQ(resolved.judge(abi, "socketcall", {0x1'00000001}), kPermission) << "the kernel reads 32 bits";
    EXPECT_EQ(resolved.judge(abi, "socketcall", {2}), kAllow);
    EXPECT_EQ(resolved.judge(abi, "socketcall", {0x10001}), kAllow) << "no call";
    EXPECT_EQ(resolved.judge(abi, "ipc", {23}), kPermission);
    EXPECT_EQ(resolved.judge(abi, "ipc", {0x10017}), kPermission) << "the upper half is a version";
    EXPECT_EQ(resolved.judge(abi, "ipc", {24}), kAllow);
  }
}

TEST(Multiplexers, AreGovernedByNamesWithoutANumber) {
  const ResolvedText resolved(policy_with("  architectures: [x86]\n", deny("accept, semop")));
  EXPECT_EQ(resolved.problems, "");
  EXPECT_EQ(resolved.judge(Abi::kX86, "socketcall", {5}), kPermission);
  EXPECT_EQ(resolved.judge(Abi::kX86, "socketcall", {18}), kAllow);
  EXPECT_EQ(resolved.judge(Abi::kX86, "ipc", {1}), kPermission);
}

TEST(Multiplexers, HideNothingThatDoesTheSame) {
  const ResolvedText resolved(policy_with("  architectures: [x86]\n", deny("sendto, accept4")));
  for (const uint64_t selector : {9U, 11U, 5U, 18U}) {
    EXPECT_EQ(resolved.judge(Abi::kX86, "socketcall", {selector}), kPermission) << selector;
  }
}

TEST(Multiplexers, KeepTheOrderOfGroups) {
  const std::string opens = "  - {action: allow, names: [socketcall]}\n";
  const std::string keys = "  architectures: [x86]\n";
  EXPECT_EQ(ResolvedText(policy_with(keys, opens + deny("socket"))).judge(Abi::kX86, "socketcall", {1}), kAllow);
  EXPECT_EQ(ResolvedText(policy_with(keys, deny("socket") + opens)).judge(Abi::kX86, "socketcall", {1}), kPermission);
}

TEST(Multiplexers, CannotBeDeniedUnderConditions) {
  const std::string conditions =
      "    names_with_args:\n    - {name: socket, arguments: [{operation: Equal, value: AF_PACKET}]}\n";
  const std::string keys = "  architectures: [x86_64, x86]\n";
  const ResolvedText denied(policy_with(keys, "  - action: errno\n" + conditions));
  EXPECT_EQ(denied.problems,
            "7:14: warning: the conditions on 'socket' cannot be applied to 'socketcall' on x86, which makes the same "
            "call with its arguments in memory; deny 'socketcall' too, if no program needs it\n");
  EXPECT_EQ(denied.judge(Abi::kX86, "socket", {17}), kPermission);
  EXPECT_EQ(denied.judge(Abi::kX86, "socketcall", {1}), kAllow);
  // An allowed call does not open its multiplexer.
  const ResolvedText allowed("seccomp:\n  default_action: errno\n" + keys + "  syscalls:\n  - action: allow\n" +
                             conditions);
  EXPECT_EQ(allowed.problems, "");
  EXPECT_EQ(allowed.judge(Abi::kX86, "socket", {17}), kAllow);
  EXPECT_EQ(allowed.judge(Abi::kX86, "socketcall", {1}), kPermission);
}

// Sets.

TEST(Sets, StandForTheirMembers) {
  const ResolvedText resolved(policy_with("  architectures: [x86_64, s390x]\n", deny("'@reboot', '@swap'")));
  EXPECT_EQ(resolved.problems, "");
  for (const char* name : {"reboot", "kexec_load", "kexec_file_load", "swapon", "swapoff"}) {
    EXPECT_EQ(resolved.judge(Abi::kX86_64, name), kPermission) << name;
    EXPECT_EQ(resolved.judge(Abi::kS390x, name), kPermission) << name;
  }
  EXPECT_EQ(resolved.rules.at(0).calls.size(), 5U);
}

TEST(Sets, SkipMembersThatTheAbiLacks) {
  const ResolvedText resolved(policy_with("  architectures: [aarch64]\n", deny("'@aio', '@obsolete'")));
  EXPECT_EQ(resolved.problems, "");
  EXPECT_EQ(resolved.judge(Abi::kAarch64, "io_setup"), kPermission);
}

TEST(Sets, CanBeUnknown) {
  EXPECT_EQ(ResolvedText(policy_with("", deny("'@rebot', '@'"))).problems,
            "4:29: error: unknown set '@rebot'; did you mean '@reboot'?\n4:39: error: unknown set '@'\n");
}

TEST(Sets, CountAsNamingTheirMembers) {
  EXPECT_EQ(ResolvedText(policy_with("", deny("'@reboot', reboot, '@reboot'"))).problems,
            "4:48: warning: '@reboot' is named twice in this group\n");
  const ResolvedText both(policy_with("",
                                      "  - action: errno\n    names: ['@reboot']\n"
                                      "    names_with_args: [{name: reboot, arguments: [{operation: Equal}]}]\n"));
  EXPECT_EQ(
      both.problems,
      "6:30: error: 'reboot' stands in 'names' of this group too, which decides it regardless of its arguments\n");
}

TEST(Sets, ApplyAConditionToEachMember) {
  const ResolvedText resolved(policy_with(
      "", "  - action: errno\n    names_with_args: [{name: '@setuid', arguments: [{operation: Equal, value: -1}]}]\n"));
  EXPECT_EQ(resolved.problems, "");
  EXPECT_EQ(resolved.judge(Abi::kX86_64, "setuid", {UINT32_MAX}), kPermission);
  EXPECT_EQ(resolved.judge(Abi::kX86_64, "setgroups", {UINT32_MAX}), kPermission);
  EXPECT_EQ(resolved.judge(Abi::kX86_64, "setuid", {1}), kAllow);
}

TEST(Sets, RefuseAConditionThatAMemberCannotHave) {
  const ResolvedText resolved(policy_with(
      "", "  - action: errno\n    names_with_args: [{name: '@sync', arguments: [{operation: Equal, value: 3}]}]\n"));
  EXPECT_EQ(resolved.problems, "5:51: error: 'sync' of '@sync' has no argument 0; it takes none\n");
}

// `kernel:`.

TEST(KernelKey, HidesLaterCalls) {
  const std::string names = "  - {action: log, names: [read, landlock_restrict_self]}\n";
  for (const char* by_default : {"allow", "kill_process"}) {
    const ResolvedText resolved("seccomp:\n  default_action: " + std::string(by_default) +
                                "\n  kernel: \"5.12\"\n  syscalls:\n" + names);
    EXPECT_EQ(resolved.problems, "");
    const Verdict old = by_default == std::string("allow") ? kAllow : kKillProcess;
    EXPECT_EQ(resolved.judge(Abi::kX86_64, "close_range"), old) << "5.9";
    EXPECT_EQ(resolved.judge(Abi::kX86_64, "mount_setattr"), old) << "5.12";
    EXPECT_EQ(resolved.judge(Abi::kX86_64, "landlock_create_ruleset"), kNoSuchCall) << "5.13";
    EXPECT_EQ(resolved.judge(Abi::kX86_64, "fchmodat2"), kNoSuchCall);
    EXPECT_EQ(resolved.judge(Abi::kX86_64, 600), kNoSuchCall) << "no call at all";
    EXPECT_EQ(resolved.judge(Abi::kX86_64, "landlock_restrict_self"), kLog) << "5.13, but named";
  }
}

TEST(KernelKey, IsTheSourceOfWhatItHides) {
  const ResolvedText resolved("seccomp:\n  default_action: errno\n  kernel: \"5.12\"\n  syscalls:\n" +
                              std::string("  - {action: allow, names: [read]}\n"));
  const auto source = [&](std::string_view name) {
    const bpf::SystemCall call = {*arch::number_of(Abi::kX86_64, name), arch::info(Abi::kX86_64).audit_arch, {}, 0};
    return resolve::evaluate(resolved.rules, call).source;
  };
  EXPECT_EQ(source("read"), VerdictSource::kGroup);
  EXPECT_EQ(source("mount_setattr"), VerdictSource::kDefault) << "5.12";
  EXPECT_EQ(source("landlock_create_ruleset"), VerdictSource::kKernel) << "5.13";
  EXPECT_TRUE(resolved.clauses(Abi::kX86_64, "read").at(0).origin);
  EXPECT_FALSE(resolved.clauses(Abi::kX86_64, "mount_setattr").at(0).origin);
}

TEST(KernelKey, HidesNothingWhereItIsMissing) {
  const ResolvedText resolved(policy_with("", deny("read")));
  EXPECT_EQ(resolved.judge(Abi::kX86_64, "fchmodat2"), kAllow);
  EXPECT_EQ(resolved.judge(Abi::kX86_64, 600), kAllow);
}

TEST(KernelKey, TakesANameUnderConditionsForNamed) {
  const ResolvedText resolved(policy_with(
      "  kernel: \"4.17\"\n",
      "  - action: errno\n    names_with_args: [{name: clone3, arguments: [{argument: 1, operation: Equal}]}]\n"));
  EXPECT_EQ(resolved.judge(Abi::kX86_64, "clone3", {0, 0}), kPermission);
  EXPECT_EQ(resolved.judge(Abi::kX86_64, "clone3", {0, 88}), kAllow);
}

TEST(KernelKey, TakesTheMembersOfASetForNamed) {
  const ResolvedText resolved(
      "seccomp:\n  default_action: errno\n  kernel: \"4.3\"\n  syscalls:\n"
      "  - {action: allow, names: ['@pkey']}\n");
  EXPECT_EQ(resolved.judge(Abi::kX86_64, "pkey_alloc"), kAllow) << "4.9";
  EXPECT_EQ(resolved.judge(Abi::kX86_64, "statx"), kNoSuchCall) << "4.11";
}

TEST(KernelKey, CountsByAbi) {
  const ResolvedText resolved(policy_with("  architectures: [x86_64, x86, mips]\n  kernel: \"4.2\"\n", deny("read")));
  EXPECT_EQ(resolved.judge(Abi::kX86_64, "socket"), kAllow);
  EXPECT_EQ(resolved.judge(Abi::kX86, "socket"), kNoSuchCall) << "x86 gained the direct calls in 4.3";
  EXPECT_EQ(resolved.judge(Abi::kX86, "socketcall", {1}), kAllow);
  EXPECT_EQ(resolved.judge(Abi::kMips, "clone3"), (Verdict{Action::kErrno, 89}));
}

// ---- Container profiles: what is above the largest number named

std::string profile(const std::string& rules, const std::string& head = R"("defaultAction": "SCMP_ACT_ERRNO")") {
  return "{" + head + R"(, "syscalls": [)" + rules + "]}";
}

std::string allowing(const std::string& names, const std::string& more = "") {
  return R"({"names": [)" + names + R"(], "action": "SCMP_ACT_ALLOW")" + more + "}";
}

TEST(AboveNamed, GetsEnosysBeforeAnyRule) {
  const ResolvedText resolved(profile(allowing(R"("read", "fsync")")));
  EXPECT_EQ(resolved.judge(Abi::kX86_64, "read"), kAllow);
  EXPECT_EQ(resolved.judge(Abi::kX86_64, 73), kPermission) << "a hole below fsync, which is 74";
  EXPECT_EQ(resolved.judge(Abi::kX86_64, 74), kAllow);
  EXPECT_EQ(resolved.judge(Abi::kX86_64, 75), kNoSuchCall);
  EXPECT_EQ(resolved.judge(Abi::kX86_64, 0x3fffffff), kNoSuchCall);
  EXPECT_EQ(resolved.rules.at(0).largest_named, 74U);
  const auto source = [&](uint32_t number) {
    return evaluate(resolved.rules, {number, arch::info(Abi::kX86_64).audit_arch, {}, 0}).source;
  };
  EXPECT_EQ(source(74), VerdictSource::kGroup);
  EXPECT_EQ(source(73), VerdictSource::kDefault);
  EXPECT_EQ(source(75), VerdictSource::kAboveNamed);
}

TEST(AboveNamed, IsForDefaultsThatDeny) {
  for (const char* action : {"KILL", "KILL_THREAD", "KILL_PROCESS", "TRAP", "ERRNO"}) {
    const std::string head = std::string(R"("defaultAction": "SCMP_ACT_)") + action + "\"";
    EXPECT_EQ(ResolvedText(profile(allowing(R"("fsync")"), head)).judge(Abi::kX86_64, 332), kNoSuchCall) << action;
  }
  for (const char* action : {"ALLOW", "LOG", "TRACE"}) {
    const std::string head = std::string(R"("defaultAction": "SCMP_ACT_)") + action + "\"";
    const ResolvedText resolved(profile(R"({"names": ["fsync"], "action": "SCMP_ACT_ERRNO"})", head));
    EXPECT_NE(resolved.judge(Abi::kX86_64, 332), kNoSuchCall) << action;
    EXPECT_FALSE(resolved.rules.at(0).largest_named) << action;
  }
  const ResolvedText other(
      profile(allowing(R"("fsync")"), R"("defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 13)"));
  EXPECT_EQ(other.judge(Abi::kX86_64, 332), kNoSuchCall);
  const ResolvedText same(
      profile(allowing(R"("fsync")"), R"("defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38)"));
  EXPECT_EQ(same.judge(Abi::kX86_64, 332), kNoSuchCall);
  EXPECT_FALSE(same.rules.at(0).largest_named) << "the default says it";
}

TEST(AboveNamed, CountsEveryNameThatIsLeft) {
  const auto largest = [](const std::string& rules) { return ResolvedText(profile(rules)).rules.at(0).largest_named; };
  EXPECT_EQ(largest(allowing(R"("fsync", "no_such_call")")), 74U);
  EXPECT_EQ(largest(allowing(R"("fsync")") + R"(, {"names": ["clone3"], "action": "SCMP_ACT_ERRNO"})"), 435U)
      << "a rule that says what the default says";
  EXPECT_EQ(largest(allowing(R"("fsync")") + "," + allowing(R"("mseal")", R"(, "includes": {"caps": ["CAP_BPF"]})")),
            74U);
  EXPECT_EQ(largest(allowing(R"("fsync")") + "," + allowing(R"("mseal")", R"(, "excludes": {"caps": ["CAP_BPF"]})")),
            462U);
  EXPECT_EQ(largest(allowing(R"("mseal")", R"(, "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}])")), 462U);
  EXPECT_EQ(largest(allowing(R"("read")")), std::nullopt) << "nothing but 0";
  EXPECT_EQ(largest(""), std::nullopt);
}

TEST(AboveNamed, IsAnotherNumberOnEachAbi) {
  const ResolvedText resolved(
      profile(allowing(R"("statx", "pwritev2")"),
              R"("defaultAction": "SCMP_ACT_KILL", "architectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"])"));
  EXPECT_EQ(resolved.judge(Abi::kX86_64, 332), kAllow);
  EXPECT_EQ(resolved.judge(Abi::kX86_64, 333), kNoSuchCall);
  EXPECT_EQ(resolved.judge(Abi::kX86, 383), kAllow);
  EXPECT_EQ(resolved.judge(Abi::kX86, 384), kNoSuchCall);
  EXPECT_EQ(resolved.judge(Abi::kX32, 0x40000000 + 546), (Verdict{Action::kKillThread, 0}));
  EXPECT_EQ(resolved.judge(Abi::kX32, 0x40000000 + 547), kAllow) << "x32's own pwritev2";
  EXPECT_EQ(resolved.judge(Abi::kX32, 0x40000000 + 548), kNoSuchCall);
}

TEST(AboveNamed, DoesNotCountCallsBehindAMultiplexer) {
  const ResolvedText resolved(profile(allowing(R"("read", "mlock2", "socket")"),
                                      R"("defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86"])"));
  EXPECT_EQ(resolved.judge(Abi::kX86, "socket"), kAllow);
  const ResolvedText low(profile(allowing(R"("read", "brk", "socket")"),
                                 R"("defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86"])"));
  EXPECT_EQ(low.judge(Abi::kX86, "brk"), kAllow);
  EXPECT_EQ(low.judge(Abi::kX86, "socket"), kNoSuchCall) << "359, as from runc";
  EXPECT_EQ(low.judge(Abi::kX86_64, "socket"), kAllow);
}

TEST(AboveNamed, TakesNumber0OfS390ForUnknown) {
  policy::Environment environment;
  environment.native = Abi::kS390x;
  const ResolvedText resolved(profile(allowing(R"("read", "write")")), environment);
  EXPECT_EQ(resolved.judge(Abi::kS390x, 0U), kNoSuchCall);
  EXPECT_EQ(resolved.judge(Abi::kS390x, 1U), kPermission);
  EXPECT_EQ(resolved.judge(Abi::kS390x, 4U), kAllow);
  EXPECT_EQ(resolved.judge(Abi::kS390x, 5U), kNoSuchCall);
}

}  // namespace
}  // namespace sandbox::resolve
