#include "resolve/argument_sets.h"

#include <gtest/gtest.h>

#include <random>

#include "resolve/evaluate.h"

namespace sandbox::resolve {
namespace {

using policy::Operation;
using Set = ArgumentSets::Set;

bool contains(const Cube& cube, const std::array<uint64_t, bpf::kArgumentCount>& arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if ((arguments.at(i) & cube.mask.at(i)) != cube.value.at(i)) return false;
  }
  return true;
}

bool contains(const std::vector<Cube>& cubes, const std::array<uint64_t, bpf::kArgumentCount>& arguments) {
  for (const Cube& cube : cubes) {
    if (contains(cube, arguments)) return true;
  }
  return false;
}

/// Every operation at every width around its value: the cubes of its set hold exactly where it does.
TEST(ArgumentSets, ConditionsHoldWhereTheEvaluatorSaysSo) {
  for (size_t operation = 0; operation < policy::kOperationNames.size(); ++operation) {
    for (const uint8_t width : {uint8_t{16}, uint8_t{32}, uint8_t{64}}) {
      for (const uint64_t value : {uint64_t{0}, uint64_t{1}, uint64_t{0x8001}, uint64_t{0xffff}, uint64_t{0xfffffffe},
                                   uint64_t{0x100000000}, UINT64_MAX}) {
        Condition condition = {3, width, static_cast<Operation>(operation), value, 0xff};
        if (condition.operation == Operation::kMaskedEqual) condition.value &= condition.mask;
        ArgumentSets sets;
        const Set set = sets.where(condition);
        const auto cubes = sets.cover(set, set, 1000);
        ASSERT_TRUE(cubes);
        for (const uint64_t base : {value, uint64_t{0}, uint64_t{1} << 31U, uint64_t{1} << 32U, UINT64_MAX}) {
          for (const uint64_t argument : {base - 1, base, base + 1, base ^ (uint64_t{1} << 40U), base & 0xffff}) {
            EXPECT_EQ(contains(*cubes, {9, 9, 9, argument, 9, 9}), holds(condition, argument))
                << policy::kOperationNames.at(operation) << " " << int{width} << " " << value << " " << argument;
          }
        }
        EXPECT_EQ(sets.both(set, sets.complement(set)), ArgumentSets::kNone);
        EXPECT_EQ(sets.either(set, sets.complement(set)), ArgumentSets::kAll);
      }
    }
  }
}

TEST(ArgumentSets, EqualSetsAreOne) {
  ArgumentSets sets;
  const Set below = sets.where({{0, 32, Operation::kLessThan, 16, 0}});
  const Set masked = sets.where({{0, 32, Operation::kMaskedEqual, 0, 0xfffffff0}});
  const Set no_high_bits = sets.where({{0, 32, Operation::kBitsNotSet, 0xfffffff0, 0}});
  EXPECT_EQ(below, masked);
  EXPECT_EQ(below, no_high_bits);
  EXPECT_NE(below, sets.where({{0, 64, Operation::kLessThan, 16, 0}}));
  EXPECT_EQ(sets.low_words(below), sets.low_words(sets.where({{0, 64, Operation::kLessThan, 16, 0}})));
}

TEST(ArgumentSets, CoversStayBetweenTheirBounds) {
  ArgumentSets sets;
  const Set lower = sets.where({{0, 32, Operation::kEqual, 5, 0}, {1, 32, Operation::kEqual, 7, 0}});
  const Set upper = sets.where({{0, 32, Operation::kEqual, 5, 0}});
  const auto cubes = sets.cover(lower, upper, 10);
  ASSERT_TRUE(cubes);
  ASSERT_EQ(cubes->size(), 1U);
  EXPECT_EQ(cubes->front().mask.at(0), 0xffffffffU);
  EXPECT_EQ(sets.cover(sets.complement(upper), sets.complement(upper), 31), std::nullopt);
  EXPECT_EQ(sets.cover(sets.complement(upper), sets.complement(upper), 32)->size(), 32U);
}

TEST(ArgumentSets, WitnessIsAMember) {
  ArgumentSets sets;
  const Condition odd = {4, 64, Operation::kMaskedEqual, 1, 1};
  const Condition large = {4, 64, Operation::kGreaterThan, 0xfffffffffffffff0, 0};
  const auto arguments = sets.witness(sets.where({odd, large}));
  EXPECT_TRUE(holds(odd, arguments.at(4)));
  EXPECT_TRUE(holds(large, arguments.at(4)));
}

}  // namespace
}  // namespace sandbox::resolve
