#include "bpf/instruction.h"

#include <gtest/gtest.h>

#include <utility>

namespace sandbox::bpf {
namespace {

constexpr Instruction jump(uint16_t code, uint32_t k, uint8_t jt = 0, uint8_t jf = 0) {
  return {static_cast<uint16_t>(BPF_JMP | code), jt, jf, k};
}

std::pair<size_t, size_t> after(const Instruction& instruction, size_t at) {
  const Successors next = successors(instruction, at);
  return {next.yes, next.no};
}

TEST(Successors, OfEveryKind) {
  EXPECT_EQ(after({BPF_LD | BPF_W | BPF_ABS, 9, 9, 9}, 4), std::pair(size_t{5}, size_t{5})) << "jt and jf mean nothing";
  EXPECT_EQ(after(jump(BPF_JA, 0x12345), 4), std::pair(size_t{0x1234A}, size_t{0x1234A}));
  EXPECT_EQ(after(jump(BPF_JEQ | BPF_K, 7, 2, 255), 4), std::pair(size_t{7}, size_t{260}));
  EXPECT_EQ(after(jump(BPF_JSET | BPF_X, 7, 0, 1), 0), std::pair(size_t{1}, size_t{2}));
}

TEST(Kinds, JumpsBranchesReturns) {
  EXPECT_TRUE(is_jump(BPF_JMP | BPF_JA));
  EXPECT_FALSE(is_branch(BPF_JMP | BPF_JA));
  EXPECT_TRUE(is_jump(BPF_JMP | BPF_JGT | BPF_X));
  EXPECT_TRUE(is_branch(BPF_JMP | BPF_JGT | BPF_X));
  EXPECT_TRUE(takes_x(BPF_JMP | BPF_JGT | BPF_X));
  EXPECT_FALSE(takes_x(BPF_JMP | BPF_JGT | BPF_K));
  EXPECT_FALSE(is_jump(BPF_ALU | BPF_AND | BPF_K));
  EXPECT_TRUE(is_return(BPF_RET | BPF_A));
  EXPECT_FALSE(is_return(BPF_ALU | BPF_NEG));
}

TEST(Holds, ComparesUnsigned) {
  constexpr uint32_t kHigh = 0x80000000;
  EXPECT_TRUE(holds(BPF_JMP | BPF_JEQ, 5, 5));
  EXPECT_FALSE(holds(BPF_JMP | BPF_JEQ, 5, 6));
  EXPECT_TRUE(holds(BPF_JMP | BPF_JGE, kHigh, 5));
  EXPECT_TRUE(holds(BPF_JMP | BPF_JGE, 5, 5));
  EXPECT_FALSE(holds(BPF_JMP | BPF_JGE, 4, 5));
  EXPECT_TRUE(holds(BPF_JMP | BPF_JGT | BPF_X, kHigh, 5));
  EXPECT_FALSE(holds(BPF_JMP | BPF_JGT | BPF_X, 5, 5));
  EXPECT_TRUE(holds(BPF_JMP | BPF_JSET, 6, 3));
  EXPECT_FALSE(holds(BPF_JMP | BPF_JSET, 4, 3));
}

TEST(Calculate, InThirtyTwoBits) {
  EXPECT_EQ(calculate(BPF_ALU | BPF_ADD, UINT32_MAX, 2), 1U);
  EXPECT_EQ(calculate(BPF_ALU | BPF_SUB, 1, 2), UINT32_MAX);
  EXPECT_EQ(calculate(BPF_ALU | BPF_MUL, 0x10000, 0x10001), 0x10000U);
  EXPECT_EQ(calculate(BPF_ALU | BPF_DIV, UINT32_MAX, 2), 0x7FFFFFFFU);
  EXPECT_EQ(calculate(BPF_ALU | BPF_DIV | BPF_X, 7, 0), std::nullopt) << "the program ends";
  EXPECT_EQ(calculate(BPF_ALU | BPF_AND, 6, 3), 2U);
  EXPECT_EQ(calculate(BPF_ALU | BPF_OR, 6, 3), 7U);
  EXPECT_EQ(calculate(BPF_ALU | BPF_XOR, 6, 3), 5U);
  EXPECT_EQ(calculate(BPF_ALU | BPF_LSH, 3, 31), 0x80000000U);
  EXPECT_EQ(calculate(BPF_ALU | BPF_LSH | BPF_X, 3, 33), 6U) << "the low five bits of X";
  EXPECT_EQ(calculate(BPF_ALU | BPF_RSH | BPF_X, 8, 34), 2U);
  EXPECT_EQ(calculate(BPF_ALU | BPF_NEG, 1, 0), UINT32_MAX);
}

struct Case {
  uint16_t code;
  Storage reads;
  Storage writes;
};

TEST(AccessOf, EveryKind) {
  constexpr Storage kWord3 = scratch_storage(3);
  constexpr Case kCases[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, kStorageA},
      {BPF_LD | BPF_IMM, 0, kStorageA},
      {BPF_LDX | BPF_IMM, 0, kStorageX},
      {BPF_LDX | BPF_W | BPF_LEN, 0, kStorageX},
      {BPF_LD | BPF_MEM, kWord3, kStorageA},
      {BPF_LDX | BPF_MEM, kWord3, kStorageX},
      {BPF_ST, kStorageA, kWord3},
      {BPF_STX, kStorageX, kWord3},
      {BPF_ALU | BPF_ADD | BPF_K, kStorageA, kStorageA},
      {BPF_ALU | BPF_DIV | BPF_X, kStorageA | kStorageX, kStorageA},
      {BPF_ALU | BPF_NEG, kStorageA, kStorageA},
      {BPF_JMP | BPF_JA, 0, 0},
      {BPF_JMP | BPF_JEQ | BPF_K, kStorageA, 0},
      {BPF_JMP | BPF_JSET | BPF_X, kStorageA | kStorageX, 0},
      {BPF_RET | BPF_K, 0, 0},
      {BPF_RET | BPF_A, kStorageA, 0},
      {BPF_MISC | BPF_TAX, kStorageA, kStorageX},
      {BPF_MISC | BPF_TXA, kStorageX, kStorageA},
  };
  for (const Case& one : kCases) {
    const Access access = access_of({one.code, 0, 0, 3});
    EXPECT_EQ(access.reads, one.reads) << one.code;
    EXPECT_EQ(access.writes, one.writes) << one.code;
  }
  EXPECT_EQ(scratch_storage(0) & (kStorageA | kStorageX), 0U);
  EXPECT_EQ(scratch_storage(15), 1U << 17U);
}

}  // namespace
}  // namespace sandbox::bpf
