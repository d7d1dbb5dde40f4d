#include "resolve/evaluate.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "support/rules.h"

namespace sandbox::resolve {
namespace {

using arch::Abi;
using policy::Action;
using policy::Operation;

using testing::call_on;
using testing::clause;
using testing::condition;
using testing::kAllow;
using testing::kKillProcess;
using testing::kLog;
using testing::kNoSuchCall;
using testing::kPermission;

class Holds : public ::testing::TestWithParam<unsigned> {
 protected:
  [[nodiscard]] unsigned width() const { return GetParam(); }
  [[nodiscard]] uint64_t maximum() const { return UINT64_MAX >> (64 - width()); }
  [[nodiscard]] uint64_t middle() const { return uint64_t{1} << (width() - 1); }

  /// Whether the condition holds; the bits above the width, which must play no part, are tried as zeros and as ones.
  [[nodiscard]] bool holds(Operation operation, uint64_t value, uint64_t argument, uint64_t mask = 0) const {
    const Condition tested = condition(operation, width(), value, mask);
    const bool result = resolve::holds(tested, argument);
    EXPECT_EQ(resolve::holds(tested, argument | ~maximum()), result);
    return result;
  }
};

TEST_P(Holds, Equal) {
  for (const uint64_t value : {uint64_t{0}, uint64_t{1}, middle(), maximum()}) {
    EXPECT_TRUE(holds(Operation::kEqual, value, value));
    EXPECT_FALSE(holds(Operation::kEqual, value, value ^ 1));
    EXPECT_FALSE(holds(Operation::kEqual, value, value ^ middle()));
    EXPECT_FALSE(holds(Operation::kNotEqual, value, value));
    EXPECT_TRUE(holds(Operation::kNotEqual, value, value ^ 1));
    EXPECT_TRUE(holds(Operation::kNotEqual, value, value ^ middle()));
  }
}

TEST_P(Holds, OrderAroundAValue) {
  for (const uint64_t value : {uint64_t{1}, middle() - 1, middle(), maximum() - 1}) {
    EXPECT_FALSE(holds(Operation::kGreaterThan, value, value - 1));
    EXPECT_FALSE(holds(Operation::kGreaterThan, value, value));
    EXPECT_TRUE(holds(Operation::kGreaterThan, value, value + 1));
    EXPECT_FALSE(holds(Operation::kGreaterOrEqual, value, value - 1));
    EXPECT_TRUE(holds(Operation::kGreaterOrEqual, value, value));
    EXPECT_TRUE(holds(Operation::kGreaterOrEqual, value, value + 1));
    EXPECT_TRUE(holds(Operation::kLessThan, value, value - 1));
    EXPECT_FALSE(holds(Operation::kLessThan, value, value));
    EXPECT_FALSE(holds(Operation::kLessThan, value, value + 1));
    EXPECT_TRUE(holds(Operation::kLessOrEqual, value, value - 1));
    EXPECT_TRUE(holds(Operation::kLessOrEqual, value, value));
    EXPECT_FALSE(holds(Operation::kLessOrEqual, value, value + 1));
  }
}

TEST_P(Holds, OrderAtTheEnds) {
  EXPECT_FALSE(holds(Operation::kLessThan, 0, 0));
  EXPECT_FALSE(holds(Operation::kLessThan, 0, maximum()));
  EXPECT_TRUE(holds(Operation::kGreaterOrEqual, 0, 0));
  EXPECT_FALSE(holds(Operation::kGreaterThan, maximum(), maximum()));
  EXPECT_TRUE(holds(Operation::kLessOrEqual, maximum(), maximum()));
  EXPECT_TRUE(holds(Operation::kGreaterThan, 0, maximum())) << "unsigned";
}

TEST_P(Holds, Bits) {
  EXPECT_TRUE(holds(Operation::kBitsSet, 0b110, 0b010)) << "any bit is enough";
  EXPECT_FALSE(holds(Operation::kBitsSet, 0b110, 0b001));
  EXPECT_TRUE(holds(Operation::kBitsSet, middle(), maximum()));
  EXPECT_FALSE(holds(Operation::kBitsNotSet, 0b110, 0b010)) << "one bit is too much";
  EXPECT_TRUE(holds(Operation::kBitsNotSet, 0b110, 0b001));
  EXPECT_FALSE(holds(Operation::kBitsNotSet, middle(), middle()));
}

TEST_P(Holds, BitsOfZero) {
  for (const uint64_t argument : {uint64_t{0}, maximum()}) {
    EXPECT_FALSE(holds(Operation::kBitsSet, 0, argument));
    EXPECT_TRUE(holds(Operation::kBitsNotSet, 0, argument));
  }
}

TEST_P(Holds, MaskedEqual) {
  EXPECT_TRUE(holds(Operation::kMaskedEqual, 0b010, 0b1010, 0b011));
  EXPECT_FALSE(holds(Operation::kMaskedEqual, 0b010, 0b1011, 0b011));
  EXPECT_TRUE(holds(Operation::kMaskedEqual, middle(), maximum(), middle()));
  EXPECT_TRUE(holds(Operation::kMaskedEqual, 0, maximum(), 0)) << "an empty mask asks for nothing";
  EXPECT_FALSE(holds(Operation::kMaskedEqual, 0b100, 0b111, 0b011)) << "a value outside the mask never comes";
}

INSTANTIATE_TEST_SUITE_P(Widths, Holds, ::testing::Values(16U, 32U, 64U), ::testing::PrintToStringParamName());

TEST(HoldsBeyondTheWidth, ComesOutAsMathematicsHasIt) {
  for (const unsigned width : {16U, 32U}) {
    const uint64_t beyond = uint64_t{1} << width;
    for (const uint64_t argument : {uint64_t{0}, beyond, UINT64_MAX}) {
      EXPECT_FALSE(holds(condition(Operation::kEqual, width, beyond), argument));
      EXPECT_TRUE(holds(condition(Operation::kNotEqual, width, beyond), argument));
      EXPECT_TRUE(holds(condition(Operation::kLessThan, width, beyond), argument));
      EXPECT_TRUE(holds(condition(Operation::kLessOrEqual, width, beyond), argument));
      EXPECT_FALSE(holds(condition(Operation::kGreaterThan, width, beyond), argument));
      EXPECT_FALSE(holds(condition(Operation::kGreaterOrEqual, width, beyond), argument));
      EXPECT_FALSE(holds(condition(Operation::kBitsSet, width, beyond), argument));
      EXPECT_TRUE(holds(condition(Operation::kBitsNotSet, width, beyond), argument));
      EXPECT_FALSE(holds(condition(Operation::kMaskedEqual, width, beyond, UINT64_MAX), argument));
    }
  }
}

TEST(ConstantOutcome, IsTheOneThatEveryArgumentHas) {
  for (const unsigned width : {16U, 32U, 64U}) {
    const uint64_t maximum = UINT64_MAX >> (64 - width);
    const uint64_t middle = uint64_t{1} << (width - 1);
    const std::vector<uint64_t> values = {0,           1,       2,           5,          middle - 1, middle,
                                          maximum - 1, maximum, maximum + 1, UINT64_MAX, 0x10000,    0xffff};
    for (size_t operation = 0; operation < policy::kOperationNames.size(); ++operation) {
      for (const uint64_t value : values) {
        for (const uint64_t mask : {uint64_t{0}, uint64_t{1}, uint64_t{5}, middle, maximum, UINT64_MAX, ~maximum}) {
          const Condition tested = condition(static_cast<Operation>(operation), width, value, mask);
          size_t holding = 0;
          std::vector<uint64_t> arguments = values;
          for (const uint64_t other : values) arguments.insert(arguments.end(), {other + 1, other - 1, ~other});
          for (const uint64_t argument : arguments) holding += holds(tested, argument) ? 1 : 0;
          std::optional<bool> expected;
          if (holding == 0 || holding == arguments.size()) expected = holding != 0;
          ASSERT_EQ(constant_outcome(tested), expected)
              << policy::kOperationNames[operation] << " width " << width << ", value " << value << ", mask " << mask;
        }
      }
    }
  }
}

RuleSet rules_of(Abi abi, Verdict default_verdict, std::vector<CallRules> calls) {
  return {abi, default_verdict, std::move(calls)};
}

Verdict judge(const RuleSet& rules, const bpf::SystemCall& call) {
  return evaluate(PolicyRules{rules}, call).verdict;
}

TEST(Evaluate, LetsTheFirstMatchDecide) {
  const RuleSet rules = rules_of(Abi::kX86_64, kAllow,
                                 {{5,
                                   {clause(kPermission, {condition(Operation::kEqual, 64, 1)}),
                                    clause(kLog, {condition(Operation::kLessThan, 64, 3)}), clause(kKillProcess)}}});
  EXPECT_EQ(judge(rules, call_on(Abi::kX86_64, 5, 1)), kPermission);
  EXPECT_EQ(judge(rules, call_on(Abi::kX86_64, 5, 2)), kLog);
  EXPECT_EQ(judge(rules, call_on(Abi::kX86_64, 5, 3)), kKillProcess);
}

TEST(Evaluate, WantsEveryConditionOfAClause) {
  std::vector<Condition> conditions = {condition(Operation::kGreaterThan, 64, 1),
                                       condition(Operation::kLessThan, 64, 5), condition(Operation::kEqual, 64, 7)};
  conditions[2].argument = 5;
  const RuleSet rules = rules_of(Abi::kX86_64, kAllow, {{5, {clause(kKillProcess, conditions)}}});
  bpf::SystemCall call = call_on(Abi::kX86_64, 5, 3);
  EXPECT_EQ(judge(rules, call), kAllow);
  call.args[5] = 7;
  EXPECT_EQ(judge(rules, call), kKillProcess);
  call.args[0] = 5;
  EXPECT_EQ(judge(rules, call), kAllow);
}

TEST(Evaluate, GivesTheDefaultWhereNothingMatches) {
  const RuleSet rules =
      rules_of(Abi::kX86_64, kLog, {{5, {clause(kKillProcess, {condition(Operation::kEqual, 64, 1)})}}});
  EXPECT_EQ(judge(rules, call_on(Abi::kX86_64, 5, 2)), kLog);
  EXPECT_EQ(judge(rules, call_on(Abi::kX86_64, 6)), kLog);
}

TEST(Evaluate, SaysWhichClauseDecided) {
  const PolicyRules rules = {rules_of(Abi::kX86_64, kLog, {{5, {clause(kKillProcess)}}})};
  EXPECT_EQ(evaluate(rules, call_on(Abi::kX86_64, 5)).clause, &rules[0].calls[0].clauses[0]);
  EXPECT_EQ(evaluate(rules, call_on(Abi::kX86_64, 6)).clause, nullptr);
}

TEST(Evaluate, SaysWhatDecided) {
  PolicyRules rules = {
      rules_of(Abi::kX86_64, kLog, {{5, {clause(kKillProcess, {condition(Operation::kEqual, 64, 1)})}}})};
  const auto source = [&](Abi abi, uint32_t number, uint64_t argument = 0) {
    return evaluate(rules, call_on(abi, number, argument)).source;
  };
  EXPECT_EQ(source(Abi::kX86_64, 5, 1), VerdictSource::kGroup);
  EXPECT_EQ(source(Abi::kX86_64, 5, 2), VerdictSource::kDefault);
  EXPECT_EQ(source(Abi::kX86_64, 4711), VerdictSource::kDefault);
  EXPECT_EQ(source(Abi::kX86_64, 512), VerdictSource::kFixed);
  EXPECT_EQ(source(Abi::kX86_64, UINT32_MAX), VerdictSource::kFixed);
  EXPECT_EQ(source(Abi::kX86_64, 0x40000000), VerdictSource::kNotCovered);
  EXPECT_EQ(source(Abi::kX86, 5), VerdictSource::kNotCovered);
  EXPECT_EQ(source(Abi::kAarch64, UINT32_MAX), VerdictSource::kNotCovered);
  rules[0].abi = Abi::kX32;
  EXPECT_EQ(source(Abi::kX86_64, 5), VerdictSource::kNotCovered) << "only x32 is covered";
}

TEST(Evaluate, SaysWhereKernelDecided) {
  PolicyRules rules = {rules_of(Abi::kX86_64, kNoSuchCall, {{5, {clause(kLog)}}, {6, {Clause{{}, kPermission, {}}}}})};
  rules[0].default_source = VerdictSource::kKernel;
  EXPECT_EQ(evaluate(rules, call_on(Abi::kX86_64, 7)).source, VerdictSource::kKernel);
  EXPECT_EQ(evaluate(rules, call_on(Abi::kX86_64, 5)).source, VerdictSource::kGroup);
  const Judgement repeated = evaluate(rules, call_on(Abi::kX86_64, 6));
  EXPECT_EQ(repeated.verdict, kPermission);
  EXPECT_EQ(repeated.source, VerdictSource::kDefault) << "a clause that resolve() has made";
  EXPECT_EQ(repeated.clause, nullptr);
}

TEST(Evaluate, KillsCallsThroughAForeignAbi) {
  const RuleSet rules = rules_of(Abi::kX86_64, kAllow, {});
  EXPECT_EQ(judge(rules, call_on(Abi::kX86, 5)), kKillProcess);
  EXPECT_EQ(judge(rules, {.number = 5, .arch = 0}), kKillProcess);
  EXPECT_EQ(judge(rules, {.number = UINT32_MAX, .arch = 0}), kKillProcess) << "before the fixed rules for numbers";
}

TEST(Evaluate, JudgesEachCoveredAbiByItsOwnRules) {
  const PolicyRules rules = {rules_of(Abi::kX86_64, kAllow, {{5, {clause(kLog)}}}),
                             rules_of(Abi::kX86, kPermission, {{6, {clause(kAllow)}}})};
  EXPECT_EQ(evaluate(rules, call_on(Abi::kX86_64, 5)).verdict, kLog);
  EXPECT_EQ(evaluate(rules, call_on(Abi::kX86, 5)).verdict, kPermission);
  EXPECT_EQ(evaluate(rules, call_on(Abi::kX86, 6)).verdict, kAllow);
  EXPECT_EQ(evaluate(rules, call_on(Abi::kArm, 5)).verdict, kKillProcess);
}

TEST(Evaluate, AnswersX32NumbersWithEnosys) {
  const RuleSet rules = rules_of(Abi::kX86_64, kAllow, {});
  EXPECT_EQ(judge(rules, call_on(Abi::kX86_64, 0x3FFFFFFF)), kAllow);
  for (const uint32_t number : {0x40000000U, 0x40000001U, 0x40000208U, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFEU}) {
    EXPECT_EQ(judge(rules, call_on(Abi::kX86_64, number)), kNoSuchCall) << number;
  }
}

TEST(Evaluate, AnswersX32sOwnNumbersWithEnosys) {
  const RuleSet rules = rules_of(Abi::kX86_64, kAllow, {});
  EXPECT_EQ(judge(rules, call_on(Abi::kX86_64, 511)), kAllow);
  EXPECT_EQ(judge(rules, call_on(Abi::kX86_64, 512)), kNoSuchCall);
  EXPECT_EQ(judge(rules, call_on(Abi::kX86_64, 547)), kNoSuchCall);
  EXPECT_EQ(judge(rules, call_on(Abi::kX86_64, 548)), kAllow);
}

TEST(Evaluate, ReservesNoMoreThanMinusOneOnOtherAbis) {
  for (const Abi abi : {Abi::kX86, Abi::kArm, Abi::kAarch64, Abi::kS390x}) {
    const RuleSet rules = rules_of(abi, kAllow, {});
    EXPECT_EQ(judge(rules, call_on(abi, 512)), kAllow);
    EXPECT_EQ(judge(rules, call_on(abi, 0x40000000)), kAllow);
    EXPECT_EQ(judge(rules, call_on(abi, UINT32_MAX - 1)), kAllow);
    EXPECT_EQ(judge(rules, call_on(abi, UINT32_MAX)), kNoSuchCall);
  }
}

TEST(Evaluate, JudgesX32ByItsOwnRules) {
  const PolicyRules both = {rules_of(Abi::kX86_64, kAllow, {}),
                            rules_of(Abi::kX32, kPermission, {{0x40000001, {clause(kLog)}}})};
  EXPECT_EQ(evaluate(both, call_on(Abi::kX86_64, 1)).verdict, kAllow);
  EXPECT_EQ(evaluate(both, call_on(Abi::kX86_64, 0x40000001)).verdict, kLog);
  EXPECT_EQ(evaluate(both, call_on(Abi::kX86_64, 0x40000208)).verdict, kPermission);
  EXPECT_EQ(evaluate(both, call_on(Abi::kX86_64, 520)).verdict, kNoSuchCall);
  EXPECT_EQ(evaluate(both, call_on(Abi::kX86_64, UINT32_MAX)).verdict, kNoSuchCall);
  const PolicyRules alone = {both[1]};
  EXPECT_EQ(evaluate(alone, call_on(Abi::kX86_64, 1)).verdict, kKillProcess);
  EXPECT_EQ(evaluate(alone, call_on(Abi::kX86_64, 0x40000001)).verdict, kLog);
  EXPECT_EQ(evaluate(alone, call_on(Abi::kX86_64, 511)).verdict, kKillProcess);
  EXPECT_EQ(evaluate(alone, call_on(Abi::kX86_64, 512)).verdict, kNoSuchCall);
  EXPECT_EQ(evaluate(alone, call_on(Abi::kX86_64, 547)).verdict, kNoSuchCall);
  EXPECT_EQ(evaluate(alone, call_on(Abi::kX86_64, 548)).verdict, kKillProcess);
}

TEST(Evaluate, TakesTheStrictestOfSeveralPolicies) {
  const std::vector<PolicyRules> policies = {{rules_of(Abi::kX86_64, kAllow, {{5, {clause(kPermission)}}})},
                                             {rules_of(Abi::kX86_64, kLog, {{6, {clause(kKillProcess)}}})},
                                             {rules_of(Abi::kX86_64, kAllow, {{5, {clause(kNoSuchCall)}}})}};
  EXPECT_EQ(evaluate(policies, call_on(Abi::kX86_64, 4)).verdict, kLog);
  EXPECT_EQ(evaluate(policies, call_on(Abi::kX86_64, 5)).verdict, kNoSuchCall) << "the later errno";
  EXPECT_EQ(evaluate(policies, call_on(Abi::kX86_64, 5)).clause, &policies[2][0].calls[0].clauses[0]);
  EXPECT_EQ(evaluate(policies, call_on(Abi::kX86_64, 5)).policy, 2U);
  EXPECT_EQ(evaluate(policies, call_on(Abi::kX86_64, 4)).policy, 1U);
  EXPECT_EQ(evaluate(policies, call_on(Abi::kX86_64, 6)).verdict, kKillProcess);
  EXPECT_EQ(evaluate(policies, call_on(Abi::kX86_64, 6)).policy, 1U);
  EXPECT_EQ(evaluate(policies, call_on(Abi::kX86, 6)).verdict, kKillProcess);
}

TEST(CanGive, WithSomeArguments) {
  const Clause conditional = clause(kPermission, {condition(Operation::kEqual, 64, 1)});
  const PolicyRules rules = {
      rules_of(Abi::kX86_64, kLog, {{5, {conditional}}, {6, {conditional, clause(kAllow)}}, {7, {clause(kAllow)}}})};
  const auto given = [&](uint32_t number) {
    std::vector<Action> actions;
    for (const Action action : {Action::kErrno, Action::kLog, Action::kAllow}) {
      if (can_give(rules, call_on(Abi::kX86_64, number), action)) actions.push_back(action);
    }
    return actions;
  };
  EXPECT_EQ(given(5), (std::vector{Action::kErrno, Action::kLog}));
  EXPECT_EQ(given(6), (std::vector{Action::kErrno, Action::kAllow}));
  EXPECT_EQ(given(7), std::vector{Action::kAllow});
  EXPECT_EQ(given(8), std::vector{Action::kLog});
  EXPECT_FALSE(can_give(rules, call_on(Abi::kX86, 7), Action::kAllow)) << "not covered";
}

TEST(DependsOnArguments, ByItsClauses) {
  const Clause conditional = clause(kPermission, {condition(Operation::kEqual, 64, 1)});
  const PolicyRules rules = {rules_of(Abi::kX86_64, kLog, {{5, {conditional, clause(kAllow)}}, {7, {clause(kAllow)}}})};
  EXPECT_TRUE(depends_on_arguments(rules, call_on(Abi::kX86_64, 5)));
  EXPECT_FALSE(depends_on_arguments(rules, call_on(Abi::kX86_64, 7)));
  EXPECT_FALSE(depends_on_arguments(rules, call_on(Abi::kX86_64, 8)));
  EXPECT_FALSE(depends_on_arguments(rules, call_on(Abi::kX86, 5)));
}

TEST(Evaluate, PutsTheFixedRulesBeforeThePolicys) {
  const RuleSet rules = rules_of(Abi::kX86_64, kKillProcess, {{512, {clause(kAllow)}}, {UINT32_MAX, {clause(kAllow)}}});
  EXPECT_EQ(judge(rules, call_on(Abi::kX86_64, 512)), kNoSuchCall);
  EXPECT_EQ(judge(rules, call_on(Abi::kX86_64, UINT32_MAX)), kNoSuchCall);
}

}  // namespace
}  // namespace sandbox::resolve
