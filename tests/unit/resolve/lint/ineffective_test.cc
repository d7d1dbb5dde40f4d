// What protects nothing, and what undoes a launch's policy.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "resolve/lint/lint.h"
#include "support/lint_text.h"

namespace sandbox::resolve {
namespace {

using arch::Abi;
using testing::lint_groups;
using testing::lint_text;
using testing::PolicyText;

TEST(LintIneffective, NamesThatNoAbiHas) {
  EXPECT_EQ(lint_text(R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
{"names": ["reboot", "moutn", "no_such_call_at_all"], "action": "SCMP_ACT_ERRNO"},
{"names": ["kexec_laod"], "action": "SCMP_ACT_ALLOW"},
{"names": ["arm_fadvise64_64", "s390_pci_mmio_read"], "action": "SCMP_ACT_ERRNO"}]})"),
            "2:22: no ABI has a system call 'moutn': the name does nothing; did you mean 'mount'? [unknown-name]\n"
            "2:31: no ABI has a system call 'no_such_call_at_all': the name does nothing [unknown-name]\n"
            "3:12: no ABI has a system call 'kexec_laod': the name does nothing; did you mean 'kexec_load'? "
            "[unknown-name]\n");
}

TEST(LintIneffective, ErrnoZeroByWhichADeniedCallLooksDone) {
  EXPECT_EQ(lint_text(R"({"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 0, "syscalls": [
{"names": ["setgroups"], "action": "SCMP_ACT_ERRNO", "errnoRet": 0},
{"names": ["reboot"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
{"names": ["swapon"], "action": "SCMP_ACT_TRAP", "errnoRet": 0}]})"),
            "2:66: errno 0: a denied call returns 0 without having been made, and the program takes it for done "
            "[looks-done]\n");
  EXPECT_EQ(lint_text(R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 0, "syscalls": [
{"names": ["exit", "exit_group", "rt_sigreturn", "restart_syscall"], "action": "SCMP_ACT_ALLOW"}]})"),
            "1:56: errno 0: a denied call returns 0 without having been made, and the program takes it for done "
            "[looks-done]\n");
}

TEST(LintIneffective, ATracerWhoseAnswersAProgramReplaces) {
  const std::string undone =
      "'trace' leaves calls to a tracer, but 'seccomp' is allowed, with which a program answers them itself by a "
      "listener of its own; sandbox-run denies it listeners, other launchers do not; deny 'seccomp' [trace-undone]\n";
  EXPECT_EQ(lint_groups("  - {action: trace, names: [reboot]}\n"), "4:5: " + undone);
  EXPECT_EQ(lint_groups("  - {action: allow, names: [seccomp]}\n", "trace"), "2:3: " + undone);
  EXPECT_EQ(lint_groups("  - {action: trace, names: [reboot]}\n  - {action: errno, names: [seccomp]}\n"), "");
  EXPECT_EQ(lint_groups("  - {action: trap, names: [reboot]}\n"), "");
}

std::string one_condition(const std::string& action, const std::string& condition, const std::string& by_default) {
  return lint_groups("  - action: " + action + "\n    names_with_args:\n    - {" + condition + "}]}\n" +
                         "  - {action: allow, names: [exit, exit_group, rt_sigreturn, restart_syscall]}\n",
                     by_default);
}

TEST(LintIneffective, AModeThatIsComparedWhole) {
  const std::string whole =
      " is compared whole, and holds other bits with nearly every call: such calls are denied; use MaskedEqual with "
      "mask ";
  EXPECT_EQ(
      one_condition("allow", "name: mknodat, arguments: [{argument: 2, operation: Equal, value: S_IFREG", "errno"),
      "6:35: argument 2 of 'mknodat'" + whole + "S_IFMT [exact-mode]\n");
  EXPECT_EQ(
      one_condition("allow", "name: openat, arguments: [{argument: 2, operation: Equal, value: O_RDONLY", "errno"),
      "6:34: argument 2 of 'openat'" + whole + "O_ACCMODE [exact-mode]\n");
  EXPECT_EQ(one_condition("errno", "name: mknodat, arguments: [{argument: 2, operation: NotEqual, value: S_IFIFO",
                          "errno\n  kernel: \"6.1\""),
            "")
      << "the default denies the rest";
  EXPECT_EQ(
      one_condition("allow",
                    "name: mknodat, arguments: [{argument: 2, operation: MaskedEqual, mask: S_IFMT, value: S_IFREG",
                    "errno"),
      "");
  EXPECT_EQ(
      one_condition("allow", "name: openat, arguments: [{argument: 2, operation: Equal, value: O_RDONLY|O_CLOEXEC",
                    "errno"),
      "")
      << "flags were thought of";
}

TEST(LintIneffective, SocketsOf32BitPrograms) {
  const std::string unix_sockets =
      "  - action: allow\n    names_with_args: [{name: socket, arguments: [{operation: Equal, value: AF_UNIX}]}]\n";
  const std::string needed = "  - {action: allow, names: [exit, exit_group, rt_sigreturn, sigreturn, restart_syscall";
  EXPECT_EQ(lint_groups(unix_sockets + needed + "]}\n", "errno", Abi::kX86),
            "5:30: 'socket' is allowed, but not 'socketcall', by which the 32-bit programs of glibc and Go make their "
            "sockets; allow it, where no argument can be looked at, or deny it by its name [no-socketcall]\n");
  // Without conditions a name reaches the multiplexer.
  EXPECT_EQ(lint_groups(needed + ", socket]}\n", "errno", Abi::kX86), "");
  EXPECT_EQ(lint_groups(needed + "]}\n", "errno", Abi::kX86), "") << "no sockets are meant";
}

/// What a launch under these policies, each "DEFAULT GROUPS", reports of them.
std::string launch_lints(const std::vector<std::string>& groups, Abi abi = Abi::kX86_64) {
  std::vector<policy::Policy> policies;
  std::vector<PolicyRules> rules;
  std::string messages;
  for (const std::string& group : groups) {
    PolicyText text("seccomp:\n  default_action: allow\n  syscalls:\n" + group);
    auto policy = text.read();
    if (!policy) return text.problems();
    rules.push_back(resolve(*policy, abi, text.diagnostics()));
    policies.push_back(std::move(*policy));
  }
  for (size_t i = 0; i < policies.size(); ++i) {
    Diagnostics diagnostics(policies[i].source);
    lint_launch(policies[i], rules[i], rules, diagnostics);
    for (const Diagnostic& diagnostic : diagnostics.all()) messages += diagnostic.message + "\n";
  }
  return messages;
}

TEST(LintLaunch, TheClassesThatUndoAPolicy) {
  EXPECT_EQ(launch_lints({"  - {action: errno, names: [connect]}\n"}),
            "'connect' is restricted, but io_uring does the same past every filter; deny 'io_uring_setup' too\n");
  EXPECT_EQ(launch_lints({"  - {action: errno, names: [execve]}\n"}),
            "'execve' is denied, but 'execveat' stays allowed, with which the same can be done; deny it too\n");
  EXPECT_EQ(
      launch_lints({"  - {action: allow, names: [socketcall]}\n  - action: allow\n"
                    "    names_with_args: [{name: socket, arguments: [{operation: Equal, value: AF_UNIX}]}]\n"
                    "  - {action: errno, names: [io_uring_setup, socket]}\n"},
                   Abi::kX86),
      "the conditions on 'socket' do not hold for 'socketcall', which is allowed and makes the same call with its "
      "arguments in memory; deny 'socketcall', if no program needs it\n");
  EXPECT_EQ(launch_lints({"  - {action: errno, names: [rename, fork]}\n  - {action: errno, names: [reboot, reboot]}\n"
                          "  - {action: errno, names: [io_uring_setup]}\n"}),
            "")
      << "what check reports beside these";
}

TEST(LintLaunch, ExceptionsCountAsForCheck) {
  const std::string group = "  - {action: errno, names: [execve]}\n";
  EXPECT_NE(launch_lints({group}), "");
  EXPECT_EQ(launch_lints({"  # check: allow sibling-open: a reason\n" + group}), "");
  EXPECT_NE(launch_lints({"  # check: allow lacks-exit: a reason\n" + group}), "");
  // A wrong one is an error to check, and no reason not to start.
  EXPECT_EQ(launch_lints({"  # check: allow sibling-opn: a reason\n" + group}), launch_lints({group}));
}

TEST(LintLaunch, WhatAnotherPolicyDeniesUndoesNothing) {
  const std::string no_network = "  - {action: errno, names: [\"@network-io\"]}\n";
  const std::string no_exec = "  - {action: errno, names: [execve, io_uring_setup]}\n";
  EXPECT_EQ(launch_lints({no_network, no_exec}),
            "'execve' is denied, but 'execveat' stays allowed, with which the same can be done; deny it too\n");
  EXPECT_EQ(launch_lints({no_network, no_exec, "  - {action: kill_process, names: [execveat]}\n"}), "");
}

}  // namespace
}  // namespace sandbox::resolve
