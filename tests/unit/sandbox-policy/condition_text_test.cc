// Conditions in words: constants for numbers, and several clauses that come to one condition.
#include "sandbox-policy/condition_text.h"

#include <gtest/gtest.h>

#include "arch/syscalls.h"
#include "base/text.h"
#include "support/policy_input.h"

namespace sandbox::tool {
namespace {

using arch::Abi;

/// A policy that allows all but for the entries, each a line of `names_with_args` with this action.
Input input_of(std::string_view action, const std::vector<std::string>& entries) {
  std::string text =
      "seccomp:\n  default_action: errno\n  syscalls:\n  - action: " + std::string(action) + "\n    names_with_args:\n";
  for (const std::string& entry : entries) text += "    - " + entry + "\n";
  return testing::policy_input(text);
}

/// "name: [condition]" as an entry.
std::string entry(std::string_view name, std::string_view operation, std::string_view value, unsigned argument = 0) {
  return "{name: " + std::string(name) + ", arguments: [{argument: " + std::to_string(argument) +
         ", operation: " + std::string(operation) + ", " + std::string(value) + "}]}";
}

std::vector<std::string> cases_of_call(const Input& input, std::string_view name) {
  const CallChain chain = chain_of(input.rules.front(), *arch::number_of(Abi::kX86_64, name));
  std::vector<std::string> texts;
  for (const CaseText& one : cases_text(chain, *input.policy, Abi::kX86_64)) {
    texts.push_back(one.when + ", " + one.origin);
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(ConditionText, NamesWhatThePolicyGivesAsANumber) {
  EXPECT_EQ(cases_of_call(input_of("allow", {entry("socket", "Equal", "value: 16")}), "socket"),
            Texts{"if arg0 == AF_NETLINK, line 6"});
  EXPECT_EQ(cases_of_call(input_of("allow", {entry("clone", "BitsNotSet", "value: 0x10020000")}), "clone"),
            Texts{"if arg0 has no bit of CLONE_NEWNS|CLONE_NEWUSER, line 6"});
  EXPECT_EQ(cases_of_call(input_of("allow", {entry("clone", "MaskedEqual", "mask: 0x10020000, value: 0")}), "clone"),
            Texts{"if arg0 has no bit of CLONE_NEWNS|CLONE_NEWUSER, line 6"});
}

TEST(ConditionText, KeepsNumbersThatHaveNoNames) {
  EXPECT_EQ(cases_of_call(input_of("allow", {entry("socket", "Equal", "value: 0x1000")}), "socket"),
            Texts{"if arg0 == 0x1000, line 6"});
  EXPECT_EQ(cases_of_call(input_of("allow", {entry("kill", "MaskedEqual", "mask: 0xff, value: 0")}), "kill"),
            Texts{"if (arg0 & 0xff) == 0, line 6"});
  // Flags and families have no order: names would mislead.
  EXPECT_EQ(cases_of_call(input_of("allow", {entry("unshare", "LessOrEqual", "value: 0x600")}), "unshare"),
            Texts{"if arg0 <= 0x600, line 6"});
}

TEST(ConditionText, WritesNamesOfThePolicyThatStandOnTwoLines) {
  const Input input =
      input_of("allow", {"name: clone\n      arguments:\n      - argument: 0\n        operation: BitsNotSet\n"
                         "        value: CLONE_NEWNS|\n               CLONE_NEWUSER"});
  EXPECT_EQ(cases_of_call(input, "clone"), Texts{"if arg0 has no bit of CLONE_NEWNS|CLONE_NEWUSER, line 6"});
}

/// As Docker's profile has it.
TEST(ConditionText, TakesClausesTogetherThatLeaveOutAFewValues) {
  const Input docker =
      input_of("allow", {entry("socket", "LessThan", "value: 38"), entry("socket", "Equal", "value: 39"),
                         entry("socket", "GreaterThan", "value: 40")});
  EXPECT_EQ(cases_of_call(docker, "socket"), Texts{"if arg0 is any family but AF_ALG, AF_VSOCK, lines 6, 7, 8"});
  const Input number =
      input_of("allow", {entry("kill", "LessThan", "value: 7"), entry("kill", "GreaterThan", "value: 7")});
  EXPECT_EQ(cases_of_call(number, "kill"), Texts{"if arg0 is any value but 7, lines 6, 7"});
}

TEST(ConditionText, LeavesClausesApartThatComeToNoOneCondition) {
  // The largest values are left out, all values are covered, and two arguments.
  EXPECT_EQ(
      cases_of_call(input_of("allow", {entry("socket", "Equal", "value: 1"), entry("socket", "Equal", "value: 2")}),
                    "socket"),
      (Texts{"if arg0 == AF_UNIX, line 6", "if arg0 == AF_INET, line 7"}));
  EXPECT_EQ(cases_of_call(
                input_of("allow", {entry("kill", "LessOrEqual", "value: 7"), entry("kill", "GreaterThan", "value: 7")}),
                "kill"),
            (Texts{"if arg0 <= 7, line 6", "if arg0 > 7, line 7"}));
  EXPECT_EQ(cases_of_call(
                input_of("allow", {entry("kill", "LessThan", "value: 7"), entry("kill", "GreaterThan", "value: 7", 1)}),
                "kill"),
            (Texts{"if arg0 < 7, line 6", "if arg1 > 7, line 7"}));
  EXPECT_EQ(cases_of_call(
                input_of("allow", {entry("kill", "LessThan", "value: 7"), entry("kill", "GreaterThan", "value: 17")}),
                "kill"),
            (Texts{"if arg0 < 7, line 6", "if arg0 > 0x11, line 7"}))
      << "eleven values are not a few";
}

}  // namespace
}  // namespace sandbox::tool
