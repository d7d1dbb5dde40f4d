#include "bpf/symbolic_word.h"

#include <gtest/gtest.h>

#include <string>

namespace sandbox::bpf {
namespace {

using Ref = Diagrams::Ref;

// All values of two small words; the arithmetic does not know that filters have 32 bits.
constexpr size_t kWidth = 8;
constexpr uint32_t kValues = 1U << kWidth;
constexpr uint64_t kPlenty = uint64_t{1} << 40U;

/// The bits of both words, in one of two orders: one word after the other, or in turns.
struct Operands {
  Operands(Diagrams& diagrams, bool turns) : in_turns(turns), a(kWidth), b(kWidth) {
    for (size_t i = 0; i < kWidth; ++i) {
      a[i] = diagrams.variable(variable_of(0, i));
      b[i] = diagrams.variable(variable_of(1, i));
    }
  }

  [[nodiscard]] uint32_t variable_of(size_t word, size_t bit) const {
    const size_t place = kWidth - 1 - bit;
    return static_cast<uint32_t>(in_turns ? 2 * place + word : kWidth * word + place);
  }

  /// The leaf that a function comes to for these values.
  [[nodiscard]] uint64_t look_up(const Diagrams& diagrams, Ref function, uint32_t a_value, uint32_t b_value) const {
    for (uint32_t variable = 0; variable < 2 * kWidth; ++variable) {
      const size_t word = in_turns ? variable % 2 : variable / kWidth;
      const size_t place = in_turns ? variable / 2 : variable % kWidth;
      const uint32_t value = word == 0 ? a_value : b_value;
      function = diagrams.when(function, variable, (value >> (kWidth - 1 - place) & 1U) != 0);
    }
    EXPECT_TRUE(diagrams.is_leaf(function));
    return diagrams.value_of(function);
  }

  [[nodiscard]] uint32_t look_up(const Diagrams& diagrams, const SymbolicWord& word, uint32_t a_value,
                                 uint32_t b_value) const {
    uint32_t result = 0;
    for (size_t i = 0; i < kWidth; ++i) {
      result |= static_cast<uint32_t>(look_up(diagrams, word[i], a_value, b_value)) << i;
    }
    return result;
  }

  bool in_turns;
  SymbolicWord a;
  SymbolicWord b;
};

/// Tries all values. `expected` computes with numbers, `computed` with words or functions.
template <typename Computed, typename Expected>
void try_all(const char* what, const Computed& computed, const Expected& expected) {
  for (const bool in_turns : {false, true}) {
    Diagrams diagrams(kPlenty);
    diagrams.begin(kPlenty);
    const Operands operands(diagrams, in_turns);
    const auto result = computed(diagrams, operands.a, operands.b);
    ASSERT_FALSE(diagrams.gave_up());
    for (uint32_t a = 0; a < kValues; ++a) {
      for (uint32_t b = 0; b < kValues; ++b) {
        const auto found = operands.look_up(diagrams, result, a, b);
        ASSERT_EQ(found, expected(a, b) & (kValues - 1)) << what << " of " << a << " and " << b;
      }
    }
  }
}

TEST(SymbolicWord, ComputesAsNumbersDo) {
  try_all("and", bitwise_and, [](uint32_t a, uint32_t b) { return a & b; });
  try_all("or", bitwise_or, [](uint32_t a, uint32_t b) { return a | b; });
  try_all("xor", bitwise_xor, [](uint32_t a, uint32_t b) { return a ^ b; });
  try_all("sum", sum, [](uint32_t a, uint32_t b) { return a + b; });
  try_all("difference", difference, [](uint32_t a, uint32_t b) { return a - b; });
  try_all("product", product, [](uint32_t a, uint32_t b) { return a * b; });
  try_all("left", shifted_left, [](uint32_t a, uint32_t b) { return a << (b % kWidth); });
  try_all("right", shifted_right, [](uint32_t a, uint32_t b) { return a >> (b % kWidth); });
  // Where the divisor is 0 nothing is promised.
  const auto with_divisor = [](Diagrams& diagrams, const SymbolicWord& a, SymbolicWord b) {
    b[0] = Diagrams::kTrue;
    return quotient(diagrams, a, b);
  };
  try_all("quotient", with_divisor, [](uint32_t a, uint32_t b) { return a / (b | 1U); });
}

TEST(SymbolicWord, ComparesAsNumbersDo) {
  try_all("==", equal, [](uint32_t a, uint32_t b) { return static_cast<uint32_t>(a == b); });
  try_all(">", greater, [](uint32_t a, uint32_t b) { return static_cast<uint32_t>(a > b); });
  try_all(">=", greater_or_equal, [](uint32_t a, uint32_t b) { return static_cast<uint32_t>(a >= b); });
  try_all("&", any_common_bit, [](uint32_t a, uint32_t b) { return static_cast<uint32_t>((a & b) != 0); });
}

TEST(SymbolicWord, TellsConstants) {
  Diagrams diagrams(kPlenty);
  diagrams.begin(kPlenty);
  const Operands operands(diagrams, false);
  EXPECT_EQ(constant_value(constant_word(0x81, kWidth)), 0x81U);
  EXPECT_EQ(constant_value(operands.a), std::nullopt);
  EXPECT_EQ(constant_value(bitwise_xor(diagrams, operands.a, operands.a)), 0U);
  EXPECT_EQ(constant_value(difference(diagrams, sum(diagrams, operands.a, operands.b), operands.a)), std::nullopt);
}

// What proofs rest on: one function is one node, however it was arrived at.
TEST(Diagrams, EqualFunctionsAreOneNode) {
  Diagrams diagrams(kPlenty);
  diagrams.begin(kPlenty);
  const Operands operands(diagrams, false);
  const SymbolicWord& a = operands.a;
  const SymbolicWord five = constant_word(5, kWidth);
  const SymbolicWord four = constant_word(4, kWidth);
  EXPECT_EQ(greater(diagrams, a, four), greater_or_equal(diagrams, a, five));
  EXPECT_NE(greater(diagrams, a, five), greater_or_equal(diagrams, a, five));
  EXPECT_EQ(product(diagrams, a, four), sum(diagrams, sum(diagrams, a, a), sum(diagrams, a, a)));
  EXPECT_EQ(difference(diagrams, sum(diagrams, a, operands.b), operands.b), a);
  EXPECT_EQ(diagrams.leaf(uint64_t{7} << 32U), diagrams.leaf(uint64_t{7} << 32U));
  EXPECT_NE(diagrams.leaf(uint64_t{7} << 32U), diagrams.leaf(7));
  EXPECT_EQ(diagrams.leaf(0), Diagrams::kFalse);
  EXPECT_EQ(diagrams.leaf(1), Diagrams::kTrue);
  EXPECT_EQ(diagrams.value_of(diagrams.leaf(uint64_t{7} << 32U | 9U)), uint64_t{7} << 32U | 9U);
}

TEST(Diagrams, GivesUpWhenTheWorkIsDone) {
  Diagrams diagrams(100'000);
  SymbolicWord a(32);
  SymbolicWord b(32);
  for (uint32_t i = 0; i < 32; ++i) {
    a[31 - i] = diagrams.variable(i);
    b[31 - i] = diagrams.variable(32 + i);
  }
  diagrams.begin(50'000);
  (void)product(diagrams, a, b);
  EXPECT_TRUE(diagrams.gave_up());
  EXPECT_FALSE(diagrams.exhausted());
  // One operation that was too much leaves the others as right as they were.
  diagrams.begin(50'000);
  const Ref high = diagrams.choose(a[31], Diagrams::kTrue, Diagrams::kFalse);
  EXPECT_EQ(greater_or_equal(diagrams, a, constant_word(0x80000000, 32)), high);
  EXPECT_FALSE(diagrams.gave_up());
  // A third has what the first two left, and not more.
  diagrams.begin(UINT64_MAX);
  (void)product(diagrams, a, b);
  EXPECT_TRUE(diagrams.gave_up());
  EXPECT_TRUE(diagrams.exhausted());
  EXPECT_LT(diagrams.size(), 100'100U);
}

}  // namespace
}  // namespace sandbox::bpf
