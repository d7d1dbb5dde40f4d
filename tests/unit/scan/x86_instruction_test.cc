// scan_decoder_test compares all code of the machine's libraries with Zydis where that is installed. Here is what a
// scan depends on, and what is no instruction.
#include "scan/x86_instruction.h"

#include <gtest/gtest.h>

#include <vector>

namespace sandbox::scan {
namespace {

constexpr uint64_t kAddress = 0x1000;

std::optional<Instruction> decoded(std::vector<uint8_t> bytes) {
  return decode(bytes, kAddress);
}

TEST(X86Instruction, WhereControlGoes) {
  const auto flow = [](std::vector<uint8_t> bytes) { return decoded(std::move(bytes))->flow; };
  EXPECT_EQ(flow({0x0f, 0x05}), Flow::kSyscall);
  EXPECT_EQ(flow({0xcd, 0x80}), Flow::kInt80);
  EXPECT_EQ(flow({0xcd, 0x29}), Flow::kStop);
  EXPECT_EQ(flow({0x0f, 0x34}), Flow::kSysenter);
  EXPECT_EQ(flow({0xc3}), Flow::kReturn);
  EXPECT_EQ(flow({0xf3, 0xc3}), Flow::kReturn);
  EXPECT_EQ(flow({0x0f, 0x0b}), Flow::kStop);
  EXPECT_EQ(flow({0xff, 0xe0}), Flow::kIndirectJump);
  EXPECT_EQ(flow({0x3e, 0xff, 0xe0}), Flow::kIndirectJump);  // notrack
  EXPECT_EQ(flow({0xff, 0xd0}), Flow::kIndirectCall);
  const auto call = decoded({0xe8, 0xfb, 0xff, 0xff, 0xff});
  EXPECT_EQ(call->flow, Flow::kCall);
  EXPECT_EQ(call->target, kAddress);
  const auto branch = decoded({0x0f, 0x84, 0x10, 0, 0, 0});
  EXPECT_EQ(branch->flow, Flow::kBranch);
  EXPECT_EQ(branch->target, kAddress + 6 + 0x10);
  const auto jump = decoded({0xeb, 0xfe});
  EXPECT_EQ(jump->flow, Flow::kJump);
  EXPECT_EQ(jump->target, kAddress);
}

TEST(X86Instruction, WhatIsMoved) {
  const auto number = decoded({0xb8, 39, 0, 0, 0});
  EXPECT_EQ(number->op, Op::kMoveImm);
  EXPECT_EQ(number->immediate, 39);
  EXPECT_EQ(number->width, 4);
  EXPECT_TRUE(number->writes_register(kRax));
  const auto negative = decoded({0x48, 0xc7, 0xc0, 0, 4, 0x60, 0xff});
  EXPECT_EQ(static_cast<uint64_t>(negative->immediate), 0xffffffffff600400);
  const auto load = decoded({0x8b, 0x44, 0x24, 8});  // mov 8(%rsp), %eax
  EXPECT_EQ(load->op, Op::kLoad);
  EXPECT_EQ(load->memory.base, kRsp);
  EXPECT_EQ(load->memory.displacement, 8);
  const auto relative = decoded({0x48, 0x8d, 0x05, 0x10, 0, 0, 0});  // lea 16(%rip), %rax
  EXPECT_EQ(relative->op, Op::kLea);
  EXPECT_TRUE(relative->memory.is_fixed());
  EXPECT_EQ(static_cast<uint64_t>(relative->memory.displacement), kAddress + 7 + 0x10);
  const auto behind_immediate = decoded({0xc7, 0x05, 0x10, 0, 0, 0, 1, 0, 0, 0});  // movl $1, 16(%rip)
  EXPECT_EQ(static_cast<uint64_t>(behind_immediate->memory.displacement), kAddress + 10 + 0x10);
  const auto thread = decoded({0x64, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0});
  EXPECT_TRUE(thread->memory.segment);
  EXPECT_EQ(decoded({0x31, 0xc0})->op, Op::kZero);
  EXPECT_EQ(decoded({0xb4, 1})->op, Op::kOther) << "%ah is no low byte";
  EXPECT_TRUE(decoded({0xb4, 1})->writes_register(kRax));
}

TEST(X86Instruction, RexCountsAsTheLastPrefixAlone) {
  const auto wide = decoded({0x66, 0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_EQ(wide->length, 11);
  const auto narrow = decoded({0x48, 0x66, 0xb8, 1, 2});
  EXPECT_EQ(narrow->length, 5);
  EXPECT_EQ(narrow->width, 2);
}

TEST(X86Instruction, WhatIsNone) {
  EXPECT_FALSE(decoded({}));
  EXPECT_FALSE(decoded({0x06}));                          // Not in 64-bit code.
  EXPECT_FALSE(decoded({0xd5, 0x10, 0x01, 0xc0}));        // REX2.
  EXPECT_FALSE(decoded({0xe8, 0, 0}));                    // Cut off.
  EXPECT_FALSE(decoded(std::vector<uint8_t>(15, 0x66)));  // Prefixes alone.
  EXPECT_FALSE(
      decoded({0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x0f, 0x05}));
}

}  // namespace
}  // namespace sandbox::scan
