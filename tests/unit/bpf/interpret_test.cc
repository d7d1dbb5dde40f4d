#include "bpf/interpret.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace sandbox::bpf {
namespace {

constexpr SystemCall kCall = {
    .number = 0x11111111,
    .arch = 0x22222222,
    .args = {0xA0A0A0A1'B0B0B0B1, 0xA0A0A0A2'B0B0B0B2, 0xA0A0A0A3'B0B0B0B3, 0xA0A0A0A4'B0B0B0B4, 0xA0A0A0A5'B0B0B0B5,
             0xA0A0A0A6'B0B0B0B6},
    .instruction_pointer = 0x33333333'44444444,
};

Outcome run(Program program, Endian endian = Endian::kLittle) {
  const auto validated = validate(std::move(program));
  EXPECT_TRUE(validated.ok());
  return validated ? interpret(*validated, kCall, endian) : Outcome{};
}

constexpr Instruction kReturnA = {BPF_RET | BPF_A, 0, 0, 0};

constexpr Instruction load_a(uint32_t value) {
  return {BPF_LD | BPF_IMM, 0, 0, value};
}
constexpr Instruction load_x(uint32_t value) {
  return {BPF_LDX | BPF_IMM, 0, 0, value};
}

/// A after one instruction that found `a` and `x`.
uint32_t after(uint32_t a, uint32_t x, uint16_t code, uint32_t k) {
  return run({load_x(x), load_a(a), {code, 0, 0, k}, kReturnA}).value;
}

TEST(Interpret, ReturnsAConstant) {
  const Outcome outcome = run({{BPF_RET | BPF_K, 0, 0, 0x7fff0000}});
  EXPECT_EQ(outcome.value, 0x7fff0000U);
  EXPECT_EQ(outcome.steps, 1U);
}

TEST(Interpret, StartsWithZeros) {
  EXPECT_EQ(run({kReturnA}).value, 0U);
  EXPECT_EQ(run({load_a(5), {BPF_MISC | BPF_TXA, 0, 0, 0}, kReturnA}).value, 0U);
}

TEST(Interpret, Computes) {
  EXPECT_EQ(after(0xFFFFFFFF, 0, BPF_ALU | BPF_ADD | BPF_K, 2), 1U);
  EXPECT_EQ(after(1, 0, BPF_ALU | BPF_SUB | BPF_K, 2), 0xFFFFFFFFU);
  EXPECT_EQ(after(0x10001, 0, BPF_ALU | BPF_MUL | BPF_K, 0x10000), 0x10000U);
  EXPECT_EQ(after(0xFFFFFFFF, 0, BPF_ALU | BPF_DIV | BPF_K, 2), 0x7FFFFFFFU) << "unsigned";
  EXPECT_EQ(after(0b1100, 0, BPF_ALU | BPF_AND | BPF_K, 0b1010), 0b1000U);
  EXPECT_EQ(after(0b1100, 0, BPF_ALU | BPF_OR | BPF_K, 0b1010), 0b1110U);
  EXPECT_EQ(after(0b1100, 0, BPF_ALU | BPF_XOR | BPF_K, 0b1010), 0b0110U);
  EXPECT_EQ(after(3, 0, BPF_ALU | BPF_LSH | BPF_K, 31), 0x80000000U);
  EXPECT_EQ(after(0x80000000, 0, BPF_ALU | BPF_RSH | BPF_K, 31), 1U) << "no sign is drawn in";
  EXPECT_EQ(after(1, 0, BPF_ALU | BPF_NEG, 0), 0xFFFFFFFFU);
}

TEST(Interpret, ComputesWithX) {
  // The constant, 99, must play no part.
  EXPECT_EQ(after(5, 3, BPF_ALU | BPF_ADD | BPF_X, 99), 8U);
  EXPECT_EQ(after(5, 3, BPF_ALU | BPF_SUB | BPF_X, 99), 2U);
  EXPECT_EQ(after(5, 3, BPF_ALU | BPF_MUL | BPF_X, 99), 15U);
  EXPECT_EQ(after(7, 3, BPF_ALU | BPF_DIV | BPF_X, 99), 2U);
  EXPECT_EQ(after(5, 3, BPF_ALU | BPF_AND | BPF_X, 99), 1U);
  EXPECT_EQ(after(5, 3, BPF_ALU | BPF_OR | BPF_X, 99), 7U);
  EXPECT_EQ(after(5, 3, BPF_ALU | BPF_XOR | BPF_X, 99), 6U);
  EXPECT_EQ(after(5, 3, BPF_ALU | BPF_LSH | BPF_X, 99), 40U);
  EXPECT_EQ(after(40, 3, BPF_ALU | BPF_RSH | BPF_X, 99), 5U);
}

TEST(Interpret, EndsWithZeroAtADivisionByAnXOfZero) {
  const Outcome outcome = run({load_a(5), {BPF_ALU | BPF_DIV | BPF_X, 0, 0, 0}, {BPF_RET | BPF_K, 0, 0, 0x7fff0000}});
  EXPECT_EQ(outcome.value, 0U) << "kill_thread";
  EXPECT_EQ(outcome.steps, 2U);
}

TEST(Interpret, ShiftsByTheLowFiveBitsOfX) {
  EXPECT_EQ(after(1, 32, BPF_ALU | BPF_LSH | BPF_X, 0), 1U);
  EXPECT_EQ(after(1, 33, BPF_ALU | BPF_LSH | BPF_X, 0), 2U);
  EXPECT_EQ(after(4, 0xFFFFFFE1, BPF_ALU | BPF_RSH | BPF_X, 0), 2U);
}

TEST(Interpret, MovesBetweenAAndX) {
  EXPECT_EQ(run({load_a(7), {BPF_MISC | BPF_TAX, 0, 0, 0}, load_a(0), {BPF_MISC | BPF_TXA, 0, 0, 0}, kReturnA}).value,
            7U);
}

TEST(Interpret, KeepsScratchWords) {
  EXPECT_EQ(run({load_a(7),
                 load_x(8),
                 {BPF_ST, 0, 0, 0},
                 {BPF_STX, 0, 0, 15},
                 {BPF_LD | BPF_MEM, 0, 0, 15},
                 {BPF_LDX | BPF_MEM, 0, 0, 0},
                 {BPF_ALU | BPF_MUL | BPF_K, 0, 0, 16},
                 {BPF_ALU | BPF_ADD | BPF_X, 0, 0, 0},
                 kReturnA})
                .value,
            8U * 16 + 7);
}

TEST(Interpret, LoadsTheSizeOfTheData) {
  EXPECT_EQ(run({{BPF_LD | BPF_W | BPF_LEN, 0, 0, 0}, kReturnA}).value, 64U);
  EXPECT_EQ(run({{BPF_LDX | BPF_W | BPF_LEN, 0, 0, 0}, {BPF_MISC | BPF_TXA, 0, 0, 0}, kReturnA}).value, 64U);
}

/// The word that a load at `offset` finds.
uint32_t word(uint32_t offset, Endian endian) {
  return run({{BPF_LD | BPF_W | BPF_ABS, 0, 0, offset}, kReturnA}, endian).value;
}

TEST(Interpret, LaysTheCallOutAsLittleEndianAbisDo) {
  EXPECT_EQ(word(0, Endian::kLittle), 0x11111111U);
  EXPECT_EQ(word(4, Endian::kLittle), 0x22222222U);
  EXPECT_EQ(word(8, Endian::kLittle), 0x44444444U);
  EXPECT_EQ(word(12, Endian::kLittle), 0x33333333U);
  for (uint32_t i = 0; i < 6; ++i) {
    EXPECT_EQ(word(16 + 8 * i, Endian::kLittle), 0xB0B0B0B1U + i);
    EXPECT_EQ(word(20 + 8 * i, Endian::kLittle), 0xA0A0A0A1U + i);
    EXPECT_EQ(low_half_offset(i, Endian::kLittle), 16 + 8 * i);
    EXPECT_EQ(high_half_offset(i, Endian::kLittle), 20 + 8 * i);
  }
}

TEST(Interpret, LaysTheCallOutAsBigEndianAbisDo) {
  EXPECT_EQ(word(0, Endian::kBig), 0x11111111U);
  EXPECT_EQ(word(4, Endian::kBig), 0x22222222U);
  EXPECT_EQ(word(8, Endian::kBig), 0x33333333U);
  EXPECT_EQ(word(12, Endian::kBig), 0x44444444U);
  for (uint32_t i = 0; i < 6; ++i) {
    EXPECT_EQ(word(16 + 8 * i, Endian::kBig), 0xA0A0A0A1U + i);
    EXPECT_EQ(word(20 + 8 * i, Endian::kBig), 0xB0B0B0B1U + i);
    EXPECT_EQ(low_half_offset(i, Endian::kBig), 20 + 8 * i);
    EXPECT_EQ(high_half_offset(i, Endian::kBig), 16 + 8 * i);
  }
}

/// Whether the jump `code` is taken for A against the operand; by the constant or by X as the code says.
bool jumps(uint16_t code, uint32_t a, uint32_t operand) {
  const bool by_x = BPF_SRC(code) == BPF_X;
  const uint32_t value = run({load_a(a),
                              load_x(by_x ? operand : ~operand),
                              {code, 1, 0, by_x ? ~operand : operand},
                              {BPF_RET | BPF_K, 0, 0, 0},
                              {BPF_RET | BPF_K, 0, 0, 1}})
                             .value;
  return value == 1;
}

TEST(Interpret, ComparesUnsigned) {
  constexpr uint32_t kTop = 0x80000000;
  for (const int source : {BPF_K, BPF_X}) {
    const auto code = [&](int operation) { return static_cast<uint16_t>(BPF_JMP | operation | source); };
    EXPECT_TRUE(jumps(code(BPF_JEQ), kTop, kTop));
    EXPECT_FALSE(jumps(code(BPF_JEQ), kTop, 0));
    EXPECT_TRUE(jumps(code(BPF_JGT), kTop, 1));
    EXPECT_FALSE(jumps(code(BPF_JGT), 1, kTop));
    EXPECT_FALSE(jumps(code(BPF_JGT), kTop, kTop));
    EXPECT_TRUE(jumps(code(BPF_JGE), kTop, kTop));
    EXPECT_TRUE(jumps(code(BPF_JGE), kTop, 1));
    EXPECT_FALSE(jumps(code(BPF_JGE), 1, kTop));
    EXPECT_TRUE(jumps(code(BPF_JSET), 0b110, 0b011));
    EXPECT_FALSE(jumps(code(BPF_JSET), 0b110, 0b001));
  }
}

TEST(Interpret, PassesOverAsManyInstructionsAsAJumpSays) {
  EXPECT_EQ(run({{BPF_JMP | BPF_JA, 0, 0, 2},
                 {BPF_RET | BPF_K, 0, 0, 1},
                 {BPF_RET | BPF_K, 0, 0, 2},
                 {BPF_RET | BPF_K, 0, 0, 3}})
                .value,
            3U);
}

TEST(Interpret, CountsSteps) {
  EXPECT_EQ(run({load_a(1), {BPF_JMP | BPF_JA, 0, 0, 1}, load_a(2), kReturnA}).steps, 3U);
}

TEST(Trace, NamesTheInstructionsOnTheWay) {
  const auto path = [](Program program) { return trace(*validate(std::move(program)), kCall, Endian::kLittle); };
  using Path = std::vector<size_t>;
  EXPECT_EQ(path({{BPF_RET | BPF_K, 0, 0, 5}}), Path{0});
  EXPECT_EQ(path({{BPF_LD | BPF_W | BPF_ABS, 0, 0, kNumberOffset},
                  {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0x11111111},
                  {BPF_RET | BPF_K, 0, 0, 5},
                  {BPF_JMP | BPF_JA, 0, 0, 1},
                  {BPF_RET | BPF_K, 0, 0, 6},
                  kReturnA}),
            (Path{0, 1, 3, 5}));
  EXPECT_EQ(path({load_a(5), {BPF_ALU | BPF_DIV | BPF_X, 0, 0, 0}, kReturnA}), (Path{0, 1})) << "a division by 0";
}

// -- The kernel's bitmap of constant answers --------------------------------------------------------------------------

bool cached(Program program, uint32_t number = 7, uint32_t arch = 9) {
  const auto validated = validate(std::move(program));
  EXPECT_TRUE(validated.ok());
  return validated && is_cached_allow(*validated, arch, number);
}

constexpr Instruction kLoadNumber = {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0};
constexpr Instruction kLoadArch = {BPF_LD | BPF_W | BPF_ABS, 0, 0, 4};
constexpr Instruction kAllow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
constexpr Instruction kKill = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS};

TEST(IsCachedAllow, FollowsComparisonsOfNumberAndArch) {
  const Program by_number = {kLoadNumber, {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 7}, kAllow, kKill};
  EXPECT_TRUE(cached(by_number, 7));
  EXPECT_FALSE(cached(by_number, 8));
  const Program by_arch = {kLoadArch, {BPF_JMP | BPF_JGT | BPF_K, 1, 0, 9}, kAllow, kKill};
  EXPECT_TRUE(cached(by_arch, 7, 9));
  EXPECT_FALSE(cached(by_arch, 7, 10));
}

TEST(IsCachedAllow, FollowsEveryJumpAndTheMask) {
  EXPECT_TRUE(cached({kLoadNumber,
                      {BPF_JMP | BPF_JGE | BPF_K, 0, 3, 7},
                      {BPF_ALU | BPF_AND | BPF_K, 0, 0, 3},
                      {BPF_JMP | BPF_JSET | BPF_K, 0, 1, 2},
                      {BPF_JMP | BPF_JA, 0, 0, 1},
                      kKill,
                      kAllow}));
}

TEST(IsCachedAllow, HoldsOnlyForAnAllowWithoutData) {
  EXPECT_TRUE(cached({kAllow}));
  EXPECT_FALSE(cached({{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW | 1}}));
  EXPECT_FALSE(cached({{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_LOG}}));
  EXPECT_FALSE(cached({{BPF_LD | BPF_IMM, 0, 0, SECCOMP_RET_ALLOW}, {BPF_RET | BPF_A, 0, 0, 0}}));
}

TEST(IsCachedAllow, EndsAtALoadOfAnythingElse) {
  for (uint32_t offset = 8; offset < 64; offset += 4) {
    EXPECT_FALSE(cached({{BPF_LD | BPF_W | BPF_ABS, 0, 0, offset}, kAllow})) << offset;
  }
}

TEST(IsCachedAllow, EndsAtAnyOtherInstruction) {
  for (const int code :
       {BPF_LD | BPF_IMM, BPF_LD | BPF_W | BPF_LEN, BPF_LDX | BPF_IMM, BPF_ST, BPF_STX, BPF_ALU | BPF_AND | BPF_X,
        BPF_ALU | BPF_OR | BPF_K, BPF_ALU | BPF_XOR | BPF_K, BPF_ALU | BPF_ADD | BPF_K, BPF_ALU | BPF_NEG,
        BPF_JMP | BPF_JEQ | BPF_X, BPF_MISC | BPF_TAX, BPF_MISC | BPF_TXA}) {
    EXPECT_FALSE(cached({{static_cast<uint16_t>(code), 0, 0, 1}, kAllow})) << code;
  }
}

TEST(IsCachedAllow, IgnoresWhatThePathDoesNotReach) {
  EXPECT_TRUE(cached({{BPF_JMP | BPF_JA, 0, 0, 1}, {BPF_LD | BPF_IMM, 0, 0, 0}, kAllow}));
}

}  // namespace
}  // namespace sandbox::bpf
