#include "compile/ranges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "resolve/evaluate.h"
#include "support/random.h"
#include "support/rules.h"

namespace sandbox::compile {
namespace {

using arch::Abi;
using policy::Operation;
using resolve::CallRules;
using resolve::PolicyRules;
using resolve::RuleSet;
using resolve::Verdict;
using testing::always;
using testing::clause;
using testing::condition;
using testing::kAllow;
using testing::kKillProcess;
using testing::kLog;
using testing::kNoSuchCall;
using testing::kPermission;

/// A policy's rules for the arch of its first ABI.
ArchRules arch_rules(const PolicyRules& policy) {
  ArchRules rules;
  for (const RuleSet& set : policy) (set.abi == Abi::kX32 ? rules.x32 : rules.base) = &set;
  return rules;
}

std::vector<Range> partition_of(const std::vector<PolicyRules>& policies, std::span<const uint32_t> token_calls = {}) {
  std::vector<ArchRules> rules;
  for (const PolicyRules& policy : policies) rules.push_back(arch_rules(policy));
  return partition(arch::info(policies.front().front().abi).audit_arch, rules, token_calls);
}

/// "FIRST:VERDICT" for each range; with "?" where arguments matter, "&" between several policies' verdicts and "+"
/// where the token opens.
std::string outline(const std::vector<Range>& ranges) {
  std::string text;
  for (const Range& range : ranges) {
    if (!text.empty()) text += ' ';
    text += std::to_string(range.first) + ":";
    if (range.decision.chains.empty()) text += "allow";
    for (const Chain& chain : range.decision.chains) {
      if (&chain != &range.decision.chains.front()) text += '&';
      text += policy::name_of(chain.otherwise.action);
      if (chain.otherwise.data != 0) text += std::to_string(chain.otherwise.data);
      if (!chain.clauses.empty()) text += '?';
    }
    if (range.decision.token) text += '+';
  }
  return text;
}

std::string outline(const RuleSet& rules, std::span<const uint32_t> token_calls = {}) {
  const std::vector<PolicyRules> policies = {{rules}};
  return outline(partition_of(policies, token_calls));
}

TEST(Partition, CutsAtEachSingleCall) {
  EXPECT_EQ(outline({Abi::kAarch64, kAllow, {always(5, kPermission), always(9, kLog)}}),
            "0:allow 5:errno1 6:allow 9:log 10:allow 4294967295:errno38");
}

TEST(Partition, MergesNeighboursThatDecideAlike) {
  EXPECT_EQ(outline({Abi::kAarch64, kPermission, {always(5, kAllow), always(6, kAllow), always(7, kPermission)}}),
            "0:errno1 5:allow 7:errno1 4294967295:errno38");
}

TEST(Partition, HasOneRangeWhereEverythingIsAlike) {
  EXPECT_EQ(outline({Abi::kAarch64, kAllow, {}}), "0:allow 4294967295:errno38");
  EXPECT_EQ(outline({Abi::kAarch64, kNoSuchCall, {}}), "0:errno38");
  EXPECT_EQ(outline({Abi::kAarch64, kAllow, {always(0, kLog)}}), "0:log 1:allow 4294967295:errno38");
}

TEST(Partition, ReservesX32sNumbers) {
  EXPECT_EQ(outline({Abi::kX86_64, kAllow, {}}), "0:allow 512:errno38 548:allow 1073741824:errno38");
  EXPECT_EQ(outline({Abi::kX86_64, kNoSuchCall, {}}), "0:errno38");
}

TEST(Partition, LetsNoRuleIntoTheReservedNumbers) {
  EXPECT_EQ(outline({Abi::kX86_64,
                     kAllow,
                     {always(511, kLog), always(512, kLog), always(547, kLog), always(548, kLog),
                      always(0x40000000, kLog), always(UINT32_MAX, kLog)}}),
            "0:allow 511:log 512:errno38 548:log 549:allow 1073741824:errno38");
  EXPECT_EQ(outline({Abi::kArm, kAllow, {always(UINT32_MAX - 1, kLog), always(UINT32_MAX, kLog)}}),
            "0:allow 4294967294:log 4294967295:errno38");
}

TEST(Partition, TellsConditionsApart) {
  const auto chain = [](uint64_t value) { return clause(kPermission, {condition(Operation::kEqual, 64, value)}); };
  EXPECT_EQ(outline({Abi::kAarch64, kAllow, {{5, {chain(1)}}, {6, {chain(1)}}, {7, {chain(2)}}}}),
            "0:allow 5:allow? 7:allow? 8:allow 4294967295:errno38");
}

TEST(Partition, DropsClausesThatNothingReaches) {
  EXPECT_EQ(
      outline({Abi::kAarch64,
               kAllow,
               {{5, {clause(kLog), clause(kPermission, {condition(Operation::kEqual, 64, 1)}), clause(kAllow)}}}}),
      "0:allow 5:log 6:allow 4294967295:errno38");
}

TEST(Partition, DropsConditionsThatChangeNothing) {
  EXPECT_EQ(outline({Abi::kAarch64, kAllow, {{5, {clause(kAllow, {condition(Operation::kEqual, 64, 1)})}}}}),
            "0:allow 4294967295:errno38");
  const resolve::Clauses first_matters = {clause(kLog, {condition(Operation::kEqual, 64, 1)}),
                                          clause(kAllow, {condition(Operation::kEqual, 64, 2)})};
  EXPECT_EQ(outline({Abi::kAarch64, kAllow, {{5, first_matters}}}), "0:allow 5:allow? 6:allow 4294967295:errno38");
}

TEST(Partition, KeepsAClauseBeforeOneThatDecidesOtherwise) {
  const resolve::Clauses exception = {clause(kAllow, {condition(Operation::kEqual, 64, 1)}), clause(kLog)};
  const RuleSet rules = {Abi::kAarch64, kAllow, {{5, exception}}};
  EXPECT_EQ(outline(rules), "0:allow 5:log? 6:allow 4294967295:errno38");
}

TEST(Partition, OpensTheTokensCallsOnlyWhereTheyAreNotAllowed) {
  constexpr uint32_t kCalls[] = {1, 3, 5, 7};
  const RuleSet rules = {
      Abi::kAarch64,
      kPermission,
      {always(1, kAllow), {3, {clause(kAllow, {condition(Operation::kEqual, 64, 1)})}}, always(5, kKillProcess)}};
  EXPECT_EQ(outline(rules, kCalls),
            "0:errno1 1:allow 2:errno1 3:errno1?+ 4:errno1 5:kill_process+ 6:errno1 7:errno1+ 8:errno1 "
            "4294967295:errno38");
}

// x32 shares x86_64's arch value; the number tells them apart.

TEST(Partition, JoinsTheRulesOfX32) {
  const RuleSet x86_64 = {Abi::kX86_64, kAllow, {always(3, kLog)}};
  const RuleSet x32 = {Abi::kX32, kPermission, {always(0x40000208, kAllow)}};
  EXPECT_EQ(outline(partition_of({{x86_64, x32}})),
            "0:allow 3:log 4:allow 512:errno38 548:allow 1073741824:errno1 1073742344:allow 1073742345:errno1 "
            "4294967295:errno38");
  EXPECT_EQ(outline(partition_of({{x32}})),
            "0:kill_process 512:errno38 548:kill_process 1073741824:errno1 1073742344:allow 1073742345:errno1 "
            "4294967295:errno38");
}

// Several policies.

TEST(Partition, KeepsEachPolicysVerdict) {
  const RuleSet first = {Abi::kAarch64, kAllow, {always(5, kPermission), always(9, kLog)}};
  const RuleSet second = {Abi::kAarch64, kAllow, {always(5, kLog), always(7, kLog)}};
  EXPECT_EQ(outline(partition_of({{first}, {second}})),
            "0:allow 5:errno1&log 6:allow 7:log 8:allow 9:log 10:allow 4294967295:errno38&errno38");
}

TEST(Partition, DropsThePoliciesThatAllow) {
  const RuleSet first = {Abi::kAarch64, kAllow, {}};
  const RuleSet second = {Abi::kAarch64, kPermission, {always(5, kAllow)}};
  EXPECT_EQ(outline(partition_of({{first}, {second}})), "0:errno1 5:allow 6:errno1 4294967295:errno38&errno38");
}

/// Random rules over few numbers, so that neighbours, equals and the ends of the number line all come up.
RuleSet random_rules(Abi abi, testing::Random& random) {
  constexpr Verdict kVerdicts[] = {kAllow, kLog, kPermission, kNoSuchCall};
  RuleSet rules = {abi, random.any_of(kVerdicts), {}};
  for (const uint32_t number : {0U, 1U, 2U, 3U, 4U, 10U, 511U, 512U, 547U, 548U, 0x3fffffffU, 0x40000000U, 0x40000001U,
                                0x40000208U, UINT32_MAX - 1}) {
    if (random.one_in(2)) continue;
    CallRules call = {number, {}};
    for (size_t clauses = random.below(4); clauses > 0; --clauses) {
      resolve::Clause drawn = clause(random.any_of(kVerdicts));
      if (!random.one_in(3)) drawn.conditions = {condition(Operation::kEqual, 64, random.below(2))};
      call.clauses.push_back(std::move(drawn));
    }
    rules.calls.push_back(std::move(call));
  }
  return rules;
}

/// One policy on the ABIs of one arch.
PolicyRules random_policy(Abi abi, testing::Random& random) {
  if (abi != Abi::kX86_64) return {random_rules(abi, random)};
  PolicyRules rules;
  if (!random.one_in(3)) rules.push_back(random_rules(Abi::kX86_64, random));
  if (rules.empty() || random.one_in(3)) rules.push_back(random_rules(Abi::kX32, random));
  return rules;
}

const Decision& decision_for(const std::vector<Range>& ranges, uint32_t number) {
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), number,
                                      [](uint32_t n, const Range& range) { return n < range.first; });
  return std::prev(after)->decision;
}

Verdict verdict_for(const Chain& chain, const bpf::SystemCall& call) {
  for (const resolve::Clause* clause : chain.clauses) {
    bool matches = true;
    for (const resolve::Condition& c : clause->conditions) matches = matches && holds(c, call.args[c.argument]);
    if (matches) return clause->verdict;
  }
  return chain.otherwise;
}

Verdict verdict_for(const Decision& decision, const bpf::SystemCall& call) {
  Verdict verdict = kAllow;
  for (const Chain& chain : decision.chains) verdict = more_restrictive(verdict, verdict_for(chain, call));
  return verdict;
}

TEST(Partition, IsTotalSortedMergedAndMeansTheRules) {
  testing::Random random(testing::test_seed());
  for (int round = 0; round < 2000; ++round) {
    constexpr Abi kAbis[] = {Abi::kX86_64, Abi::kX86, Abi::kAarch64};
    const Abi abi = random.any_of(kAbis);
    std::vector<PolicyRules> policies;
    for (size_t count = 1 + random.below(3); count > 0; --count) policies.push_back(random_policy(abi, random));
    const std::vector<Range> ranges = partition_of(policies);
    ASSERT_FALSE(ranges.empty());
    ASSERT_EQ(ranges[0].first, 0U);
    for (size_t i = 1; i < ranges.size(); ++i) {
      ASSERT_LT(ranges[i - 1].first, ranges[i].first);
      ASSERT_FALSE(ranges[i - 1].decision == ranges[i].decision);
    }
    for (const uint32_t number : {0U,
                                  1U,
                                  2U,
                                  3U,
                                  4U,
                                  5U,
                                  9U,
                                  10U,
                                  11U,
                                  510U,
                                  511U,
                                  512U,
                                  547U,
                                  548U,
                                  549U,
                                  0x3ffffffeU,
                                  0x3fffffffU,
                                  0x40000000U,
                                  0x40000001U,
                                  0x40000002U,
                                  0x40000208U,
                                  0x40000209U,
                                  UINT32_MAX - 2,
                                  UINT32_MAX - 1,
                                  UINT32_MAX}) {
      for (const uint64_t argument : {0U, 1U, 2U}) {
        const bpf::SystemCall call = testing::call_on(abi, number, argument);
        ASSERT_EQ(verdict_for(decision_for(ranges, number), call), resolve::evaluate(policies, call).verdict)
            << number << " with " << argument << " on " << arch::info(abi).name << ", round " << round;
      }
    }
  }
}

}  // namespace
}  // namespace sandbox::compile
