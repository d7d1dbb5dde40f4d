#include "policy/oci_overlap.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace sandbox::policy {
namespace {

Condition condition(Operation operation, uint64_t value, uint64_t mask = 0, uint8_t argument = 0) {
  Condition made;
  made.argument = argument;
  made.operation = operation;
  made.value.terms = {{{value, false}, {}}};
  if (mask != 0) made.mask.terms = {{{mask, false}, {}}};
  made.wide = true;
  return made;
}

bool holds(const Condition& condition, uint64_t argument) {
  const uint64_t value = condition.value.terms[0].integer.magnitude;
  const uint64_t mask = condition.mask.terms.empty() ? 0 : condition.mask.terms[0].integer.magnitude;
  switch (condition.operation) {
    case Operation::kEqual:
      return argument == value;
    case Operation::kNotEqual:
      return argument != value;
    case Operation::kGreaterThan:
      return argument > value;
    case Operation::kGreaterOrEqual:
      return argument >= value;
    case Operation::kLessThan:
      return argument < value;
    case Operation::kLessOrEqual:
      return argument <= value;
    default:
      return (argument & mask) == (value & mask);
  }
}

constexpr Operation kOperations[] = {Operation::kEqual,          Operation::kNotEqual, Operation::kGreaterThan,
                                     Operation::kGreaterOrEqual, Operation::kLessThan, Operation::kLessOrEqual,
                                     Operation::kMaskedEqual};

/// Every pair of conditions with small numbers: what is called apart is apart.
TEST(MayOverlap, IsFalseOnlyForRulesThatNeverHoldTogether) {
  size_t apart = 0;
  for (const Operation left : kOperations) {
    for (const Operation right : kOperations) {
      for (uint64_t numbers = 0; numbers < 4 * 4 * 4 * 4; ++numbers) {
        const Condition a = condition(left, numbers % 4, 1 + numbers / 4 % 4);
        const Condition b = condition(right, numbers / 16 % 4, 1 + numbers / 64);
        if (may_overlap({a}, {b})) continue;
        ++apart;
        for (uint64_t argument = 0; argument < 16; ++argument) {
          ASSERT_FALSE(holds(a, argument) && holds(b, argument)) << name_of(left) << ' ' << name_of(right);
        }
      }
    }
  }
  EXPECT_GT(apart, 1000U);
}

TEST(MayOverlap, SeesWhatExcludes) {
  using enum Operation;
  EXPECT_FALSE(may_overlap({condition(kEqual, 1)}, {condition(kEqual, 2)}));
  EXPECT_FALSE(may_overlap({condition(kEqual, 1)}, {condition(kNotEqual, 1)}));
  EXPECT_FALSE(may_overlap({condition(kLessThan, 5)}, {condition(kGreaterOrEqual, 5)}));
  EXPECT_FALSE(may_overlap({condition(kMaskedEqual, 0, 2)}, {condition(kMaskedEqual, 2, 6)}));
  EXPECT_TRUE(may_overlap({condition(kMaskedEqual, 0, 2)}, {condition(kMaskedEqual, 4, 4)}));
  EXPECT_TRUE(may_overlap({condition(kEqual, 1)}, {condition(kEqual, 2, 0, 1)})) << "another argument";
  EXPECT_FALSE(may_overlap({condition(kEqual, 1, 0, 1), condition(kEqual, 1)}, {condition(kEqual, 2)}));
}

TEST(MayOverlap, ConcludesNothingFromDifferentWidthsAndConstants) {
  Condition narrow = condition(Operation::kEqual, 1);
  narrow.wide = false;
  EXPECT_TRUE(may_overlap({narrow}, {condition(Operation::kEqual, 2)}));
  Condition named = condition(Operation::kEqual, 1);
  named.value.terms[0].constant = "AF_UNIX";
  EXPECT_TRUE(may_overlap({named}, {condition(Operation::kEqual, 2)}));
}

}  // namespace
}  // namespace sandbox::policy
