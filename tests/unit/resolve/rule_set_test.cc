#include "resolve/rule_set.h"

#include <gtest/gtest.h>
#include <linux/seccomp.h>

namespace sandbox::resolve {
namespace {

using policy::Action;

struct Pair {
  Verdict verdict;
  uint32_t value;
};

constexpr Pair kPairs[] = {
    {{Action::kKillProcess, 0}, 0x80000000}, {{Action::kKillThread, 0}, 0x00000000}, {{Action::kTrap, 0}, 0x00030000},
    {{Action::kErrno, 1}, 0x00050001},       {{Action::kErrno, 4095}, 0x00050fff},   {{Action::kTrace, 0}, 0x7ff00000},
    {{Action::kLog, 0}, 0x7ffc0000},         {{Action::kAllow, 0}, 0x7fff0000},
};

TEST(SeccompReturn, IsTheKernelsValue) {
  for (const Pair& pair : kPairs) EXPECT_EQ(seccomp_return(pair.verdict), pair.value);
}

TEST(VerdictOf, IsTheReverse) {
  for (const Pair& pair : kPairs) EXPECT_EQ(verdict_of(pair.value), pair.verdict) << pair.value;
}

TEST(VerdictOf, ReadsTheDataOfActionsThatHaveAny) {
  EXPECT_EQ(verdict_of(SECCOMP_RET_TRAP | 7), (Verdict{Action::kTrap, 7}));
  EXPECT_EQ(verdict_of(SECCOMP_RET_TRACE | 7), (Verdict{Action::kTrace, 7}));
  EXPECT_EQ(verdict_of(SECCOMP_RET_ALLOW | 7), (Verdict{Action::kAllow, 0}));
}

TEST(VerdictOf, TakesUnknownActionsAsTheKernelDoes) {
  EXPECT_EQ(verdict_of(SECCOMP_RET_USER_NOTIF), (Verdict{Action::kKillProcess, 0}));
  EXPECT_EQ(verdict_of(0x12340000), (Verdict{Action::kKillProcess, 0}));
  EXPECT_EQ(verdict_of(0x00010000), (Verdict{Action::kKillProcess, 0}));
  EXPECT_EQ(verdict_of(UINT32_MAX), (Verdict{Action::kKillProcess, 0}));
}

TEST(MoreRestrictive, FollowsTheKernelsOrder) {
  for (const Pair& one : kPairs) {
    for (const Pair& other : kPairs) {
      // seccomp(2): the value with the highest precedence is the lowest as a signed number.
      const auto action = [](uint32_t value) { return static_cast<int32_t>(value & SECCOMP_RET_ACTION_FULL); };
      const bool later = action(other.value) <= action(one.value);
      EXPECT_EQ(more_restrictive(one.verdict, other.verdict), later ? other.verdict : one.verdict);
    }
  }
}

TEST(SetPolicy, MarksTheClausesOfGroups) {
  const Clause written = {{}, {}, Origin{}};
  RuleSet rules = {arch::Abi::kX86_64, {}, {{1, {written, written, Clause{}}}, {2, {written}}}};
  set_policy(rules, 3);
  EXPECT_EQ(rules.calls[0].clauses[0].origin->policy, 3U);
  EXPECT_EQ(rules.calls[0].clauses[1].origin->policy, 3U);
  EXPECT_FALSE(rules.calls[0].clauses[2].origin);
  EXPECT_EQ(rules.calls[1].clauses[0].origin->policy, 3U);
}

TEST(ClausesOf, FindsTheNumberAlone) {
  const RuleSet rules = {arch::Abi::kX86_64, {}, {{1, {Clause{}}}, {5, {Clause{}, Clause{}}}}};
  EXPECT_EQ(clauses_of(rules, 1).data(), rules.calls[0].clauses.begin());
  EXPECT_EQ(clauses_of(rules, 5).data(), rules.calls[1].clauses.begin());
  for (const uint32_t number : {0U, 2U, 4U, 6U, UINT32_MAX}) EXPECT_TRUE(clauses_of(rules, number).empty()) << number;
  EXPECT_TRUE(clauses_of(RuleSet{}, 0).empty());
}

TEST(FindRules, FindsTheAbiAlone) {
  PolicyRules rules(2);
  rules[0].abi = arch::Abi::kX86;
  rules[1].abi = arch::Abi::kX32;
  EXPECT_EQ(find_rules(rules, arch::Abi::kX86), &rules[0]);
  EXPECT_EQ(find_rules(rules, arch::Abi::kX32), &rules[1]);
  EXPECT_EQ(find_rules(rules, arch::Abi::kX86_64), nullptr);
  EXPECT_EQ(find_rules({}, arch::Abi::kX86), nullptr);
}

TEST(FindRules, FindsThoseOfACall) {
  PolicyRules rules(2);
  rules[0].abi = arch::Abi::kX86_64;
  rules[1].abi = arch::Abi::kX32;
  const uint32_t x86_64 = arch::info(arch::Abi::kX86_64).audit_arch;
  EXPECT_EQ(find_rules(rules, bpf::SystemCall{5, x86_64, {}, 0}), &rules[0]);
  EXPECT_EQ(find_rules(rules, bpf::SystemCall{0x40000005, x86_64, {}, 0}), &rules[1]);
  EXPECT_EQ(find_rules(rules, bpf::SystemCall{5, 0x1234, {}, 0}), nullptr);
}

}  // namespace
}  // namespace sandbox::resolve
