// Several policies in one filter: the more restrictive verdict of each, on equal actions the later one's data.
#include <gtest/gtest.h>

#include <iterator>
#include <vector>

#include "arch/syscalls.h"
#include "bpf/interpret.h"
#include "compile/compile.h"
#include "resolve/evaluate.h"
#include "support/random.h"
#include "support/rules.h"

namespace sandbox::compile {
namespace {

using arch::Abi;
using policy::Action;
using policy::Operation;
using resolve::PolicyRules;
using resolve::RuleSet;
using resolve::Verdict;
using testing::always;
using testing::call_on;
using testing::clause;
using testing::condition;
using testing::kAllow;
using testing::kKillProcess;
using testing::kLog;
using testing::kNoSuchCall;
using testing::kPermission;

using Policies = std::vector<PolicyRules>;

Verdict judge(const Policies& policies, const bpf::SystemCall& call) {
  const auto filter = compile(policies);
  EXPECT_TRUE(filter.ok());
  if (!filter) return {};
  const Verdict verdict = resolve::verdict_of(interpret(filter->program, call, bpf::Endian::kLittle).value);
  EXPECT_EQ(verdict, resolve::evaluate(policies, call).verdict);
  return verdict;
}

/// A rule set in which calls below 5 with argument 1 get the verdict.
RuleSet on_one(Verdict verdict, Abi abi = Abi::kX86_64) {
  RuleSet rules = {abi, kAllow, {}};
  for (uint32_t number = 0; number < 5; ++number) {
    rules.calls.push_back({number, {clause(verdict, {condition(Operation::kEqual, 32, 1)})}});
  }
  return rules;
}

TEST(Combination, TakesTheMoreRestrictiveVerdict) {
  const RuleSet allow_few = {Abi::kX86_64, kPermission, {always(3, kAllow), always(4, kLog)}};
  for (const Policies& policies :
       {Policies{{allow_few}, {on_one(kKillProcess)}}, Policies{{on_one(kKillProcess)}, {allow_few}}}) {
    EXPECT_EQ(judge(policies, call_on(Abi::kX86_64, 3, 0)), kAllow);
    EXPECT_EQ(judge(policies, call_on(Abi::kX86_64, 3, 1)), kKillProcess);
    EXPECT_EQ(judge(policies, call_on(Abi::kX86_64, 4, 0)), kLog);
    EXPECT_EQ(judge(policies, call_on(Abi::kX86_64, 2, 0)), kPermission);
    EXPECT_EQ(judge(policies, call_on(Abi::kX86_64, 2, 1)), kKillProcess);
  }
}

TEST(Combination, TakesTheLaterDataOfEqualActions) {
  const PolicyRules first = {on_one(kPermission)};
  const PolicyRules second = {on_one(kNoSuchCall)};
  EXPECT_EQ(judge({first, second}, call_on(Abi::kX86_64, 0, 1)), kNoSuchCall);
  EXPECT_EQ(judge({second, first}, call_on(Abi::kX86_64, 0, 1)), kPermission);
}

TEST(Combination, KillsThroughAnAbiThatNotAllCover) {
  const Policies policies = {{on_one(kPermission), on_one(kPermission, Abi::kX86)}, {on_one(kLog, Abi::kX86)}};
  EXPECT_EQ(judge(policies, call_on(Abi::kX86_64, 0)), kKillProcess);
  EXPECT_EQ(judge(policies, call_on(Abi::kX86, 0)), kAllow);
  EXPECT_EQ(judge(policies, call_on(Abi::kX86, 0, 1)), kPermission);
}

TEST(Combination, AnswersX32NumbersAsTheFiltersWould) {
  const Policies one_covers = {{{Abi::kX86_64, kAllow, {}}, {Abi::kX32, kKillProcess, {}}},
                               {{Abi::kX86_64, kAllow, {}}}};
  EXPECT_EQ(judge(one_covers, call_on(Abi::kX86_64, 0x40000001)), kKillProcess);
  EXPECT_EQ(judge(one_covers, call_on(Abi::kX86_64, 1)), kAllow);
  const Policies x32_alone = {{{Abi::kX86_64, kAllow, {}}}, {{Abi::kX32, kAllow, {}}}};
  EXPECT_EQ(judge(x32_alone, call_on(Abi::kX86_64, 0x40000001)), kNoSuchCall);
  EXPECT_EQ(judge(x32_alone, call_on(Abi::kX86_64, 1)), kKillProcess);
}

TEST(Combination, LeavesTheTokenItsWay) {
  const Policies policies = {{{Abi::kX86_64, kAllow, {always(59, kPermission)}}}, {{Abi::kX86_64, kAllow, {}}}};
  const auto filter = compile(policies, {.launcher = Abi::kX86_64});
  ASSERT_TRUE(filter.ok());
  EXPECT_EQ(filter->token_sites.size(), kTokenWords) << "execve alone needs it";
  const auto armed = bpf::validate(with_lasting_token(*filter, {}));
  ASSERT_TRUE(armed.ok());
  EXPECT_EQ(interpret(*armed, call_on(Abi::kX86_64, 59), bpf::Endian::kLittle).value, SECCOMP_RET_ALLOW);
}

TEST(Combination, SaysWhichPolicyCostsMost) {
  RuleSet large = {Abi::kX86_64, kAllow, {{5, {}}}};
  for (uint32_t i = 0; i < 3000; ++i) {
    large.calls[0].clauses.push_back(clause(kPermission, {condition(Operation::kEqual, 32, i)}));
    std::prev(large.calls[0].clauses.end())->conditions[0].argument = static_cast<uint8_t>(i % 2);  // Not one search.
  }
  Policies policies = {{on_one(kPermission)}, {large}};
  for (uint32_t i = 0; i < policies.size(); ++i) set_policy(policies[i][0], i);
  const auto filter = compile(policies);
  ASSERT_FALSE(filter.ok());
  ASSERT_TRUE(filter.error().costliest.has_value());
  EXPECT_EQ(filter.error().costliest->policy, 1U) << "both have a group 0";
  EXPECT_EQ(filter.error().costliest->group, 0U);
}

/// Up to four clauses on two arguments with few values, so that the policies' conditions meet.
RuleSet random_rules(testing::Random& random) {
  constexpr Verdict kVerdicts[] = {kAllow,      kLog,         {Action::kTrace, 0},      kPermission,
                                   kNoSuchCall, kKillProcess, {Action::kKillThread, 0}, {Action::kTrap, 0}};
  constexpr Operation kOperations[] = {Operation::kEqual, Operation::kLessThan, Operation::kBitsSet,
                                       Operation::kNotEqual};
  RuleSet rules = {Abi::kX86_64, random.any_of(kVerdicts), {}};
  for (const uint32_t number : {1U, 2U}) {
    rules.calls.push_back({number, {}});
    for (size_t clauses = random.below(5); clauses > 0; --clauses) {
      std::vector<resolve::Condition> conditions;
      for (size_t i = random.below(3); i > 0; --i) {
        conditions.push_back(condition(random.any_of(kOperations), 32, random.below(4)));
        conditions.back().argument = static_cast<uint8_t>(random.below(2));
      }
      rules.calls.back().clauses.push_back(clause(random.any_of(kVerdicts), conditions));
    }
  }
  return rules;
}

TEST(Combination, MeansAllOfThem) {
  testing::Random random(testing::test_seed());
  for (int round = 0; round < 300; ++round) {
    Policies policies;
    for (size_t count = 2 + random.below(3); count > 0; --count) policies.push_back({random_rules(random)});
    const auto filter = compile(policies);
    ASSERT_TRUE(filter.ok());
    for (uint32_t number = 0; number < 4; ++number) {
      for (uint64_t arguments = 0; arguments < 25; ++arguments) {
        bpf::SystemCall call = call_on(Abi::kX86_64, number, arguments % 5);
        call.args[1] = arguments / 5;
        ASSERT_EQ(resolve::verdict_of(interpret(filter->program, call, bpf::Endian::kLittle).value),
                  resolve::evaluate(policies, call).verdict)
            << "number " << number << ", arguments " << arguments % 5 << " and " << arguments / 5;
      }
    }
  }
}

/// Each of so many values of an argument gets an errno of its own.
RuleSet errnos(uint8_t argument, uint16_t count) {
  RuleSet rules = {Abi::kX86_64, kAllow, {{5, {}}}};
  for (uint16_t i = 1; i <= count; ++i) {
    resolve::Condition equal = condition(Operation::kEqual, 64, i);
    equal.argument = argument;
    rules.calls[0].clauses.push_back(clause({Action::kErrno, i}, {equal}));
  }
  return rules;
}

// Their filter would have as many answers as pairs of clauses: tried as a whole it takes minutes.
TEST(Combination, GivesUpOnThousandsOfVerdictsInTwoPolicies) {
  EXPECT_TRUE(compile(Policies{{errnos(0, 10)}, {errnos(1, 10)}}).ok());
  const auto filter = compile(Policies{{errnos(0, 4000)}, {errnos(1, 4000)}});
  ASSERT_FALSE(filter.ok());
  EXPECT_GT(filter.error().instructions, bpf::kMaxInstructions);
  EXPECT_LT(filter.error().instructions, 1'000'000U);
  EXPECT_TRUE(filter.error().costliest.has_value());
}

/// All values of argument 2 over `count` thresholds, the largest first, are logged: as one search, a single comparison.
RuleSet logs(uint16_t count) {
  RuleSet rules = {Abi::kX86_64, kAllow, {{5, {}}}};
  for (uint16_t i = count; i > 0; --i) {
    resolve::Condition greater = condition(Operation::kGreaterThan, 64, i);
    greater.argument = 2;
    rules.calls[0].clauses.push_back(clause(kLog, {greater}));
  }
  return rules;
}

// The program would be short, so its size is not what is wrong.
TEST(Combination, SaysThatItGaveUpOnACallWithTooManyClauses) {
  EXPECT_TRUE(compile(Policies{{errnos(0, 900)}, {logs(2000)}}).ok());
  const auto filter = compile(Policies{{errnos(0, 900)}, {logs(2500)}});
  ASSERT_FALSE(filter.ok());
  EXPECT_TRUE(filter.error().gave_up);
  EXPECT_LT(filter.error().instructions, bpf::kMaxInstructions);
  EXPECT_FALSE(compile(Policies{{errnos(0, 2000)}, {errnos(1, 200)}}).error().gave_up);
}

// Nor that many clauses: it ends at the nodes that there are by then.
TEST(Combination, GivesUpOnNodesAlone) {
  RuleSet second = errnos(1, 400);
  for (size_t i = 0; i < second.calls[0].clauses.size(); ++i) {
    (second.calls[0].clauses.begin() + static_cast<std::ptrdiff_t>(i))->conditions[0].argument =
        static_cast<uint8_t>(1 + i % 2);  // Not one search.
  }
  const auto filter = compile(Policies{{errnos(0, 1000)}, {second}});
  ASSERT_FALSE(filter.ok());
  EXPECT_FALSE(filter.error().gave_up);
  EXPECT_GT(filter.error().instructions, 300'000U);
  EXPECT_LT(filter.error().instructions, 310'000U);
}

TEST(Combination, X32AloneAnswersItsOwnNumbersWithoutTheBit) {
  const Policies policies = {{{Abi::kX32, kAllow, {}}}};
  EXPECT_EQ(judge(policies, call_on(Abi::kX86_64, 511)), kKillProcess);
  EXPECT_EQ(judge(policies, call_on(Abi::kX86_64, 512)), kNoSuchCall);
  EXPECT_EQ(judge(policies, call_on(Abi::kX86_64, 547)), kNoSuchCall);
  EXPECT_EQ(judge(policies, call_on(Abi::kX86_64, 548)), kKillProcess);
  EXPECT_EQ(judge(policies, call_on(Abi::kX86_64, 0x40000000)), kAllow);
}

}  // namespace
}  // namespace sandbox::compile
