#include "bpf/diff.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "bpf/interpret.h"
#include "support/random_program.h"

namespace sandbox::bpf {
namespace {

constexpr uint32_t kX86_64 = 0xC000003E;
constexpr uint32_t kX86 = 0x40000003;
constexpr uint32_t kS390x = 0x80000016;
constexpr ArchEndian kArchs[] = {{kX86_64, Endian::kLittle}, {kX86, Endian::kLittle}, {kS390x, Endian::kBig}};

constexpr Instruction load(uint32_t offset) {
  return {BPF_LD | BPF_W | BPF_ABS, 0, 0, offset};
}
constexpr Instruction ret(uint32_t value) {
  return {BPF_RET | BPF_K, 0, 0, value};
}
constexpr Instruction jump(uint16_t operation, uint32_t k, uint8_t jt, uint8_t jf) {
  return {static_cast<uint16_t>(BPF_JMP | operation | BPF_K), jt, jf, k};
}
constexpr Instruction alu(uint16_t operation, uint32_t k) {
  return {static_cast<uint16_t>(BPF_ALU | operation | BPF_K), 0, 0, k};
}
constexpr Instruction kTax = {BPF_MISC | BPF_TAX, 0, 0, 0};
constexpr Instruction kAllow = ret(SECCOMP_RET_ALLOW);
constexpr Instruction kKill = ret(SECCOMP_RET_KILL_PROCESS);
constexpr Instruction kEperm = ret(SECCOMP_RET_ERRNO | 1);
constexpr Instruction kEnosys = ret(SECCOMP_RET_ERRNO | 38);

ValidatedProgram valid(Program program) {
  auto validated = validate(std::move(program));
  EXPECT_TRUE(validated.ok()) << validated.error().message;
  return std::move(*validated);
}

Endian endian_of(uint32_t arch) {
  return arch == kS390x ? Endian::kBig : Endian::kLittle;
}

std::string hex(uint64_t value) {
  std::array<char, 20> text = {};
  std::snprintf(text.data(), text.size(), "%llx", static_cast<unsigned long long>(value));
  return text.data();
}

std::string in_words(const CallSet& calls) {
  std::string text;
  for (const Interval& interval : calls.archs) {
    text += (text.empty() ? "" : ",") + hex(interval.first);
    if (interval.last != interval.first) text += "-" + hex(interval.last);
  }
  return text + ":" + hex(calls.numbers.first) + "-" + hex(calls.numbers.last);
}

/// One line a difference: "ARCHS:NUMBERS LEFT RIGHT", for some arguments " (ARGUMENTS)". Every witness is tried.
std::string differences(const Program& left_program, const Program& right_program, const DiffOptions& options) {
  const ValidatedProgram left = valid(left_program);
  const ValidatedProgram right = valid(right_program);
  const Comparison result = diff(left, right, options);
  std::string text;
  for (const Difference& difference : result.differences) {
    const SystemCall& call = difference.witness;
    text += in_words(difference.calls) + " " + hex(difference.left) + " " + hex(difference.right);
    if (difference.depends_on_arguments) {
      text += " (";
      for (const uint64_t& arg : call.args) text += hex(arg) + (&arg == &call.args.back() ? ")" : " ");
    }
    text += "\n";
    for (const uint32_t number : {difference.calls.numbers.first, difference.calls.numbers.last}) {
      SystemCall tried = call;
      tried.number = number;
      EXPECT_EQ(as_the_kernel_reads(interpret(left, tried, endian_of(call.arch)).value), difference.left) << text;
      EXPECT_EQ(as_the_kernel_reads(interpret(right, tried, endian_of(call.arch)).value), difference.right) << text;
    }
  }
  for (const Undecided& undecided : result.undecided) {
    text += in_words(undecided.calls) + " undecided: " + (undecided.obstacle.side == Side::kLeft ? "left " : "right ") +
            std::to_string(undecided.obstacle.instruction) + "\n";
  }
  EXPECT_EQ(result.equal(), text.empty() && result.complete);
  return text + (result.complete ? "" : "and more\n");
}

std::string differences(const Program& left, const Program& right) {
  return differences(left, right, {.archs = kArchs, .limits = {}});
}

TEST(Diff, EqualHoweverItIsWritten) {
  const Program linear = {load(0), jump(BPF_JEQ, 3, 2, 0), jump(BPF_JEQ, 2, 1, 0), kKill, kAllow};
  const Program tree = {load(0), jump(BPF_JGE, 2, 0, 2), jump(BPF_JGT, 3, 1, 0), kAllow, kKill};
  const Program bits = {load(0), alu(BPF_AND, ~1U), jump(BPF_JEQ, 2, 0, 1), kAllow, kKill};
  const Program shift = {load(0), alu(BPF_RSH, 1), jump(BPF_JEQ, 1, 0, 1), kAllow, kKill};
  const Program moved = {load(0), alu(BPF_SUB, 2), jump(BPF_JGE, 2, 1, 0), kAllow, kKill};
  for (const Program& other : {linear, tree, bits, shift, moved}) {
    EXPECT_EQ(differences(linear, other), "");
    EXPECT_EQ(differences(other, linear), "");
  }
}

TEST(Diff, RangesOfNumbers) {
  const Program two = {load(0), jump(BPF_JEQ, 3, 2, 0), jump(BPF_JEQ, 2, 1, 0), kKill, kAllow};
  EXPECT_EQ(differences(two, {kKill}), "0-ffffffff:2-3 7fff0000 80000000\n");
  EXPECT_EQ(differences(two, {kAllow}),
            "0-ffffffff:0-1 80000000 7fff0000\n"
            "0-ffffffff:4-ffffffff 80000000 7fff0000\n");
  EXPECT_EQ(differences({kAllow}, {kEperm}), "0-ffffffff:0-ffffffff 7fff0000 50001\n");
  const Program last = {load(0), jump(BPF_JEQ, UINT32_MAX, 0, 1), kEnosys, kAllow};
  EXPECT_EQ(differences(last, {kAllow}), "0-ffffffff:ffffffff-ffffffff 50026 7fff0000\n");
}

// What decides is kept apart: neighbours are one range only if they get the same answers for the same arguments.
TEST(Diff, NeighboursWithOtherAnswersAreApart) {
  const Program left = {load(0), jump(BPF_JEQ, 7, 0, 1), kEperm, kKill};
  EXPECT_EQ(differences(left, {kEnosys}),
            "0-ffffffff:0-6 80000000 50026\n"
            "0-ffffffff:7-7 50001 50026\n"
            "0-ffffffff:8-ffffffff 80000000 50026\n");
}

TEST(Diff, ArchsThatAreTreatedAlike) {
  const Program left = {load(4), jump(BPF_JEQ, kX86_64, 1, 0), kKill, kAllow};
  const Program right = {load(4), jump(BPF_JEQ, kX86_64, 1, 0), kEperm, kAllow};
  EXPECT_EQ(differences(left, right), "0-c000003d,c000003f-ffffffff:0-ffffffff 80000000 50001\n");
  EXPECT_EQ(differences(left, {kAllow}), "0-c000003d,c000003f-ffffffff:0-ffffffff 80000000 7fff0000\n");
  EXPECT_EQ(differences(left, {kKill}), "c000003e:0-ffffffff 7fff0000 80000000\n");
  const Comparison result = diff(valid(left), valid(right), {.archs = kArchs, .limits = {}});
  ASSERT_EQ(result.differences.size(), 1U);
  EXPECT_EQ(result.differences[0].witness.arch, kX86) << "the first of them that the caller named";
  EXPECT_EQ(diff(valid(left), valid(right)).differences[0].witness.arch, 0U) << "the first that there is";
}

// 64 bits, as generators compare them: the high half decides unless it is equal.
Program at_least(uint64_t value, uint32_t low_offset) {
  const auto high = static_cast<uint32_t>(value >> 32U);
  return {load(low_offset ^ 4U),
          jump(BPF_JGT, high, 3, 0),
          jump(BPF_JEQ, high, 0, 3),
          load(low_offset),
          jump(BPF_JGE, static_cast<uint32_t>(value), 0, 1),
          kAllow,
          kEperm};
}

TEST(Diff, WitnessesHaveArguments) {
  EXPECT_EQ(differences(at_least(0x1'00000000, 24), at_least(0x1'00000001, 24)),
            "0-ffffffff:0-ffffffff 7fff0000 50001 (0 100000000 0 0 0 0)\n");
  EXPECT_EQ(differences(at_least(0xFFFFFFFF'FFFFFFFF, 56), {kEperm}),
            "0-ffffffff:0-ffffffff 7fff0000 50001 (0 0 0 0 0 ffffffffffffffff)\n");
  EXPECT_EQ(differences(at_least(0, 56), {kAllow}), "");
}

TEST(Diff, WitnessesKnowTheByteOrder) {
  const auto only_on = [](uint32_t arch, Program program) {
    program.insert(program.begin(), {load(4), jump(BPF_JEQ, arch, 1, 0), kKill});
    return program;
  };
  EXPECT_EQ(differences(only_on(kS390x, at_least(0x5'00000007, 20)), only_on(kS390x, {kEperm})),
            "80000016:0-ffffffff 7fff0000 50001 (600000000 0 0 0 0 0)\n");
  EXPECT_EQ(differences(only_on(kX86_64, at_least(0x5'00000007, 16)), only_on(kX86_64, {kEperm})),
            "c000003e:0-ffffffff 7fff0000 50001 (500000007 0 0 0 0 0)\n");
}

TEST(Diff, EachPairOfAnswersHasAWitness) {
  const Program left = {load(16), jump(BPF_JEQ, 5, 0, 1), kEnosys, jump(BPF_JSET, 0xF0, 0, 1), kKill, kAllow};
  EXPECT_EQ(differences(left, {kEperm}),
            "0-ffffffff:0-ffffffff 7fff0000 50001 (0 0 0 0 0 0)\n"
            "0-ffffffff:0-ffffffff 50026 50001 (5 0 0 0 0 0)\n"
            "0-ffffffff:0-ffffffff 80000000 50001 (10 0 0 0 0 0)\n");
}

TEST(Diff, TheInstructionPointerCounts) {
  const Program left = {load(12), jump(BPF_JEQ, 5, 0, 1), kEnosys, kAllow};
  const Comparison result = diff(valid(left), valid({kAllow}));
  ASSERT_EQ(result.differences.size(), 1U);
  EXPECT_TRUE(result.differences[0].depends_on_arguments);
  EXPECT_EQ(result.differences[0].witness.instruction_pointer, 0x5'00000000U);
}

TEST(Diff, DataThatMeansNothingIsNoDifference) {
  EXPECT_EQ(differences({ret(SECCOMP_RET_ALLOW | 1)}, {kAllow}), "");
  EXPECT_EQ(differences({ret(0x00010000)}, {kKill}), "");
  EXPECT_EQ(differences({ret(SECCOMP_RET_ERRNO | 5000)}, {ret(SECCOMP_RET_ERRNO | 4095)}), "");
  EXPECT_EQ(differences({ret(SECCOMP_RET_ERRNO | 4094)}, {ret(SECCOMP_RET_ERRNO | 4095)}),
            "0-ffffffff:0-ffffffff 50ffe 50fff\n");
  EXPECT_EQ(differences({ret(SECCOMP_RET_TRACE | 1)}, {ret(SECCOMP_RET_TRACE)}),
            "0-ffffffff:0-ffffffff 7ff00001 7ff00000\n");
}

/// All words are compared before anything is decided, as the check of the launcher's token does.
Program token_check(const std::array<uint32_t, 6>& token) {
  Program program;
  for (uint32_t i = 0; i < 6; ++i) {
    program.push_back(load(40 + 4 * i));
    program.push_back(alu(BPF_XOR, token[i]));
    if (i > 0) program.push_back({BPF_ALU | BPF_OR | BPF_X, 0, 0, 0});
    if (i < 5) program.push_back(kTax);
  }
  program.insert(program.end(), {jump(BPF_JEQ, 0, 0, 1), kAllow, kEperm});
  return program;
}

TEST(Diff, TokensInWhateverForm) {
  const std::array<uint32_t, 6> token = {1, 0x80000000, 0xDEADBEEF, 0, 0xFFFFFFFF, 42};
  Program stepwise;
  for (uint32_t i = 0; i < 6; ++i) {
    stepwise.push_back(load(40 + 4 * i));
    stepwise.push_back(jump(BPF_JEQ, token[i], 0, static_cast<uint8_t>(2 * (5 - i) + 1)));
  }
  stepwise.insert(stepwise.end(), {kAllow, kEperm});
  EXPECT_EQ(differences(token_check(token), stepwise), "");
  EXPECT_EQ(differences(token_check(token), {kEperm}),
            "0-ffffffff:0-ffffffff 7fff0000 50001 (0 0 0 8000000000000001 deadbeef 2affffffff)\n");
  std::array<uint32_t, 6> other = token;
  other[2] ^= 0x100;
  EXPECT_EQ(differences(token_check(token), token_check(other)),
            "0-ffffffff:0-ffffffff 7fff0000 50001 (0 0 0 8000000000000001 deadbeef 2affffffff)\n"
            "0-ffffffff:0-ffffffff 50001 7fff0000 (0 0 0 8000000000000001 deadbfef 2affffffff)\n");
}

TEST(Diff, SetsThatAreNoRangesAreCutOffAndSaySo) {
  const Program odd = {load(0), jump(BPF_JSET, 1, 0, 1), kKill, kAllow};
  const Program even = {load(0), alu(BPF_AND, 1), jump(BPF_JEQ, 1, 0, 1), kKill, kAllow};
  EXPECT_EQ(differences(odd, even), "");
  EXPECT_EQ(differences(odd, {kAllow}, {.archs = {}, .max_differences = 3, .limits = {}}),
            "0-ffffffff:1-1 80000000 7fff0000\n"
            "0-ffffffff:3-3 80000000 7fff0000\n"
            "0-ffffffff:5-5 80000000 7fff0000\n"
            "and more\n");
  const Comparison all = diff(valid(odd), valid({kAllow}));
  EXPECT_EQ(all.differences.size(), DiffOptions().max_differences);
  EXPECT_FALSE(all.complete);
}

/// Allows number 7 if the product of two arguments is `product`; the others always.
Program multiplying(uint32_t product) {
  return {load(0),
          jump(BPF_JEQ, 7, 0, 5),
          load(16),
          kTax,
          load(24),
          {BPF_ALU | BPF_MUL | BPF_X, 0, 0, 0},
          jump(BPF_JEQ, product, 0, 1),
          kAllow,
          kEperm};
}

TEST(Diff, WhatCannotBeDecidedIsSaid) {
  EXPECT_EQ(differences(multiplying(15), multiplying(16)), "0-ffffffff:7-7 undecided: left 5\n");
  // The same computation gives the same.
  Program other = multiplying(15);
  other.insert(other.begin() + 5, {BPF_JMP | BPF_JA, 0, 0, 0});
  ++other[1].jf;
  EXPECT_EQ(differences(multiplying(15), multiplying(15)), "");
  EXPECT_EQ(differences(multiplying(15), other), "");
  // What does not hang on it is decided.
  EXPECT_EQ(differences({ret(SECCOMP_RET_LOG)}, multiplying(5)),
            "0-ffffffff:0-6 7ffc0000 7fff0000\n"
            "c000003e:7-7 7ffc0000 50001 (0 0 0 0 0 0)\n"
            "0-ffffffff:8-ffffffff 7ffc0000 7fff0000\n"
            "0-ffffffff:7-7 undecided: right 5\n");
  // A witness proves a difference in spite of it: 0 times 0.
  EXPECT_EQ(differences(multiplying(0), multiplying(1)),
            "c000003e:7-7 7fff0000 50001 (0 0 0 0 0 0)\n"
            "0-ffffffff:7-7 undecided: left 5\n");
}

TEST(Diff, ArithmeticOnOneWordIsDecided) {
  // x * 5 == 35 has one solution modulo 2^32, and x / 10 == 4 has ten.
  const Program product = {load(0), alu(BPF_MUL, 5), jump(BPF_JEQ, 35, 0, 1), kKill, kAllow};
  EXPECT_EQ(differences(product, {kAllow}), "0-ffffffff:7-7 80000000 7fff0000\n");
  const Program quotient = {load(0), alu(BPF_DIV, 10), jump(BPF_JEQ, 4, 0, 1), kKill, kAllow};
  EXPECT_EQ(differences(quotient, {kAllow}), "0-ffffffff:28-31 80000000 7fff0000\n");
  const Program negative = {load(0), {BPF_ALU | BPF_NEG, 0, 0, 0}, jump(BPF_JEQ, 1, 0, 1), kKill, kAllow};
  EXPECT_EQ(differences(negative, {kAllow}), "0-ffffffff:ffffffff-ffffffff 80000000 7fff0000\n");
  // A division by a word of the call kills the thread where that word is 0.
  const Program divided = {load(0), kTax, {BPF_LD | BPF_IMM, 0, 0, 1}, {BPF_ALU | BPF_DIV | BPF_X, 0, 0, 0}, kAllow};
  EXPECT_EQ(differences(divided, {kAllow}), "0-ffffffff:0-0 0 7fff0000\n");
}

TEST(Diff, WordsAreComparedWithOneAnother) {
  // args[0] > args[1], and the same the other way round, through a scratch word.
  const Program greater = {load(24), kTax, load(16), {BPF_JMP | BPF_JGT | BPF_X, 0, 1, 0}, kKill, kAllow};
  const Program not_at_least = {
      load(16), {BPF_ST, 0, 0, 3}, load(24), {BPF_LDX | BPF_MEM, 0, 0, 3}, {BPF_JMP | BPF_JGE | BPF_X, 0, 1, 0}, kAllow,
      kKill};
  const Program by_difference = {
      load(16), kTax, load(24), {BPF_ALU | BPF_SUB | BPF_X, 0, 0, 0}, jump(BPF_JEQ, 0, 1, 0), kKill, kAllow};
  EXPECT_EQ(differences(greater, not_at_least), "");
  EXPECT_EQ(differences(greater, by_difference), "0-ffffffff:0-ffffffff 7fff0000 80000000 (0 1 0 0 0 0)\n");
  // The number comes first in any order, so this is too much.
  const Program number = {load(0), kTax, load(16), {BPF_JMP | BPF_JGT | BPF_X, 0, 1, 0}, kKill, kAllow};
  const Comparison result = diff(valid(number), valid(greater));
  EXPECT_FALSE(result.equal());
  ASSERT_FALSE(result.undecided.empty());
  EXPECT_EQ(result.undecided[0].obstacle, (Obstacle{Side::kLeft, 3, Obstacle::Kind::kValue}));
}

TEST(Diff, WorkIsBounded) {
  const Limits little = {.work = 2000, .work_on_one_instruction = 1000, .states = 100};
  Program program;
  for (uint32_t i = 0; i < 200; ++i) program.insert(program.end(), {load(0), jump(BPF_JEQ, 3 * i, 0, 1), kEperm});
  program.push_back(kAllow);
  Program other = program;
  other[1].k = 1000;
  const Comparison result = diff(valid(program), valid(other), {.archs = {}, .limits = little});
  EXPECT_FALSE(result.equal());
  ASSERT_FALSE(result.undecided.empty());
  EXPECT_EQ(differences(program, other), "0-ffffffff:0-0 50001 7fff0000\n0-ffffffff:3e8-3e8 7fff0000 50001\n");
}

// Random programs that use all that there is: every difference is one, and what is called equal is equal on every call
// that is tried.
TEST(Diff, RandomPrograms) {
  testing::Random random(testing::test_seed());
  const testing::ProgramPool pool = {{0, 1, 2, 59, 0x40000000, kX86_64, kX86, 0xFFFF},
                                     {kAllow.k, kKill.k, kEperm.k, SECCOMP_RET_LOG}};
  testing::RandomPrograms programs(random, pool);
  size_t equal = 0;
  size_t different = 0;
  size_t undecided = 0;
  for (size_t i = 0; i < 3000; ++i) {
    const ValidatedProgram left = programs.draw(40);
    Program changed = left.instructions();
    changed[random.below(changed.size())].k ^= 1U << random.below(32);
    const auto right = validate(changed);
    if (!right) continue;
    const Limits limits = {uint64_t{1} << 19U, uint64_t{1} << 15U, 4096};
    const Comparison result = diff(left, *right, {.archs = kArchs, .max_differences = 50, .limits = limits});
    (result.equal() ? equal : result.differences.empty() ? undecided : different) += 1;
    for (const Difference& difference : result.differences) {
      const SystemCall& call = difference.witness;
      EXPECT_EQ(as_the_kernel_reads(interpret(left, call, endian_of(call.arch)).value), difference.left);
      EXPECT_EQ(as_the_kernel_reads(interpret(*right, call, endian_of(call.arch)).value), difference.right);
      EXPECT_NE(difference.left, difference.right);
    }
    for (size_t n = 0; n < 300 && result.equal(); ++n) {
      const auto word = [&] {
        // What one of the programs compares with, most likely.
        const uint32_t base = random.one_in(4) ? static_cast<uint32_t>(random.bits()) : random.any_of(changed).k;
        return random.one_in(2) ? base : base ^ 1U << random.below(32);
      };
      SystemCall call = {word(), word(), {}, uint64_t{word()} << 32U | word()};
      for (uint64_t& arg : call.args) arg = uint64_t{word()} << 32U | word();
      ASSERT_EQ(as_the_kernel_reads(interpret(left, call, Endian::kLittle).value),
                as_the_kernel_reads(interpret(*right, call, Endian::kLittle).value))
          << "program " << i;
    }
  }
  std::printf("%zu equal, %zu different, %zu undecided\n", equal, different, undecided);
  EXPECT_GT(equal, 0U);
  EXPECT_GT(different, 50U);
  EXPECT_LT(undecided, different / 10);
}

}  // namespace
}  // namespace sandbox::bpf
