// The kernel takes 4096 instructions: all of them, and not one more.
#include <gtest/gtest.h>

#include <optional>

#include "compile/compile.h"
#include "support/compile_rules.h"
#include "support/rules.h"

namespace sandbox::compile {
namespace {

using arch::Abi;
using policy::Operation;
using resolve::RuleSet;
using testing::clause;
using testing::compile_rules;
using testing::condition;
using testing::kAllow;
using testing::kPermission;

/// One call with a chain of conditions: `pairs` that cost two instructions each and `triples` that cost three (and the
/// jumps that bridge the way to the shared return). Neighbours compare different arguments, or they would be one
/// search.
RuleSet chain(size_t pairs, size_t triples, uint32_t group = 0) {
  RuleSet rules = {Abi::kAarch64, kAllow, {{5, {}}}};
  auto& clauses = rules.calls[0].clauses;
  for (size_t i = 0; i < pairs + triples; ++i) {
    resolve::Clause next = clause(kPermission, {condition(Operation::kEqual, i < pairs ? 32 : 16, i)}, group);
    next.conditions[0].argument = static_cast<uint8_t>(i % 2);
    clauses.push_back(std::move(next));
  }
  return rules;
}

size_t instructions_for(const RuleSet& rules) {
  const auto filter = compile_rules(rules);
  return filter ? filter->program.size() : filter.error().instructions;
}

/// A chain that compiles to exactly this many instructions.
std::optional<RuleSet> chain_of_size(size_t instructions) {
  for (size_t triples = 0; triples < 4; ++triples) {
    size_t pairs = instructions / 2 - 60;
    while (instructions_for(chain(pairs, triples)) < instructions) ++pairs;
    if (instructions_for(chain(pairs, triples)) == instructions) return chain(pairs, triples);
  }
  return std::nullopt;
}

TEST(Limit, Accepts4096Instructions) {
  const auto rules = chain_of_size(4096);
  ASSERT_TRUE(rules.has_value());
  const auto filter = compile_rules(*rules);
  ASSERT_TRUE(filter.ok());
  EXPECT_EQ(filter->program.size(), 4096U);
}

TEST(Limit, Refuses4097InstructionsAndSaysSo) {
  const auto rules = chain_of_size(4097);
  ASSERT_TRUE(rules.has_value());
  const auto filter = compile_rules(*rules);
  ASSERT_FALSE(filter.ok());
  EXPECT_EQ(filter.error().instructions, 4097U);
}

TEST(Limit, NamesTheGroupThatCostsMost) {
  RuleSet rules = chain(100, 0, 4);
  rules.calls.push_back(chain(3000, 0, 7).calls[0]);
  rules.calls.back().number = 6;
  rules.calls.push_back(chain(200, 0, 9).calls[0]);
  rules.calls.back().number = 7;
  const auto filter = compile_rules(rules);
  ASSERT_FALSE(filter.ok());
  ASSERT_TRUE(filter.error().costliest.has_value());
  EXPECT_EQ(filter.error().costliest->group, 7U);
  EXPECT_GE(filter.error().costliest_instructions, 6000U - 2 * 200) << "a tail that it shares is another group's";
  EXPECT_LT(filter.error().costliest_instructions, filter.error().instructions);
}

TEST(Limit, NamesTheGroupThatCostsMostOfOneSearch) {
  // One search for the values of one argument, to which three groups contribute.
  RuleSet rules = {Abi::kAarch64, kAllow, {{5, {}}}};
  for (uint32_t i = 0; i < 20'000; ++i) {
    const uint32_t group = i < 4000 ? 3 : i < 6000 ? 4 : 5;
    const resolve::Verdict verdict = {policy::Action::kErrno, static_cast<uint16_t>(1 + i * i % 7)};
    rules.calls[0].clauses.push_back(clause(verdict, {condition(Operation::kEqual, 32, 5 * i)}, group));
  }
  const auto filter = compile_rules(rules);
  ASSERT_FALSE(filter.ok());
  ASSERT_TRUE(filter.error().costliest.has_value());
  EXPECT_EQ(filter.error().costliest->group, 5U);
  EXPECT_GT(filter.error().costliest_instructions, filter.error().instructions * 6 / 10) << "it has seven tenths";
  EXPECT_LT(filter.error().costliest_instructions, filter.error().instructions * 8 / 10);
}

TEST(Limit, RefusesWhatIsFarTooLongWithoutTrouble) {
  const RuleSet rules = chain(100'000, 0);
  EXPECT_GT(instructions_for(rules), 200'000U);
}

TEST(Limit, RefusesASearchThatIsFarTooLongWithoutTrouble) {
  RuleSet rules = {Abi::kAarch64, kAllow, {{5, {}}}};
  for (uint32_t i = 0; i < 100'000; ++i) {
    const uint64_t value = uint64_t{i} * 0x9E3779B97F4A7C15;
    rules.calls[0].clauses.push_back(clause(kPermission, {condition(Operation::kEqual, 64, value)}));
  }
  EXPECT_GT(instructions_for(rules), 200'000U);
}

}  // namespace
}  // namespace sandbox::compile
