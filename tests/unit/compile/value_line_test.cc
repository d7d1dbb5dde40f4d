#include "compile/value_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "resolve/evaluate.h"
#include "support/random.h"
#include "support/rules.h"

namespace sandbox::compile {
namespace {

using policy::Operation;
using testing::condition;

size_t at(const ValueLine& line, uint64_t value) {
  size_t choice = 0;
  for (const auto& [first, chosen] : line) {
    if (first <= value) choice = chosen;
  }
  return choice;
}

TEST(ValueLine, KeepsWhatWasSetLast) {
  testing::Random random(testing::test_seed());
  for (int round = 0; round < 200; ++round) {
    ValueLine line(9);
    std::array<size_t, 40> naive = {};
    naive.fill(9);
    for (size_t count = random.below(12); count > 0; --count) {
      const uint64_t first = random.below(naive.size());
      const uint64_t last = first + random.below(naive.size() - first);
      const size_t choice = random.below(4);
      line.set({first, last}, choice);
      std::fill(naive.begin() + static_cast<ptrdiff_t>(first), naive.begin() + static_cast<ptrdiff_t>(last) + 1,
                choice);
    }
    for (uint64_t value = 0; value < naive.size(); ++value) ASSERT_EQ(at(line, value), naive[value]) << value;
    ASSERT_EQ(at(line, UINT64_MAX), 9U);
  }
}

TEST(ValueLine, ReachesToTheLargestValue) {
  ValueLine line(0);
  line.set({UINT64_MAX, UINT64_MAX}, 1);
  EXPECT_EQ(at(line, UINT64_MAX), 1U);
  EXPECT_EQ(at(line, UINT64_MAX - 1), 0U);
  line.set({0, UINT64_MAX}, 2);
  EXPECT_EQ(std::distance(line.begin(), line.end()), 1);
  EXPECT_EQ(at(line, 0), 2U);
}

TEST(ValueLine, TellsTermsApart) {
  EXPECT_EQ(term_of(condition(Operation::kEqual, 32, 1)), term_of(condition(Operation::kLessThan, 32, 7)));
  EXPECT_FALSE(term_of(condition(Operation::kEqual, 32, 1)) == term_of(condition(Operation::kEqual, 64, 1)));
  EXPECT_FALSE(term_of(condition(Operation::kEqual, 32, 1)) ==
               term_of(condition(Operation::kMaskedEqual, 32, 1, 0xFF)));
  EXPECT_EQ(term_of(condition(Operation::kEqual, 32, 1)),
            term_of(condition(Operation::kMaskedEqual, 32, 1, UINT64_MAX)))
      << "a mask of all that is read is none";
  resolve::Condition second = condition(Operation::kEqual, 32, 1);
  second.argument = 1;
  EXPECT_FALSE(term_of(condition(Operation::kEqual, 32, 1)) == term_of(second));
}

TEST(ValueLine, KnowsTheValuesForWhichAllHold) {
  constexpr Operation kOperations[] = {Operation::kEqual,    Operation::kNotEqual,    Operation::kGreaterThan,
                                       Operation::kLessThan, Operation::kLessOrEqual, Operation::kGreaterOrEqual};
  testing::Random random(testing::test_seed());
  const uint64_t edges[] = {1, 2, 3, 5, UINT32_MAX, uint64_t{1} << 32, UINT64_MAX - 1};
  for (int round = 0; round < 500; ++round) {
    std::vector<resolve::Condition> conditions;
    for (size_t count = 1 + random.below(5); count > 0; --count) {
      conditions.push_back(condition(random.any_of(kOperations), 64, random.any_of(edges)));
    }
    const std::vector<Values> values = values_of(conditions);
    for (size_t i = 1; i < values.size(); ++i) ASSERT_LT(values[i - 1].last + 1, values[i].first);
    for (const uint64_t edge : edges) {
      for (const uint64_t value : {edge - 1, edge, edge + 1}) {
        const bool all = std::all_of(conditions.begin(), conditions.end(),
                                     [&](const resolve::Condition& c) { return resolve::holds(c, value); });
        const bool in = std::any_of(values.begin(), values.end(),
                                    [&](const Values& v) { return v.first <= value && value <= v.last; });
        ASSERT_EQ(in, all) << value;
      }
    }
  }
}

}  // namespace
}  // namespace sandbox::compile
