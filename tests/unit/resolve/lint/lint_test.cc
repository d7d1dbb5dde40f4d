// What lint() says, word for word, and where it says nothing.
#include "resolve/lint/lint.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "resolve/evaluate.h"
#include "resolve/lint/parts.h"
#include "support/lint_text.h"
#include "support/random.h"
#include "support/rules.h"

namespace sandbox::resolve {
namespace {

using arch::Abi;
using policy::Operation;
using testing::lint_groups;
using testing::lint_text;

/// An allow list with what every program needs.
std::string allow_list(const std::string& groups, const std::string& names = "read") {
  return "  - {action: allow, names: [exit, exit_group, rt_sigreturn, restart_syscall, " + names + "]}\n" + groups;
}

TEST(LintUnreachable, NamesAndEntriesBehindAnUnconditionalOne) {
  EXPECT_EQ(lint_groups("  - {action: errno, names: [reboot, swapon]}\n"
                        "  - {action: kill_process, names: [swapoff, reboot]}\n"
                        "  - {action: errno, names: [swapon]}\n"
                        "  - action: log\n"
                        "    names_with_args:\n"
                        "    - {name: swapoff, arguments: [{argument: 0, operation: Equal, value: 0}]}\n"),
            "5:45: 'reboot' is never reached: line 4 decides it first (errno EPERM) [unreachable-name]\n"
            "6:29: 'swapon' can be left out: line 4 decides it in the same way [redundant-name]\n"
            "9:14: this entry for 'swapoff' is never reached: line 5 decides it first (kill_process) "
            "[unreachable-name]\n");
}

// x86 has recv only by socketcall, where recvfrom stands for it; arm has a call of that name.
TEST(LintUnreachable, ATextForAllAbisRepeatsNames) {
  const std::string list =
      "  syscalls:\n" + allow_list("") + "  - {action: allow, names: [recvfrom]}\n  - {action: allow, names: [recv]}\n";
  const std::string keys = "seccomp:\n  default_action: errno\n  architectures: [x86]\n";
  EXPECT_NE(lint_text(keys + list).find("'recv' can be left out"), std::string::npos);
  EXPECT_EQ(lint_text(keys + "  skip_missing_calls: true\n" + list).find("'recv'"), std::string::npos);
}

TEST(LintUnreachable, OnOneLineTheColumnTells) {
  EXPECT_EQ(lint_groups("  - {action: errno, names: [reboot]}\n  - {action: errno, names: [swapon]}\n"), "");
  EXPECT_EQ(lint_text("{seccomp: {default_action: allow, syscalls: [{action: errno, names: [reboot]}, "
                      "{action: trap, names: [reboot]}]}}\n"),
            "1:103: 'reboot' is never reached: line 1, column 70 decides it first (errno EPERM) [unreachable-name]\n");
}

TEST(LintUnreachable, ConditionsThatAnEarlierEntryCovers) {
  EXPECT_EQ(lint_groups("  - action: errno\n"
                        "    names_with_args:\n"
                        "    - {name: ioctl, arguments: [{argument: 1, operation: LessThan, value: 100}]}\n"
                        "    - {name: ioctl, arguments: [{argument: 1, operation: Equal, value: 7}]}\n"
                        "    - {name: ioctl, arguments: [{argument: 1, operation: Equal, value: 100}]}\n"
                        "  - action: trap\n"
                        "    names_with_args:\n"
                        "    - name: ioctl\n"
                        "      arguments:\n"
                        "      - {argument: 0, operation: Equal, value: 1}\n"
                        "      - {argument: 1, operation: Equal, value: 100}\n"),
            "7:14: this entry for 'ioctl' can be left out: line 6 decides it in the same way whenever this matches "
            "[redundant-name]\n"
            "11:13: this entry for 'ioctl' is never reached: line 8 decides it first whenever this matches "
            "(errno EPERM) [unreachable-name]\n");
}

TEST(LintUnreachable, ASetIsUnreachableOnlyAsAWhole) {
  EXPECT_EQ(lint_groups("  - {action: errno, names: [reboot]}\n"
                        "  - {action: trap, names: [\"@reboot\"]}\n"
                        "  - {action: log, names: [\"@reboot\"]}\n"),
            "6:27: '@reboot' is never reached: line 4 decides it first (errno EPERM) [unreachable-name]\n");
}

TEST(LintUnreachable, NotOnOneAbiAlone) {
  // socketcall is decided on x86; socket has a number of its own there too.
  EXPECT_EQ(
      lint_groups("  - {action: errno, names: [socketcall, io_uring_setup]}\n  - {action: errno, names: [socket]}\n",
                  "allow", Abi::kX86),
      "");
  EXPECT_EQ(lint_text("seccomp:\n  default_action: allow\n  architectures: [x86_64, x86]\n  syscalls:\n"
                      "  - {action: errno, names: [socketcall]}\n"
                      "  - {action: trap, names: [socketcall]}\n"),
            "6:28: 'socketcall' is never reached: line 5 decides it first (errno EPERM) [unreachable-name]\n");
}

TEST(LintUnreachable, AContainerProfileMayRepeatItself) {
  const std::string head = R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
{"names": ["reboot"], "action": "SCMP_ACT_KILL_PROCESS"},
)";
  EXPECT_EQ(lint_text(head + R"({"names": ["reboot"], "action": "SCMP_ACT_KILL_PROCESS"}]})"), "");
  EXPECT_EQ(lint_text(head + R"({"names": ["reboot"], "action": "SCMP_ACT_TRAP"}]})"),
            "3:12: 'reboot' is never reached: line 2 decides it first (kill_process) [unreachable-name]\n");
}

TEST(LintSiblings, ADenyListThatForgetsOne) {
  EXPECT_EQ(lint_groups("  - {action: errno, names: [execve]}\n"),
            "4:29: 'execve' is denied, but 'execveat' stays allowed, with which the same can be done; deny it too "
            "[sibling-open]\n");
  EXPECT_EQ(lint_groups("  - {action: errno, names: [ptrace]}\n"),
            "4:29: 'ptrace' is denied, but 'pidfd_getfd' stays allowed, with which the files of other processes can be "
            "taken too; deny it too [sibling-open]\n"
            "4:29: 'ptrace' is denied, but 'process_vm_readv' and 'process_vm_writev' stay allowed, with which the "
            "memory of other processes can be reached too; deny them too [sibling-open]\n");
  EXPECT_EQ(
      lint_groups("  - action: errno\n    names_with_args: [{name: write, arguments: [{argument: 0, operation: Equal, "
                  "value: 1}]}]\n  - {action: errno, names: [io_uring_setup]}\n"),
      "5:30: 'write' has conditions, but 'pwrite64', 'writev', 'pwritev' and 'pwritev2' stay allowed regardless of "
      "the arguments, with which the same can be done; give them conditions too, or deny them "
      "[sibling-unfiltered]\n");
  EXPECT_EQ(
      lint_groups("  - {action: errno, names: [read, pread64, readv, preadv, io_uring_setup]}\n"),
      "4:29: 'read', 'pread64', 'readv' and 'preadv' are denied, but 'preadv2' stays allowed, with which the same "
      "can be done; deny it too [sibling-open]\n");
  EXPECT_EQ(lint_groups("  - {action: errno, names: [execve, execveat]}\n"), "");
}

TEST(LintSiblings, ForkAndNamespacesAreAlsoClones) {
  EXPECT_EQ(lint_groups("  - {action: errno, names: [fork, vfork]}\n"),
            "4:29: 'fork' and 'vfork' are denied, but 'clone' and 'clone3' stay allowed, with which processes can be "
            "started too; allow 'clone' with CLONE_THREAD only, and answer 'clone3' with errno ENOSYS "
            "[sibling-open]\n");
  EXPECT_EQ(lint_groups("  - {action: errno, names: [unshare]}\n"),
            "4:29: 'unshare' is denied, but 'clone' and 'clone3' stay allowed, with which namespaces can be made too; "
            "deny 'clone' with the CLONE_NEW... flags, and answer 'clone3' with errno ENOSYS [sibling-open]\n");
  // A policy that allows clone by name wants its threads.
  EXPECT_EQ(lint_groups("  - {action: errno, names: [fork, vfork]}\n  - {action: allow, names: [clone, clone3]}\n"),
            "");
}

TEST(LintSiblings, OnlyWhereTheDenialIsWritten) {
  EXPECT_EQ(lint_groups(allow_list("", "openat"), "errno"), "") << "open is denied by default";
  EXPECT_EQ(lint_groups("  - {action: errno, names: [open]}\n" + allow_list("", "openat"), "errno"),
            "4:29: 'open' is denied, but 'openat' stays allowed, with which the same can be done; deny it too "
            "[sibling-open]\n");
  EXPECT_EQ(lint_groups("  - {action: errno, errno: ENOSYS, names: [openat2]}\n"), "")
      << "so that programs take openat";
  EXPECT_EQ(lint_groups("  - {action: trace, names: [execve, seccomp]}\n"), "") << "a tracer decides";
}

TEST(LintSiblings, OtherSpellingsOn32BitAbis) {
  EXPECT_EQ(
      lint_groups("  - {action: errno, names: [setgroups]}\n", "allow", Abi::kX86),
      "4:29: 'setgroups' is denied, but 'setgroups32' stays allowed, with which the same can be done; deny it too "
      "[sibling-open]\n");
  EXPECT_EQ(lint_groups("  - {action: errno, names: [settimeofday, clock_settime]}\n", "allow", Abi::kX86),
            "4:29: 'settimeofday' and 'clock_settime' are denied, but 'clock_settime64', 'stime', 'adjtimex', "
            "'clock_adjtime' and 'clock_adjtime64' stay allowed, with which the clock can be set too; deny them too "
            "[sibling-open]\n");
  EXPECT_EQ(lint_groups("  - {action: errno, names: [setgroups]}\n"), "") << "x86_64 has one";
  EXPECT_EQ(
      lint_text("seccomp:\n  default_action: allow\n  architectures: [x86_64, x86, arm]\n  syscalls:\n"
                "  - {action: errno, names: [setgroups]}\n"),
      "5:29: 'setgroups' is denied, but 'setgroups32' stays allowed, with which the same can be done; deny it too "
      "(x86 and arm) [sibling-open]\n");
}

TEST(LintSiblings, ConditionsThatAnotherCallDoesNotHave) {
  const std::string condition = "arguments: [{argument: 2, operation: BitsSet, value: O_CREAT}]";
  EXPECT_EQ(
      lint_groups("  - action: errno\n    names_with_args: [{name: openat, " + condition +
                  "}]\n  - {action: errno, names: [io_uring_setup, open, creat]}\n"),
      "5:30: 'openat' has conditions, but 'openat2' stays allowed regardless of the arguments, with which the same can "
      "be done; 'openat2' has its flags in memory, so deny it with errno ENOSYS [sibling-unfiltered]\n"
      "6:45: 'open' is denied, but 'openat2' stays allowed, with which the same can be done; deny it "
      "too [sibling-open]\n");
}

TEST(LintSiblings, CreatAndOpenWithItsFlags) {
  EXPECT_EQ(
      lint_groups("  - {action: errno, names: [creat]}\n  - {action: errno, names: [io_uring_setup]}\n"),
      "4:29: 'creat' is denied, but 'open', 'openat' and 'openat2' stay allowed, with which files can be created "
      "too; deny their O_CREAT, and answer 'openat2', which has it in memory, with errno ENOSYS [sibling-open]\n");
  EXPECT_EQ(lint_groups("  - {action: errno, names: [creat]}\n"
                        "  - {action: allow, names: [open, openat, openat2]}\n"),
            "")
      << "which are allowed by name for other work";
  const std::string flags = "arguments: [{argument: 2, operation: BitsSet, value: O_WRONLY}]}]\n";
  const std::string rest = "  - {action: errno, names: [io_uring_setup, open, openat2]}\n";
  const std::string creat = "  - {action: allow, names: [creat]}\n";
  const std::string openat = "  - action: errno\n    names_with_args: [{name: openat, ";
  EXPECT_EQ(lint_groups(creat + openat + flags + rest),
            "6:30: 'openat' has conditions on flags, but 'creat' stays allowed, which opens with O_CREAT, O_WRONLY and "
            "O_TRUNC; deny it too [sibling-unfiltered]\n");
  EXPECT_EQ(
      lint_groups(creat + openat + "arguments: [{argument: 2, operation: BitsSet, value: O_DIRECTORY}]}]\n" + rest),
      "");
}

TEST(LintSiblings, MemoryThatBecomesExecutable) {
  const auto of = [](const std::string& name) {
    return "  - action: errno\n    names_with_args: [{name: " + name +
           ", arguments: [{argument: 2, operation: BitsSet, value: PROT_EXEC}]}]\n";
  };
  const std::string others = "  - {action: errno, names: [shmat, personality, memfd_create]}\n";
  EXPECT_EQ(lint_groups(of("mmap") + of("mprotect") + of("pkey_mprotect") + others), "");
  const std::string all =
      lint_groups(of("mmap") + of("mprotect") + "  - {action: allow, names: [personality, memfd_create]}\n");
  EXPECT_EQ(
      all,
      "5:30: 'mmap' and 'mprotect' have conditions on PROT_EXEC, but 'personality' stays allowed, with which "
      "READ_IMPLIES_EXEC makes all that is readable executable; deny it, or allow it 0 and 0xffffffff only "
      "[sibling-unfiltered]\n"
      "5:30: 'mmap' and 'mprotect' have conditions on PROT_EXEC, but 'shmat' stays allowed, with which memory "
      "becomes executable too; give it conditions too, or deny it [sibling-unfiltered]\n"
      "7:30: 'mprotect' has conditions, but 'pkey_mprotect' stays allowed regardless of the arguments, with which "
      "the same can be done; give it conditions too, or deny it [sibling-unfiltered]\n")
      << "memfd_create was asked for";
  EXPECT_EQ(lint_groups(of("mprotect") + "  - {action: errno, names: [pkey_mprotect, personality]}\n"),
            "5:30: 'mprotect' has conditions on PROT_EXEC, but 'memfd_create' stays allowed, with which memory is "
            "written through one mapping and executed through another; deny it [sibling-unfiltered]\n"
            "5:30: 'mprotect' has conditions on PROT_EXEC, but 'shmat' and 'mmap' stay allowed, with which memory "
            "becomes executable too; give them conditions too, or deny them [sibling-unfiltered]\n");
  const std::string shared =
      "  - action: errno\n    names_with_args: [{name: mmap, arguments: [{argument: 3, operation: BitsSet, value: "
      "MAP_SHARED}]}]\n";
  EXPECT_EQ(lint_groups(shared), "") << "a condition on another argument";
}

TEST(LintSiblings, CloneByWhatItsConditionsAreAbout) {
  const auto with_flags = [](const std::string& flags, const std::string& more) {
    return lint_groups(
        "  - action: errno\n    names_with_args: [{name: clone, arguments: [{argument: 0, operation: BitsSet, value: " +
        flags + "}]}]\n" + more);
  };
  EXPECT_EQ(with_flags("CLONE_NEWUSER", ""),
            "5:30: 'clone' has conditions, but 'clone3' stays allowed, which has its flags in memory, where no filter "
            "sees them; deny it with errno ENOSYS: libc then takes 'clone' [sibling-unfiltered]\n"
            "5:30: 'clone' has conditions, but 'unshare' and 'setns' stay allowed, with which namespaces are entered "
            "too; deny them too [sibling-unfiltered]\n");
  const std::string no_clone3 = "  - {action: errno, errno: ENOSYS, names: [clone3]}\n";
  EXPECT_EQ(with_flags("CLONE_NEWUSER", no_clone3 + "  - {action: errno, names: [unshare, setns]}\n"), "");
  EXPECT_EQ(with_flags("CLONE_PTRACE", no_clone3), "");
  EXPECT_EQ(lint_groups(no_clone3 + "  - action: allow\n    names_with_args: [{name: clone, arguments: "
                                    "[{argument: 0, operation: BitsSet, value: CLONE_THREAD}]}]\n"
                                    "  - {action: errno, names: [clone]}\n"),
            "6:30: 'clone' has conditions, but 'fork' and 'vfork' stay allowed, with which processes are started too; "
            "deny them too [sibling-unfiltered]\n");
  EXPECT_EQ(lint_groups("  - {action: errno, names: [clone, fork, vfork]}\n"),
            "4:29: 'clone' is denied, but 'clone3' stays allowed, which has its flags in memory, where no filter sees "
            "them; deny it with errno ENOSYS: libc then takes 'clone' [sibling-open]\n");
}

TEST(LintSiblings, IoUringWorksPastFilters) {
  EXPECT_EQ(lint_groups("  - {action: errno, names: [socket]}\n"),
            "4:29: 'socket' is restricted, but io_uring does the same past every filter; deny 'io_uring_setup' too "
            "[io-uring-open]\n");
  EXPECT_EQ(lint_groups("  - {action: errno, names: [\"@network-io\"]}\n"),
            "4:29: 'socket', 'connect', 'accept' and 10 more are restricted, but io_uring does the same past every "
            "filter; deny 'io_uring_setup' too [io-uring-open]\n");
  EXPECT_EQ(lint_groups("  - {action: errno, names: [socket, io_uring_setup]}\n"), "");
  EXPECT_EQ(lint_groups(allow_list("", "openat"), "errno"), "");
}

TEST(LintConditions, PointersAreAddresses) {
  EXPECT_EQ(lint_groups("  - action: errno\n"
                        "    names_with_args:\n"
                        "    - {name: chroot, arguments: [{argument: 0, operation: Equal, value: 0x1000}]}\n"),
            "6:34: argument 0 of 'chroot' is a pointer: the filter compares the address, and never sees what stands "
            "there [pointer-compared]\n");
  EXPECT_EQ(lint_groups("  - action: errno\n"
                        "    names_with_args:\n"
                        "    - {name: sigaltstack, arguments: [{argument: 0, operation: NotEqual, value: 0}]}\n"
                        "    - {name: brk, arguments: [{argument: 0, operation: GreaterThan, value: 0x1000}]}\n"),
            "")
      << "whether there is one can be seen; and an address that is one is no pointer to anything";
}

TEST(LintConditions, WordsOfFlags) {
  const auto clone = [](const std::string& operation, const std::string& action, const std::string& by_default) {
    return lint_groups(
        "  - {action: errno, errno: ENOSYS, names: [clone3]}\n  - {action: errno, names: [setns]}\n"
        "  - action: " +
            action +
            "\n    names_with_args: [{name: unshare, arguments: [{argument: 0, "
            "operation: " +
            operation +
            ", value: CLONE_NEWUSER}]}]\n"
            "  - {action: allow, names: [exit, exit_group, rt_sigreturn, restart_syscall]}\n"
            "  - {action: allow, names: [clone]}\n",
        by_default);
  };
  EXPECT_EQ(clone("Equal", "errno", "allow"),
            "7:51: argument 0 of 'unshare' is a word of flags: once another flag is set, Equal no longer matches; use "
            "BitsSet [flags-compared-whole]\n");
  EXPECT_EQ(clone("NotEqual", "allow", "errno"),
            "7:51: argument 0 of 'unshare' is a word of flags: once another flag is set, NotEqual still matches; use "
            "BitsNotSet [flags-compared-whole]\n");
  EXPECT_EQ(clone("Equal", "allow", "errno"), "") << "exactly this and nothing else: as strict as can be";
  EXPECT_EQ(clone("NotEqual", "errno", "allow"), "");
  EXPECT_EQ(clone("BitsSet", "errno", "allow"), "");
  EXPECT_EQ(clone("Equal", "trap", "errno"), "") << "what does not match is denied as well";
}

TEST(LintConditions, FieldsAmongFlags) {
  EXPECT_EQ(lint_groups("  - action: errno\n"
                        "    names_with_args:\n"
                        "    - {name: mknod, arguments: [{argument: 1, operation: Equal, value: S_IFCHR}]}\n"
                        "    - {name: mknodat, arguments: [{argument: 2, operation: Equal, value: S_IFCHR}]}\n"),
            "6:33: argument 1 of 'mknod' is a word of flags: once another flag is set, Equal no longer matches; use "
            "MaskedEqual with mask S_IFMT [flags-compared-whole]\n"
            "7:35: argument 2 of 'mknodat' is a word of flags: once another flag is set, Equal no longer matches; use "
            "MaskedEqual with mask S_IFMT [flags-compared-whole]\n");
}

TEST(LintConditions, CloneHasItsFlagsElsewhereOnS390x) {
  const std::string groups =
      "  - {action: errno, errno: ENOSYS, names: [clone3]}\n"
      "  - {action: errno, names: [unshare, setns]}\n"
      "  - action: errno\n    names_with_args: [{name: clone, arguments: [{argument: 1, operation: Equal, value: "
      "CLONE_NEWUSER}]}]\n";
  EXPECT_EQ(lint_groups(groups, "allow", Abi::kS390x),
            "7:49: argument 1 of 'clone' is a word of flags: once another flag is set, Equal no longer matches; use "
            "BitsSet [flags-compared-whole]\n");
  EXPECT_EQ(lint_groups(groups), "") << "the stack";
}

TEST(LintConditions, SocketTypes) {
  const auto socket = [](const std::string& action, const std::string& operation, const std::string& value,
                         const std::string& by_default, const std::string& more = "") {
    return lint_groups("  - action: " + action +
                           "\n    names_with_args:\n    - {name: socket, arguments: [{argument: 1, "
                           "operation: " +
                           operation + ", value: " + value + "}]}\n" + more +
                           "  - {action: errno, names: [io_uring_setup]}\n"
                           "  - {action: allow, names: [exit, exit_group, rt_sigreturn, restart_syscall]}\n",
                       by_default);
  };
  EXPECT_EQ(socket("errno", "Equal", "SOCK_RAW", "allow"),
            "6:34: argument 1 of 'socket' also holds SOCK_CLOEXEC and SOCK_NONBLOCK, with which Equal no longer "
            "matches; use MaskedEqual with mask 0xf [flags-compared-whole]\n");
  EXPECT_EQ(socket("allow", "Equal", "SOCK_STREAM", "errno"),
            "6:34: argument 1 of 'socket' also holds SOCK_CLOEXEC and SOCK_NONBLOCK, with which most programs call it: "
            "they are denied; use MaskedEqual with mask 0xf [exact-socket-type]\n");
  EXPECT_EQ(socket("allow", "Equal", "SOCK_STREAM", "errno",
                   "    - {name: socket, arguments: [{argument: 1, operation: Equal, value: "
                   "SOCK_STREAM|SOCK_CLOEXEC}]}\n"),
            "")
      << "thought of";
  EXPECT_EQ(socket("errno", "MaskedEqual, mask: 0xf", "SOCK_RAW", "allow"), "");
}

TEST(LintConditions, MultiplexersThatAreAllowed) {
  const std::string entry =
      "  - action: allow\n    names_with_args: [{name: socket, arguments: [{operation: Equal, value: AF_UNIX}]}]\n";
  const std::string needed = "  - {action: allow, names: [exit, exit_group, rt_sigreturn, sigreturn, restart_syscall";
  EXPECT_EQ(lint_groups(entry + needed + ", socketcall]}\n", "errno", Abi::kX86),
            "5:30: the conditions on 'socket' do not hold for 'socketcall', which is allowed and makes the same call "
            "with its arguments in memory; deny 'socketcall', if no program needs it [multiplexer-open]\n");
  EXPECT_EQ(lint_groups(entry + needed + "]}\n", "errno", Abi::kX86),
            "5:30: 'socket' is allowed, but not 'socketcall', by which the 32-bit programs of glibc and Go make their "
            "sockets; allow it, where no argument can be looked at, or deny it by its name [no-socketcall]\n");
  EXPECT_EQ(lint_groups(entry + needed + "]}\n  - {action: errno, names: [socketcall]}\n", "errno", Abi::kX86), "");
}

TEST(LintNeededCalls, AnAllowListLacksThem) {
  EXPECT_EQ(lint_groups("  - {action: allow, names: [read]}\n", "kill_process"),
            "2:3: 'exit' is not allowed (kill_process): without it threads cannot end [lacks-exit]\n"
            "2:3: 'exit_group' is not allowed (kill_process): without it programs cannot end by themselves "
            "[lacks-exit]\n"
            "2:3: 'restart_syscall' is not allowed (kill_process): without it a wait with a time limit (nanosleep, "
            "poll, futex) that SIGSTOP and SIGCONT interrupt cannot go on [lacks-restart-syscall]\n"
            "2:3: 'rt_sigreturn' is not allowed (kill_process): without it no signal handler can return "
            "[lacks-sigreturn]\n");
  EXPECT_EQ(lint_groups(allow_list(""), "errno"), "");
  EXPECT_EQ(lint_groups(allow_list(""), "errno", Abi::kX86),
            "2:3: 'sigreturn' is not allowed (errno EPERM): without it signal handlers that were set without "
            "SA_SIGINFO cannot return [lacks-sigreturn]\n");
  EXPECT_EQ(lint_groups("  - {action: log, names: [read]}\n", "trace"), "") << "a tracer decides";
}

TEST(LintNeededCalls, ADenyListNamesThem) {
  EXPECT_EQ(lint_groups("  - {action: errno, names: [exit_group]}\n"),
            "4:29: 'exit_group' is denied (errno EPERM): without it programs cannot end by themselves [lacks-exit]\n");
}

TEST(LintNeededCalls, Clone3MustSayThatItDoesNotExist) {
  EXPECT_EQ(lint_groups(allow_list("", "clone"), "errno"),
            "2:3: 'clone3' gets errno EPERM: libc starts threads with it, and with 'clone' only after errno ENOSYS; "
            "deny it with ENOSYS [clone3-breaks-threads]\n");
  EXPECT_EQ(lint_groups("  - {action: kill_thread, names: [clone3]}\n"),
            "4:35: 'clone3' gets kill_thread: libc starts threads with it, and with 'clone' only after errno ENOSYS; "
            "deny it with ENOSYS [clone3-breaks-threads]\n");
  EXPECT_EQ(lint_groups(allow_list("", "clone"), "errno\n  default_errno: ENOSYS"), "");
  EXPECT_EQ(lint_groups(allow_list("", "clone"), "errno\n  kernel: \"5.2\""), "");
  EXPECT_EQ(lint_groups(allow_list("", "clone"), "errno\n  kernel: \"5.3\""),
            "2:3: 'clone3' gets errno EPERM: libc starts threads with it, and with 'clone' only after errno ENOSYS; "
            "deny it with ENOSYS [clone3-breaks-threads]\n");
  EXPECT_EQ(lint_groups(allow_list("", "fork"), "errno"), "") << "no threads either way";
}

TEST(LintUndeniable, OnX86_64) {
  EXPECT_EQ(lint_groups("  - {action: errno, names: [uretprobe]}\n"),
            "4:29: 'uretprobe' cannot be denied: the kernel lets it past every filter [undeniable-call]\n");
  EXPECT_EQ(lint_groups("  - {action: log, names: [uretprobe]}\n"), "");
}

TEST(Lint, AllowListsThatOpenOtherProcesses) {
  const std::string names =
      "    names: [exit, exit_group, rt_sigreturn, restart_syscall, ptrace, process_vm_writev, "
      "process_vm_readv]\n";
  const std::string warned = lint_groups("  - action: allow\n" + names, "errno");
  EXPECT_NE(warned.find("'ptrace' is allowed: with it a program takes over other processes of its user "
                        "[opens-processes]\n"),
            std::string::npos)
      << warned;
  EXPECT_NE(warned.find("'process_vm_writev' is allowed: with it"), std::string::npos) << warned;
  EXPECT_EQ(warned.find("'process_vm_readv' is allowed"), std::string::npos) << warned;
  // A deny list that says nothing of them has not thought of them.
  EXPECT_EQ(lint_groups("  - {action: errno, names: [swapon, swapoff]}\n", "allow"), "");
}

TEST(Lint, SaysOfAPolicyThatIsNotEnabledNothingElse) {
  EXPECT_EQ(lint_groups("  - {action: errno, names: [execve]}\n", "allow\n  enabled: false"),
            "3:3: 'enabled' is false: this policy denies nothing [not-enabled]\n");
}

TEST(Lint, ListsEveryKindThatItReports) {
  std::set<std::string_view> ids;
  for (const LintKind& kind : lint_kinds()) {
    EXPECT_TRUE(ids.insert(kind.id).second) << kind.id;
    EXPECT_FALSE(kind.summary.empty());
  }
  EXPECT_EQ(ids, (std::set<std::string_view>{"clone3-breaks-threads",
                                             "exact-mode",
                                             "exact-socket-type",
                                             "exception-not-needed",
                                             "flags-compared-whole",
                                             "io-uring-open",
                                             "lacks-exit",
                                             "lacks-restart-syscall",
                                             "lacks-sigreturn",
                                             "landlock-commands-writable",
                                             "landlock-make-unwritten",
                                             "landlock-others-replace",
                                             "landlock-path-missing",
                                             "landlock-path-unusable",
                                             "landlock-policy-writable",
                                             "landlock-services",
                                             "landlock-set-opens",
                                             "landlock-udp-bind",
                                             "landlock-whole",
                                             "landlock-write-execute",
                                             "landlock-write-file",
                                             "looks-done",
                                             "multiplexer-open",
                                             "newer-call-denied",
                                             "newer-call-not-enosys",
                                             "no-socketcall",
                                             "not-enabled",
                                             "opens-processes",
                                             "pointer-compared",
                                             "redundant-name",
                                             "sibling-open",
                                             "sibling-unfiltered",
                                             "trace-undone",
                                             "undeniable-call",
                                             "unknown-name",
                                             "unreachable-name"}));
}

/// Every implication that is found holds for all 65536 arguments; and most of those that hold are found.
TEST(Lint, ImplicationsAreCertain) {
  testing::Random random(testing::test_seed());
  const auto draw = [&](uint64_t end) { return random.below(end); };
  const auto draw_condition = [&] {
    const auto operation = static_cast<Operation>(draw(policy::kOperationNames.size()));
    const uint64_t value = draw(4) == 0 ? 0xfff8 + draw(12) : draw(12);
    return testing::condition(operation, 16, value, draw(16));
  };
  size_t found = 0;
  size_t missed = 0;
  for (int round = 0; round < 3000; ++round) {
    const Condition narrow = draw_condition();
    const Condition wide = draw_condition();
    bool holds_everywhere = true;
    for (uint64_t argument = 0; argument < 0x10000 && holds_everywhere; ++argument) {
      holds_everywhere = !holds(narrow, argument) || holds(wide, argument);
    }
    const bool implied = implies(narrow, wide);
    ASSERT_FALSE(implied && !holds_everywhere)
        << policy::name_of(narrow.operation) << " " << narrow.value << "/" << narrow.mask << " does not imply "
        << policy::name_of(wide.operation) << " " << wide.value << "/" << wide.mask;
    found += implied ? 1 : 0;
    missed += holds_everywhere && !implied ? 1 : 0;
  }
  EXPECT_GT(found, 500U);
  EXPECT_LT(missed, found / 5);
}

TEST(Lint, ImplicationsNeedOneArgumentAndOneWidth) {
  const Condition narrow = testing::condition(Operation::kEqual, 32, 7);
  Condition other = narrow;
  EXPECT_TRUE(implies(narrow, other));
  other.width = 64;
  EXPECT_FALSE(implies(narrow, other));
  other = narrow;
  other.argument = 1;
  EXPECT_FALSE(implies(narrow, other));
}

}  // namespace
}  // namespace sandbox::resolve
