#include "compile/number_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "bpf/interpret.h"
#include "bpf/validate.h"
#include "support/random.h"

namespace sandbox::compile {
namespace {

using bpf::Assembler;

struct Stretch {
  uint32_t first;
  uint32_t answer;
};

/// A tree over stretches that each return their answer.
bpf::ValidatedProgram tree_of(const std::vector<Stretch>& stretches) {
  Assembler assembler;
  std::vector<Target> targets;
  for (const Stretch& stretch : stretches) targets.push_back({stretch.first, assembler.ret(stretch.answer)});
  auto program = bpf::validate(
      assembler.assemble(assembler.load(bpf::kNumberOffset, compile_number_tree(assembler, targets))).program);
  EXPECT_TRUE(program.ok());
  return *program;
}

uint32_t expected(const std::vector<Stretch>& stretches, uint32_t number) {
  uint32_t answer = 0;
  for (const Stretch& stretch : stretches) {
    if (stretch.first <= number) answer = stretch.answer;
  }
  return answer;
}

bpf::Outcome judge(const bpf::ValidatedProgram& program, uint32_t number) {
  return interpret(program, {.number = number}, bpf::Endian::kLittle);
}

void expect_every_boundary(const std::vector<Stretch>& stretches) {
  const bpf::ValidatedProgram program = tree_of(stretches);
  for (const Stretch& stretch : stretches) {
    for (const uint32_t number : {stretch.first - 1, stretch.first, stretch.first + 1}) {
      ASSERT_EQ(judge(program, number).value, expected(stretches, number)) << number;
    }
  }
  ASSERT_EQ(judge(program, UINT32_MAX).value, expected(stretches, UINT32_MAX));
}

TEST(NumberTree, NeedsNoComparisonForOneStretch) {
  const bpf::ValidatedProgram program = tree_of({{0, 7}});
  EXPECT_EQ(program.size(), 2U);
  EXPECT_EQ(judge(program, UINT32_MAX).value, 7U);
}

TEST(NumberTree, SettlesALoneHoleWithOneComparison) {
  const std::vector<Stretch> stretches = {{0, 1}, {59, 2}, {60, 1}};
  EXPECT_EQ(tree_of(stretches).size(), 4U) << "load, jeq, two returns";
  expect_every_boundary(stretches);
}

TEST(NumberTree, TellsHolesFromNeighbours) {
  expect_every_boundary({{0, 1}, {5, 2}, {6, 3}, {7, 1}});
  expect_every_boundary({{0, 1}, {5, 2}, {6, 1}, {7, 3}, {8, 1}});
  expect_every_boundary({{0, 1}, {5, 2}, {6, 1}, {8, 2}, {9, 1}, {11, 3}, {12, 1}, {14, 4}, {15, 1}});
  expect_every_boundary({{0, 2}, {1, 1}, {2, 2}});
  expect_every_boundary({{0, 1}, {UINT32_MAX - 1, 2}, {UINT32_MAX, 1}});
  expect_every_boundary({{0, 1}, {UINT32_MAX, 2}});
}

TEST(NumberTree, FindsTheStretchOfEveryNumber) {
  testing::Random random(testing::test_seed());
  for (int round = 0; round < 500; ++round) {
    std::vector<Stretch> stretches = {{0, static_cast<uint32_t>(random.below(3))}};
    for (size_t count = random.below(200); count > 0; --count) {
      const auto step = static_cast<uint32_t>(random.one_in(2) ? 1 : 1 + random.below(5));
      stretches.push_back({stretches.back().first + step, static_cast<uint32_t>(random.below(3))});
    }
    const bpf::ValidatedProgram program = tree_of(stretches);
    for (uint32_t number = 0; number <= stretches.back().first + 1; ++number) {
      ASSERT_EQ(judge(program, number).value, expected(stretches, number)) << number;
    }
  }
}

TEST(NumberTree, IsAsDeepAsABinarySearch) {
  std::vector<Stretch> stretches;
  for (uint32_t i = 0; i < 256; ++i) stretches.push_back({10 * i, i});
  const bpf::ValidatedProgram program = tree_of(stretches);
  uint32_t most = 0;
  for (uint32_t number = 0; number < 2560; ++number) most = std::max(most, judge(program, number).steps);
  // A load, eight comparisons, the return; and the jumps that bridge what is out of reach.
  EXPECT_LE(most, 1U + 8 + 1 + 2);
}

}  // namespace
}  // namespace sandbox::compile
