#include "bpf/walk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "bpf/interpret.h"
#include "support/random_program.h"

namespace sandbox::bpf {
namespace {

using Field = Accumulator::Field;

constexpr uint32_t kArch = 0xC000003E;
constexpr uint32_t kOtherArch = 0x40000003;
constexpr uint16_t kLoad = BPF_LD | BPF_W | BPF_ABS;
constexpr Instruction kAllowed = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
constexpr Instruction kKilled = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS};

Program valid(Program program) {
  const auto validated = validate(std::move(program));
  EXPECT_TRUE(validated.ok()) << validated.error().message;
  return validated->instructions();
}

/// Allows number 5 of one ABI where the low word of argument 0 is 7, or with more bits.
Program sample() {
  return valid({{kLoad, 0, 0, kArchOffset},
                {BPF_JMP | BPF_JEQ | BPF_K, 0, 5, kArch},
                {kLoad, 0, 0, kNumberOffset},
                {BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 5},
                {kLoad, 0, 0, kArgsOffset},
                {BPF_JMP | BPF_JSET | BPF_K, 0, 1, 7},
                kAllowed,
                kKilled});
}

TEST(Walk, NumberAndAbiDecideAndArgumentsDoNot) {
  const Walk open = walk(sample(), kArch, 5);
  EXPECT_EQ(open.reached, std::vector<bool>(8, true));
  EXPECT_EQ(open.answers, (std::vector<uint32_t>{SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS}));
  EXPECT_EQ(open.longest, 7U);
  EXPECT_FALSE(open.computed);
  const Walk closed = walk(sample(), kArch, 6);
  EXPECT_EQ(closed.answers, std::vector<uint32_t>{SECCOMP_RET_KILL_PROCESS});
  EXPECT_EQ(closed.longest, 5U);
  EXPECT_FALSE(closed.reached[4]);
  EXPECT_EQ(walk(sample(), kOtherArch, 5).longest, 3U);
}

TEST(Walk, KnowsWhatIsCalculatedFromTheNumber) {
  const Program program = valid({{kLoad, 0, 0, kNumberOffset},
                                 {BPF_ST, 0, 0, 3},
                                 {BPF_LDX | BPF_MEM, 0, 0, 3},
                                 {BPF_ALU | BPF_ADD | BPF_X, 0, 0, 0},
                                 {BPF_MISC | BPF_TAX, 0, 0, 0},
                                 {BPF_LD | BPF_IMM, 0, 0, 10},
                                 {BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0},
                                 kAllowed,
                                 kKilled});
  EXPECT_EQ(walk(program, kArch, 5).answers, std::vector<uint32_t>{SECCOMP_RET_ALLOW});
  EXPECT_EQ(walk(program, kArch, 6).answers, std::vector<uint32_t>{SECCOMP_RET_KILL_PROCESS});
}

TEST(Walk, ForgetsWhatDiffersWherePathsMeet) {
  const Program program = valid({{kLoad, 0, 0, kArgsOffset},
                                 {BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 1},
                                 {BPF_LD | BPF_IMM, 0, 0, SECCOMP_RET_ALLOW},
                                 {BPF_JMP | BPF_JA, 0, 0, 1},
                                 {BPF_LD | BPF_IMM, 0, 0, SECCOMP_RET_LOG},
                                 {BPF_RET | BPF_A, 0, 0, 0}});
  const Walk way = walk(program, kArch, 5);
  EXPECT_TRUE(way.computed);
  EXPECT_TRUE(way.answers.empty());
}

TEST(Walk, ADivisionByZeroAnswersZero) {
  Program program = {{kLoad, 0, 0, kArgsOffset},
                     {BPF_MISC | BPF_TAX, 0, 0, 0},
                     {BPF_LD | BPF_IMM, 0, 0, 8},
                     {BPF_ALU | BPF_DIV | BPF_X, 0, 0, 0},
                     kAllowed};
  const Walk perhaps = walk(valid(program), kArch, 5);
  EXPECT_EQ(perhaps.answers, (std::vector<uint32_t>{0, SECCOMP_RET_ALLOW}));
  EXPECT_EQ(perhaps.longest, 5U);
  program[0] = {BPF_LD | BPF_IMM, 0, 0, 0};
  const Walk surely = walk(valid(program), kArch, 5);
  EXPECT_EQ(surely.answers, std::vector<uint32_t>{0});
  EXPECT_EQ(surely.longest, 4U);
  EXPECT_FALSE(surely.reached[4]);
}

/// No call does what `walk` says that it cannot.
TEST(Walk, HoldsWhateverTheArguments) {
  testing::Random random(testing::test_seed());
  testing::RandomPrograms programs(
      random, {{0, 1, 5, 7, kArch}, {SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 1, SECCOMP_RET_KILL_PROCESS}});
  for (int i = 0; i < 2000; ++i) {
    const ValidatedProgram program = programs.draw(24);
    SystemCall call = {static_cast<uint32_t>(random.below(8)), random.one_in(4) ? kOtherArch : kArch, {}, 0};
    const Walk way = walk(program.instructions(), call.arch, call.number);
    for (int attempt = 0; attempt < 8; ++attempt) {
      for (uint64_t& argument : call.args) argument = random.one_in(2) ? random.below(8) : random.bits();
      call.instruction_pointer = random.bits();
      const Outcome outcome = interpret(program, call, Endian::kLittle);
      ASSERT_LE(outcome.steps, way.longest) << i;
      ASSERT_TRUE(way.computed || std::ranges::binary_search(way.answers, outcome.value)) << i;
      for (const size_t at : trace(program, call, Endian::kLittle)) ASSERT_TRUE(way.reached[at]) << i;
    }
  }
}

TEST(Accumulators, SayWhatIsCompared) {
  const std::vector<Accumulator> a = accumulators(sample());
  EXPECT_EQ(a[0].field, Field::kOther);
  EXPECT_EQ(a[1].field, Field::kArch);
  EXPECT_EQ(a[3].field, Field::kNumber);
  EXPECT_EQ(a[5], (Accumulator{Field::kArgument, kArgsOffset}));
  EXPECT_EQ(a[7].field, Field::kOther) << "three paths, three fields";
}

TEST(Accumulators, AMaskKeepsTheArgument) {
  const Program program = valid({{kLoad, 0, 0, kArgsOffset + 8},
                                 {BPF_ALU | BPF_AND | BPF_K, 0, 0, 0xFF},
                                 {BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 5},
                                 {BPF_MISC | BPF_TXA, 0, 0, 0},
                                 kAllowed});
  const std::vector<Accumulator> a = accumulators(program);
  EXPECT_EQ(a[2], (Accumulator{Field::kArgument, kArgsOffset + 8}));
  EXPECT_EQ(a[4].field, Field::kOther);
}

TEST(KnownAfter, AWriteToA) {
  EXPECT_EQ(known_after({kLoad, 0, 0, kNumberOffset}, KnownA::kNothing), KnownA::kNumber);
  EXPECT_EQ(known_after({kLoad, 0, 0, kArchOffset}, KnownA::kNumber), KnownA::kArch);
  EXPECT_EQ(known_after({kLoad, 0, 0, kArgsOffset}, KnownA::kNumber), KnownA::kNothing);
  EXPECT_EQ(known_after({BPF_LD | BPF_MEM, 0, 0, 0}, KnownA::kNumber), KnownA::kNothing);
  EXPECT_EQ(known_after({BPF_ALU | BPF_AND | BPF_K, 0, 0, 7}, KnownA::kNumber), KnownA::kNothing);
  EXPECT_EQ(known_after({BPF_MISC | BPF_TXA, 0, 0, 0}, KnownA::kArch), KnownA::kNothing);
  for (const int code : {BPF_LDX | BPF_IMM, BPF_ST, BPF_STX, BPF_MISC | BPF_TAX, BPF_JMP | BPF_JA}) {
    EXPECT_EQ(known_after({static_cast<uint16_t>(code), 0, 0, 0}, KnownA::kNumber), KnownA::kNumber) << code;
  }
}

TEST(KnownAfter, DecidesABranch) {
  const Instruction branch = {BPF_JMP | BPF_JEQ | BPF_K, 2, 4, 5};
  const auto next = [](const Instruction& instruction, KnownA known) {
    const Successors places = successors(instruction, 10, known, kArch, 5);
    return std::pair(places.yes, places.no);
  };
  EXPECT_EQ(next(branch, KnownA::kNothing), std::pair(size_t{13}, size_t{15}));
  EXPECT_EQ(next(branch, KnownA::kNumber), std::pair(size_t{13}, size_t{13}));
  EXPECT_EQ(next(branch, KnownA::kArch), std::pair(size_t{15}, size_t{15}));
  EXPECT_EQ(next({BPF_JMP | BPF_JEQ | BPF_X, 2, 4, 5}, KnownA::kNumber), std::pair(size_t{13}, size_t{15}));
  EXPECT_EQ(next({BPF_JMP | BPF_JA, 0, 0, 3}, KnownA::kNumber), std::pair(size_t{14}, size_t{14}));
}

}  // namespace
}  // namespace sandbox::bpf
