#include "bpf/validate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace sandbox::bpf {
namespace {

constexpr Instruction kReturn = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};

/// "" when the program is accepted, else "INDEX: MESSAGE".
std::string verdict(Program program) {
  const auto result = validate(std::move(program));
  return result ? "" : std::to_string(result.error().index) + ": " + result.error().message;
}

/// The verdict on one instruction with two returns behind it.
std::string verdict_on(Instruction instruction) {
  return verdict({instruction, kReturn, kReturn});
}

// Every code of seccomp_check_filter in kernel/seccomp.c, written out again: with constant 4, which suits them all.
constexpr uint16_t kAllowed[] = {
    BPF_LD | BPF_W | BPF_ABS,
    BPF_LD | BPF_W | BPF_LEN,
    BPF_LDX | BPF_W | BPF_LEN,
    BPF_RET | BPF_K,
    BPF_RET | BPF_A,
    BPF_ALU | BPF_ADD | BPF_K,
    BPF_ALU | BPF_ADD | BPF_X,
    BPF_ALU | BPF_SUB | BPF_K,
    BPF_ALU | BPF_SUB | BPF_X,
    BPF_ALU | BPF_MUL | BPF_K,
    BPF_ALU | BPF_MUL | BPF_X,
    BPF_ALU | BPF_DIV | BPF_K,
    BPF_ALU | BPF_DIV | BPF_X,
    BPF_ALU | BPF_AND | BPF_K,
    BPF_ALU | BPF_AND | BPF_X,
    BPF_ALU | BPF_OR | BPF_K,
    BPF_ALU | BPF_OR | BPF_X,
    BPF_ALU | BPF_XOR | BPF_K,
    BPF_ALU | BPF_XOR | BPF_X,
    BPF_ALU | BPF_LSH | BPF_K,
    BPF_ALU | BPF_LSH | BPF_X,
    BPF_ALU | BPF_RSH | BPF_K,
    BPF_ALU | BPF_RSH | BPF_X,
    BPF_ALU | BPF_NEG,
    BPF_LD | BPF_IMM,
    BPF_LDX | BPF_IMM,
    BPF_MISC | BPF_TAX,
    BPF_MISC | BPF_TXA,
    BPF_LD | BPF_MEM,
    BPF_LDX | BPF_MEM,
    BPF_ST,
    BPF_STX,
    BPF_JMP | BPF_JA,
    BPF_JMP | BPF_JEQ | BPF_K,
    BPF_JMP | BPF_JEQ | BPF_X,
    BPF_JMP | BPF_JGE | BPF_K,
    BPF_JMP | BPF_JGE | BPF_X,
    BPF_JMP | BPF_JGT | BPF_K,
    BPF_JMP | BPF_JGT | BPF_X,
    BPF_JMP | BPF_JSET | BPF_K,
    BPF_JMP | BPF_JSET | BPF_X,
};

TEST(Validate, AcceptsExactlyTheCodesOfSeccomp) {
  for (uint32_t code = 0; code <= UINT16_MAX; ++code) {
    const bool allowed = std::find(std::begin(kAllowed), std::end(kAllowed), code) != std::end(kAllowed);
    Program program = {{BPF_ST, 0, 0, 4}, {static_cast<uint16_t>(code), 0, 0, 4}};
    program.insert(program.end(), 6, kReturn);
    EXPECT_EQ(verdict(program), allowed ? "" : "1: the code is not one that seccomp allows") << code;
  }
}

struct Case {
  const char* what;
  Instruction instruction;
  const char* verdict;
};

TEST(Validate, JudgesEachInstructionByItself) {
  constexpr char kCode[] = "0: the code is not one that seccomp allows";
  constexpr char kUnaligned[] = "0: the load is not aligned to 4 bytes";
  constexpr char kOutside[] = "0: the load is outside struct seccomp_data";
  constexpr char kJump[] = "0: the jump leaves the program";
  constexpr char kScratch[] = "0: there are 16 scratch words only";
  const Case cases[] = {
      {"remainder", {BPF_ALU | BPF_MOD | BPF_K, 0, 0, 3}, kCode},
      {"remainder by X", {BPF_ALU | BPF_MOD | BPF_X, 0, 0, 0}, kCode},
      {"byte load", {BPF_LD | BPF_B | BPF_ABS, 0, 0, 0}, kCode},
      {"half-word load", {BPF_LD | BPF_H | BPF_ABS, 0, 0, 0}, kCode},
      {"load at X", {BPF_LD | BPF_W | BPF_IND, 0, 0, 0}, kCode},
      {"length of an IP header", {BPF_LDX | BPF_B | BPF_MSH, 0, 0, 0}, kCode},
      {"return of X", {BPF_RET | BPF_X, 0, 0, 0}, kCode},
      {"first word", {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0}, ""},
      {"last word", {BPF_LD | BPF_W | BPF_ABS, 0, 0, 60}, ""},
      {"behind the last word", {BPF_LD | BPF_W | BPF_ABS, 0, 0, 64}, kOutside},
      {"ancillary load", {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_CPU)}, kOutside},
      {"unaligned load", {BPF_LD | BPF_W | BPF_ABS, 0, 0, 1}, kUnaligned},
      {"load aligned to two bytes", {BPF_LD | BPF_W | BPF_ABS, 0, 0, 18}, kUnaligned},
      {"division by 1", {BPF_ALU | BPF_DIV | BPF_K, 0, 0, 1}, ""},
      {"division by 0", {BPF_ALU | BPF_DIV | BPF_K, 0, 0, 0}, "0: the divisor is 0"},
      {"division by X", {BPF_ALU | BPF_DIV | BPF_X, 0, 0, 0}, ""},
      {"left shift by 31", {BPF_ALU | BPF_LSH | BPF_K, 0, 0, 31}, ""},
      {"left shift by 32", {BPF_ALU | BPF_LSH | BPF_K, 0, 0, 32}, "0: the shift is 32 bits or more"},
      {"right shift by 31", {BPF_ALU | BPF_RSH | BPF_K, 0, 0, 31}, ""},
      {"right shift by 32", {BPF_ALU | BPF_RSH | BPF_K, 0, 0, 32}, "0: the shift is 32 bits or more"},
      {"shift by X, regardless of the constant", {BPF_ALU | BPF_RSH | BPF_X, 0, 0, 99}, ""},
      {"scratch word 15", {BPF_ST, 0, 0, 15}, ""},
      {"scratch word 16", {BPF_ST, 0, 0, 16}, kScratch},
      {"scratch word 16 of X", {BPF_STX, 0, 0, 16}, kScratch},
      {"read of scratch word 16", {BPF_LD | BPF_MEM, 0, 0, 16}, kScratch},
      {"read of scratch word 16 into X", {BPF_LDX | BPF_MEM, 0, 0, 16}, kScratch},
      {"jump to the last instruction", {BPF_JMP | BPF_JA, 0, 0, 1}, ""},
      {"jump behind the last instruction", {BPF_JMP | BPF_JA, 0, 0, 2}, kJump},
      {"backward jump", {BPF_JMP | BPF_JA, 0, 0, UINT32_MAX}, kJump},
      {"jt to the last instruction", {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0}, ""},
      {"jt behind the last instruction", {BPF_JMP | BPF_JEQ | BPF_K, 2, 0, 0}, kJump},
      {"jf to the last instruction", {BPF_JMP | BPF_JSET | BPF_X, 0, 1, 0}, ""},
      {"jf behind the last instruction", {BPF_JMP | BPF_JSET | BPF_X, 0, 2, 0}, kJump},
      {"jt far away", {BPF_JMP | BPF_JGT | BPF_K, 255, 0, 0}, kJump},
  };
  for (const Case& c : cases) EXPECT_EQ(verdict_on(c.instruction), c.verdict) << c.what;
}

TEST(Validate, RefusesAnEmptyProgram) {
  EXPECT_EQ(verdict({}), "0: the program is empty");
}

TEST(Validate, AcceptsOneReturn) {
  EXPECT_EQ(verdict({kReturn}), "");
  EXPECT_EQ(verdict({{BPF_RET | BPF_A, 0, 0, 0}}), "");
}

TEST(Validate, Accepts4096InstructionsAndNoMore) {
  EXPECT_EQ(verdict(Program(4096, kReturn)), "");
  EXPECT_EQ(verdict(Program(4097, kReturn)), "4096: the program is longer than 4096 instructions");
  EXPECT_EQ(verdict(Program(65537, kReturn)), "4096: the program is longer than 4096 instructions");
}

TEST(Validate, WantsAReturnAtTheEnd) {
  EXPECT_EQ(verdict({kReturn, {BPF_LD | BPF_IMM, 0, 0, 0}}), "1: the last instruction is not a return");
  EXPECT_EQ(verdict({{BPF_LD | BPF_IMM, 0, 0, 0}}), "0: the last instruction is not a return");
}

TEST(Validate, RefusesAJumpAtTheEnd) {
  EXPECT_EQ(verdict({kReturn, {BPF_JMP | BPF_JA, 0, 0, 0}}), "1: the jump leaves the program");
}

constexpr char kUnwritten[] = "a scratch word is read that no instruction before has written";

TEST(Validate, AcceptsAScratchReadAfterItsWrite) {
  EXPECT_EQ(verdict({{BPF_ST, 0, 0, 3}, {BPF_LD | BPF_MEM, 0, 0, 3}, kReturn}), "");
  EXPECT_EQ(verdict({{BPF_STX, 0, 0, 15}, {BPF_LDX | BPF_MEM, 0, 0, 15}, kReturn}), "");
}

TEST(Validate, RefusesAScratchReadBeforeItsWrite) {
  EXPECT_EQ(verdict({{BPF_LD | BPF_MEM, 0, 0, 3}, kReturn}), std::string("0: ") + kUnwritten);
  EXPECT_EQ(verdict({{BPF_ST, 0, 0, 3}, {BPF_LDX | BPF_MEM, 0, 0, 4}, kReturn}), std::string("1: ") + kUnwritten);
}

TEST(Validate, RefusesAScratchReadThatOnePathReachesWithoutAWrite) {
  Program program = {
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 7},  // 0: no -> 2
      {BPF_ST, 0, 0, 0},                     // 1
      {BPF_LD | BPF_MEM, 0, 0, 0},           // 2
      kReturn,
  };
  EXPECT_EQ(verdict(program), std::string("2: ") + kUnwritten);
  std::swap(program[0].jt, program[0].jf);
  EXPECT_EQ(verdict(program), std::string("2: ") + kUnwritten);
}

TEST(Validate, RefusesAScratchReadThatAJumpReachesWithoutAWrite) {
  const Program program = {
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 7},  // 0: yes -> 1, no -> 2
      {BPF_JMP | BPF_JA, 0, 0, 1},           // 1 -> 3
      {BPF_ST, 0, 0, 0},                     // 2
      {BPF_LD | BPF_MEM, 0, 0, 0},           // 3
      kReturn,
  };
  EXPECT_EQ(verdict(program), std::string("3: ") + kUnwritten);
}

TEST(Validate, AcceptsAScratchReadThatEveryPathReachesWithAWrite) {
  const Program program = {
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 7},  // 0: yes -> 1, no -> 3
      {BPF_ST, 0, 0, 0},                     // 1
      {BPF_JMP | BPF_JA, 0, 0, 1},           // 2 -> 4
      {BPF_STX, 0, 0, 0},                    // 3
      {BPF_LD | BPF_MEM, 0, 0, 0},           // 4
      kReturn,
  };
  EXPECT_EQ(verdict(program), "");
}

TEST(Validate, TakesWhatStandsBehindAJumpAsUnreached) {
  const Program program = {
      {BPF_JMP | BPF_JA, 0, 0, 1},
      {BPF_LD | BPF_MEM, 0, 0, 0},  // Never reached, and so never an error of the kernel's.
      kReturn,
  };
  EXPECT_EQ(verdict(program), "");
}

TEST(Validate, TakesWhatStandsBehindAReturnAsReached) {
  EXPECT_EQ(verdict({kReturn, {BPF_LD | BPF_MEM, 0, 0, 0}, kReturn}), std::string("1: ") + kUnwritten);
}

TEST(Validate, KeepsTheInstructions) {
  const auto program = validate({{BPF_LD | BPF_IMM, 0, 0, 7}, {BPF_RET | BPF_A, 0, 0, 0}});
  ASSERT_TRUE(program.ok());
  ASSERT_EQ(program->size(), 2U);
  EXPECT_EQ(program->instructions()[0].k, 7U);
}

}  // namespace
}  // namespace sandbox::bpf
