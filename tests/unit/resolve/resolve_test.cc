#include "resolve/resolve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "arch/syscalls.h"
#include "support/policy_text.h"

namespace sandbox::resolve {
namespace {

using arch::Abi;
using policy::Action;
using policy::Operation;

/// A policy's rules on an ABI, and everything that was found wrong.
struct Resolved {
  Resolved(const std::string& groups, Abi abi, const std::string& default_action = "allow")
      : text("seccomp:\n  default_action: " + default_action + "\n  syscalls:\n" + groups) {
    const auto policy = text.read();
    EXPECT_EQ(text.problems(), "");
    if (policy) all = resolve(*policy, abi, text.diagnostics());
    if (!all.empty()) rules = all.front();
    problems = text.problems();
  }

  /// The clauses of a call; empty when no group names it.
  [[nodiscard]] std::vector<Clause> clauses(std::string_view name) const {
    for (const CallRules& call : rules.calls) {
      if (call.number == arch::number_of(rules.abi, name)) return {call.clauses.begin(), call.clauses.end()};
    }
    return {};
  }

  testing::PolicyText text;
  PolicyRules all;
  RuleSet rules;  ///< Of the first ABI.
  std::string problems;
};

// arm has calls of its own far above the others.
TEST(Resolve, SortsNumbersThatAreFarApart) {
  const Resolved resolved(
      "  - {action: errno, names: [set_tls, write, cacheflush, read]}\n  - {action: log, names: [cacheflush, read]}\n",
      Abi::kArm);
  EXPECT_EQ(resolved.problems, "");
  std::vector<uint32_t> numbers;
  for (const CallRules& call : resolved.rules.calls) numbers.push_back(call.number);
  EXPECT_EQ(numbers, (std::vector<uint32_t>{3, 4, 0xf0002, 0xf0005}));
  ASSERT_EQ(resolved.clauses("cacheflush").size(), 2U);
  EXPECT_EQ(resolved.clauses("cacheflush")[0].verdict.action, policy::Action::kErrno);
  EXPECT_EQ(resolved.clauses("cacheflush")[1].verdict.action, policy::Action::kLog);
}

TEST(Resolve, SortsCallsByNumber) {
  const Resolved resolved("  - {action: errno, names: [write, read, execve]}\n  - {action: log, names: [open]}\n",
                          Abi::kX86_64);
  EXPECT_EQ(resolved.problems, "");
  std::vector<uint32_t> numbers;
  for (const CallRules& call : resolved.rules.calls) numbers.push_back(call.number);
  EXPECT_EQ(numbers, (std::vector<uint32_t>{0, 1, 2, 59}));
}

TEST(Resolve, KeepsTheOrderOfGroups) {
  const Resolved resolved(
      "  - action: kill_process\n    names_with_args:\n    - {name: read, arguments: [{operation: Equal, value: 3}]}\n"
      "  - {action: log, names: [read]}\n"
      "  - {action: errno, errno: 5, names: [read]}\n",
      Abi::kX86_64);
  const auto clauses = resolved.clauses("read");
  ASSERT_EQ(clauses.size(), 3U);
  EXPECT_EQ(clauses[0].verdict, (Verdict{Action::kKillProcess, 0}));
  EXPECT_EQ(clauses[0].conditions.size(), 1U);
  EXPECT_EQ(clauses[1].verdict, (Verdict{Action::kLog, 0}));
  EXPECT_TRUE(clauses[1].conditions.empty());
  EXPECT_EQ(clauses[2].verdict, (Verdict{Action::kErrno, 5}));
  EXPECT_EQ(clauses[2].origin->group, 2U);
}

TEST(Resolve, KeepsTheOrderInsideAGroupAndOfConditions) {
  const Resolved resolved(
      "  - action: errno\n    names_with_args:\n"
      "    - {name: socket, arguments: [{operation: Equal, value: 9}, {argument: 2, operation: LessThan, value: 8}]}\n"
      "    - {name: socket, arguments: [{operation: NotEqual, value: 7}]}\n",
      Abi::kX86_64);
  const auto clauses = resolved.clauses("socket");
  ASSERT_EQ(clauses.size(), 2U);
  ASSERT_EQ(clauses[0].conditions.size(), 2U);
  EXPECT_EQ(clauses[0].conditions[0].value, 9U);
  EXPECT_EQ(clauses[0].conditions[1].argument, 2U);
  EXPECT_EQ(clauses[0].conditions[1].operation, Operation::kLessThan);
  EXPECT_EQ(clauses[1].conditions[0].operation, Operation::kNotEqual);
}

TEST(Resolve, GivesTheDataToErrnoOnly) {
  const Resolved resolved("  - {action: errno, errno: 9, names: [read]}\n  - {action: trap, names: [write]}\n",
                          Abi::kX86_64, "errno\n  default_errno: ENOSYS");
  EXPECT_EQ(resolved.rules.default_verdict, (Verdict{Action::kErrno, 38}));
  EXPECT_EQ(resolved.clauses("read").at(0).verdict, (Verdict{Action::kErrno, 9}));
  EXPECT_EQ(resolved.clauses("write").at(0).verdict, (Verdict{Action::kTrap, 0}));
}

TEST(Resolve, RemembersWhereAClauseIsWritten) {
  const Resolved resolved("  - {action: errno, names: [read]}\n  - {action: log, names: [write]}\n", Abi::kX86_64);
  EXPECT_EQ(resolved.text.covered(resolved.clauses("write").at(0).origin->range), "write");
  EXPECT_EQ(resolved.clauses("write").at(0).origin->group, 1U);
}

TEST(Resolve, WarnsOfANameGivenTwiceInAGroup) {
  const Resolved resolved("  - {action: errno, names: [read, write, read]}\n", Abi::kX86_64);
  EXPECT_EQ(resolved.problems, "4:42: warning: 'read' is named twice in this group\n");
  EXPECT_EQ(resolved.clauses("read").size(), 1U);
}

TEST(Resolve, RefusesANameWithAndWithoutArgumentsInOneGroup) {
  const Resolved resolved(
      "  - action: errno\n    names: [read]\n"
      "    names_with_args: [{name: read, arguments: [{operation: Equal}]}]\n"
      "  - action: log\n    names_with_args: [{name: read, arguments: [{operation: Equal}]}]\n",
      Abi::kX86_64);
  EXPECT_EQ(resolved.problems,
            "6:30: error: 'read' stands in 'names' of this group too, which decides it regardless of its arguments\n")
      << "and in another group it may stand";
}

TEST(Resolve, RefusesUnknownNamesAndGoesOn) {
  const Resolved resolved("  - {action: errno, names: [opnat, read, no_such_call_at_all]}\n", Abi::kX86_64);
  EXPECT_EQ(resolved.problems,
            "4:29: error: unknown system call 'opnat' (x86_64); did you mean 'openat'?\n"
            "4:42: error: unknown system call 'no_such_call_at_all' (x86_64)\n");
  EXPECT_EQ(resolved.clauses("read").size(), 1U);
}

TEST(Resolve, SaysWhichAbisHaveACall) {
  const Resolved resolved("  - {action: errno, names: [open, cacheflush]}\n", Abi::kAarch64);
  EXPECT_EQ(resolved.problems,
            "4:29: error: no system call 'open' on aarch64; it exists on x86_64, x86, x32, arm, mips, mipsel, mips64, "
            "mipsel64, mips64n32, mipsel64n32, parisc, parisc64, ppc, ppc64, ppc64le, s390 and s390x; is "
            "'architectures' missing?\n"
            "4:35: error: no system call 'cacheflush' on aarch64; it exists on arm, mips, mipsel, mips64, mipsel64, "
            "mips64n32, mipsel64n32, parisc and parisc64; is 'architectures' missing?\n");
}

TEST(Resolve, UsesTheRealNumberWhereLibseccompHasAPseudoNumber) {
  const Resolved resolved("  - {action: errno, names: [socket]}\n", Abi::kX86);
  ASSERT_EQ(resolved.rules.calls.size(), 2U) << "and socketcall";
  EXPECT_EQ(resolved.rules.calls[0].number, 102U);
  EXPECT_EQ(resolved.rules.calls[1].number, 359U);
}

/// The value that a condition with `text` on a register-wide argument compares with, and the problems.
std::pair<uint64_t, std::string> value_on(Abi abi, const std::string& text) {
  const Resolved resolved(
      "  - action: errno\n    names_with_args: [{name: ioctl, arguments: [{argument: 2, operation: Equal, value: " +
          text + "}]}]\n",
      abi);
  const auto clauses = resolved.clauses("ioctl");
  return {clauses.empty() ? 0 : clauses[0].conditions.at(0).value, resolved.problems};
}

TEST(Resolve, TakesNegativeValuesAtTheRegistersWidth) {
  EXPECT_EQ(value_on(Abi::kX86_64, "-1").first, UINT64_MAX);
  EXPECT_EQ(value_on(Abi::kX86_64, "-9223372036854775808").first, uint64_t{1} << 63U);
  EXPECT_EQ(value_on(Abi::kX86, "-1").first, 0xFFFFFFFFU);
  EXPECT_EQ(value_on(Abi::kX86, "-2147483648").first, 0x80000000U);
  EXPECT_EQ(value_on(Abi::kX86, "-2147483648").second, "");
}

TEST(Resolve, RefusesValuesThatDoNotFitA32BitRegister) {
  EXPECT_EQ(value_on(Abi::kX86, "0xffffffff").second, "");
  for (const char* value : {"0x100000000", "-2147483649", "-9223372036854775808", "0xffffffffffffffff"}) {
    EXPECT_NE(value_on(Abi::kX86, value).second.find("error: "), std::string::npos) << value;
    EXPECT_EQ(value_on(Abi::kX86_64, value).second, "") << value;
  }
}

TEST(Resolve, ComparesAtTheRegistersWidth) {
  for (const Abi abi : {Abi::kX86_64, Abi::kX86, Abi::kArm, Abi::kS390x}) {
    const Resolved resolved(
        "  - action: errno\n    names_with_args:\n"
        "    - {name: ioctl, arguments: [{argument: 2, operation: Equal, value: 1}]}\n"
        "    - {name: ioctl, arguments: [{argument: 1, operation: Equal, value: 1, width: 64}]}\n",
        abi);
    EXPECT_EQ(resolved.clauses("ioctl").at(0).conditions.at(0).width, arch::info(abi).register_bits);
    EXPECT_EQ(resolved.clauses("ioctl").at(1).conditions.at(0).width, arch::info(abi).register_bits);
  }
}

// What is more than any policy needs.

TEST(ResolveLimits, DropsWhatStandsBehindAnUnconditionalClause) {
  std::string groups =
      "  - action: log\n    names_with_args:\n"
      "    - {name: read, arguments: [{operation: Equal, value: 3}]}\n";
  for (int i = 1; i <= 1000; ++i) groups += "  - {action: errno, errno: " + std::to_string(i) + ", names: [read]}\n";
  const Resolved resolved(groups, Abi::kX86_64);
  EXPECT_EQ(resolved.problems, "");
  const auto clauses = resolved.clauses("read");
  ASSERT_EQ(clauses.size(), 18U) << "16 are kept for lint()";
  EXPECT_EQ(clauses[0].conditions.size(), 1U);
  EXPECT_EQ(clauses[1].verdict, (Verdict{Action::kErrno, 1}));
}

TEST(ResolveLimits, DropsNothingThatCanBeReached) {
  std::string groups = "  - action: errno\n    names_with_args:\n";
  for (int i = 0; i < 1000; ++i) {
    groups += "    - {name: read, arguments: [{operation: Equal, value: " + std::to_string(i) + "}]}\n";
  }
  const Resolved resolved(groups + "  - {action: log, names: [read]}\n", Abi::kX86_64);
  EXPECT_EQ(resolved.clauses("read").size(), 1001U);
}

TEST(ResolveLimits, RefusesTooManyEntriesForOneCall) {
  std::string groups = "  - action: errno\n    names_with_args:\n";
  for (int i = 0; i < 4096; ++i) groups += "    - {name: read, arguments: [{operation: Equal, value: 1}]}\n";
  EXPECT_EQ(Resolved(groups, Abi::kX86_64).problems, "");
  groups += "    - {name: read, arguments: [{operation: Equal, value: 1}]}\n";
  EXPECT_EQ(Resolved(groups, Abi::kX86_64).problems,
            "4102:14: error: more than 4096 entries with conditions for 'read'; the most that a call may have\n");
}

TEST(ResolveLimits, RefusesTooManyConditions) {
  std::string conditions;
  for (int i = 0; i < 2000; ++i) conditions += std::string(i > 0 ? ", " : "") + "{operation: NotEqual, value: 1}";
  std::string groups = "  - action: errno\n    names_with_args:\n";
  for (int i = 0; i < 50; ++i) groups += "    - {name: read, arguments: [" + conditions + "]}\n";
  EXPECT_EQ(Resolved(groups, Abi::kX86_64).problems, "");
  groups += "    - {name: write, arguments: [{operation: Equal, value: 1}]}\n";
  EXPECT_EQ(Resolved(groups, Abi::kX86_64).problems,
            "56:14: error: with this entry the policy has more than 100000 conditions, counted for each call; the most "
            "that a policy may have\n");
}

TEST(ResolveLimits, RefusesTooManyNames) {
  std::string groups;
  for (int i = 0; i < 16'000; ++i) groups += "  - {action: errno, names: [\"@known\"]}\n";
  const std::string problems = Resolved(groups, Abi::kX86_64).problems;
  EXPECT_TRUE(
      problems.ends_with(":29: error: with this name the policy names more than 2000000 calls, counted for each "
                         "time; the most that a policy may name\n"))
      << problems;
}

}  // namespace
}  // namespace sandbox::resolve
