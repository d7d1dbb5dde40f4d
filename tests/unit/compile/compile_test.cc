#include "compile/compile.h"

#include <gtest/gtest.h>

#include "bpf/interpret.h"
#include "resolve/evaluate.h"
#include "support/compile_rules.h"
#include "support/random.h"
#include "support/rules.h"

namespace sandbox::compile {
namespace {

using arch::Abi;
using policy::Operation;
using resolve::RuleSet;
using resolve::Verdict;
using testing::always;
using testing::call_on;
using testing::clause;
using testing::compile_rules;
using testing::condition;
using testing::kAllow;
using testing::kKillProcess;
using testing::kLog;
using testing::kPermission;

TEST(Compile, CountsTheRangesOfAllAbis) {
  const std::vector<RuleSet> rules = {{Abi::kAarch64, kAllow, {always(5, kLog)}}, {Abi::kArm, kAllow, {}}};
  const auto filter = compile_rules(rules);
  ASSERT_TRUE(filter.ok());
  EXPECT_EQ(filter->ranges, 4U + 2U);
}

TEST(Compile, KillsEveryCallWithoutAnyRules) {
  const auto filter = compile_rules(std::vector<RuleSet>());
  ASSERT_TRUE(filter.ok());
  EXPECT_EQ(interpret(filter->program, call_on(Abi::kX86_64, 0), bpf::Endian::kLittle).value, SECCOMP_RET_KILL_PROCESS);
}

TEST(Compile, TriesClausesInOrder) {
  const RuleSet rules = {Abi::kX86_64,
                         kAllow,
                         {{5,
                           {clause(kPermission, {condition(Operation::kEqual, 64, 1)}),
                            clause(kLog, {condition(Operation::kLessThan, 64, 3)}), clause(kKillProcess)}}}};
  const auto filter = compile_rules(rules);
  ASSERT_TRUE(filter.ok());
  const auto verdict = [&](uint64_t argument) {
    return resolve::verdict_of(
        interpret(filter->program, call_on(Abi::kX86_64, 5, argument), bpf::Endian::kLittle).value);
  };
  EXPECT_EQ(verdict(1), kPermission);
  EXPECT_EQ(verdict(2), kLog);
  EXPECT_EQ(verdict(3), kKillProcess);
  EXPECT_EQ(verdict(1 | uint64_t{1} << 32), kKillProcess);
}

TEST(Compile, SharesWhatAbisHaveInCommon) {
  const std::vector<resolve::CallRules> calls = {
      always(3, kLog), {5, {clause(kPermission, {condition(Operation::kEqual, 32, 7)})}}, always(9, kPermission)};
  const RuleSet aarch64 = {Abi::kAarch64, kAllow, calls};
  const RuleSet riscv64 = {Abi::kRiscv64, kAllow, calls};
  const RuleSet x86 = {Abi::kX86, kAllow, {calls[1]}};
  for (const Effort effort : {Effort::kQuick, Effort::kBest}) {
    const auto size_of = [&](const std::vector<RuleSet>& rules) {
      const auto filter = compile_rules(rules, {.launcher = {}, .effort = effort});
      return filter ? filter->program.size() : 0;
    };
    const size_t alone = size_of({aarch64});
    EXPECT_EQ(size_of({aarch64, riscv64}), alone + 1) << "equal numbers: one comparison of the ABI more";
    EXPECT_LE(size_of({aarch64, x86}), alone + 1 + 3) << "the ABI, ld, two comparisons; not the condition and returns";
  }
}

TEST(Compile, CoversSeveralAbisWithBothByteOrders) {
  std::vector<RuleSet> sets;
  uint16_t number = 1;
  for (const arch::AbiInfo& abi : arch::all_abis()) {
    if (abi.abi == Abi::kX32) continue;  // Its calls come with x86_64's audit value.
    sets.push_back(
        {abi.abi, kAllow, {{7, {clause({policy::Action::kErrno, number}, {condition(Operation::kEqual, 64, 9)})}}}});
    if (abi.register_bits == 32) sets.back().calls[0].clauses.begin()->conditions[0].width = 32;
    ++number;
  }
  const auto filter = compile_rules(sets);
  ASSERT_TRUE(filter.ok());
  for (const RuleSet& set : sets) {
    for (const uint64_t argument : {uint64_t{9}, uint64_t{8}, uint64_t{9} << 32}) {
      const bpf::SystemCall call = call_on(set.abi, 7, argument);
      EXPECT_EQ(resolve::verdict_of(interpret(filter->program, call, arch::info(set.abi).endian).value),
                evaluate(sets, call).verdict)
          << arch::info(set.abi).name << ", " << argument;
    }
  }
}

/// Random lists of allowed calls, some of them under conditions.
RuleSet random_allow_list(testing::Random& random) {
  RuleSet rules = {Abi::kX86_64, random.one_in(2) ? kPermission : kAllow, {}};
  for (uint32_t number = 0; number < 450; ++number) {
    if (random.one_in(3)) continue;
    const Verdict verdict = random.one_in(4) ? kKillProcess : kAllow;
    resolve::CallRules& call = rules.calls.emplace_back();
    call.number = number;
    if (random.one_in(8)) {
      call.clauses.push_back(clause(kLog, {condition(Operation::kEqual, 64, random.below(3))}));
    }
    call.clauses.push_back(clause(verdict));
  }
  return rules;
}

TEST(Compile, LeavesWhatIsAlwaysAllowedToTheKernelsCache) {
  testing::Random random(testing::test_seed());
  for (int round = 0; round < 100; ++round) {
    const RuleSet rules = random_allow_list(random);
    const resolve::PolicyRules policy = {rules};
    for (const auto launcher : {std::optional<Abi>(), std::optional(Abi::kX86_64)}) {
      const auto filter = compile_rules(rules, {.launcher = launcher});
      ASSERT_TRUE(filter.ok());
      for (uint32_t number = 0; number < 600; ++number) {
        // Whether the policy itself allows the call regardless of its arguments: the conditions speak of 0, 1 and 2
        // alone.
        bool always_allowed = true;
        for (const uint64_t argument : {0U, 1U, 2U, 3U}) {
          const auto verdict = resolve::evaluate(policy, call_on(Abi::kX86_64, number, argument)).verdict;
          always_allowed = always_allowed && verdict == kAllow;
        }
        ASSERT_EQ(is_cached_allow(filter->program, arch::info(Abi::kX86_64).audit_arch, number), always_allowed)
            << number << (launcher ? " with" : " without") << " token";
      }
    }
  }
}

}  // namespace
}  // namespace sandbox::compile
