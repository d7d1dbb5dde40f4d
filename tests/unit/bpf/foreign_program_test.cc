#include "bpf/foreign_program.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "bpf/interpret.h"
#include "support/random_program.h"

namespace sandbox::bpf {
namespace {

constexpr Instruction kAllow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};

ValidatedProgram valid(Program program) {
  auto validated = validate(std::move(program));
  EXPECT_TRUE(validated.ok()) << validated.error().message;
  return std::move(*validated);
}

/// "" or "INDEX: MESSAGE" for a program whose second instruction returns `value`.
std::string error_of(uint32_t value) {
  const auto unusable = unusable_return(valid({{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0}, {BPF_RET | BPF_K, 0, 0, value}}));
  return unusable ? std::to_string(unusable->index) + ": " + unusable->message : "";
}

TEST(UnwelcomeReturn, KnowsEveryAction) {
  for (const uint32_t value : {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_TRACE,
                               SECCOMP_RET_LOG, SECCOMP_RET_ALLOW}) {
    EXPECT_EQ(error_of(value), "") << value;
    EXPECT_EQ(error_of(value | 0xFFFF), "") << "data " << value;
  }
  EXPECT_EQ(error_of(SECCOMP_RET_ERRNO | 1), "");
  EXPECT_EQ(error_of(SECCOMP_RET_ERRNO | 4095), "");
}

TEST(UnwelcomeReturn, MayBeErrnoZeroThatAPolicySays) {
  const auto program = validate({{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO}});
  EXPECT_FALSE(unusable_return(*program, false, true).has_value());
  const auto large = validate({{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | 4096}});
  EXPECT_TRUE(unusable_return(*large, false, true).has_value());
}

TEST(UnwelcomeReturn, RefusesWhatMustNotBeReturned) {
  EXPECT_EQ(error_of(SECCOMP_RET_ERRNO), "1: it returns errno 0, which makes a denied call look done");
  EXPECT_EQ(error_of(SECCOMP_RET_ERRNO | 4096), "1: it returns errno 4096, expected at most 4095");
  EXPECT_EQ(error_of(SECCOMP_RET_USER_NOTIF), "1: it returns user_notif, and there is no supervisor to notify");
  EXPECT_EQ(error_of(0x7ffe0001), "1: it returns 0x7ffe0001, which is no action of seccomp(2)");
  EXPECT_EQ(error_of(1), "") << "kill_thread with data";
  EXPECT_EQ(error_of(0x12345678), "1: it returns 0x12345678, which is no action of seccomp(2)");
}

TEST(UnwelcomeReturn, RefusesToReturnA) {
  const auto unusable =
      unusable_return(valid({{BPF_LD | BPF_IMM, 0, 0, SECCOMP_RET_ALLOW}, {BPF_RET | BPF_A, 0, 0, 0}}));
  ASSERT_TRUE(unusable);
  EXPECT_EQ(unusable->index, 1U);
  EXPECT_EQ(unusable->message, "it returns A, and what that is cannot be told");
}

std::string reads(Program program) {
  program.insert(program.end(), 3, kAllow);
  const EntryReads entry = entry_reads(valid(std::move(program)));
  return std::string(entry.a ? "a" : "") + (entry.x ? "x" : "");
}

TEST(EntryReads, SeesEveryInstructionThatReads) {
  EXPECT_EQ(reads({}), "");
  EXPECT_EQ(reads({{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0}}), "a");
  EXPECT_EQ(reads({{BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0}}), "ax");
  EXPECT_EQ(reads({{BPF_ALU | BPF_AND | BPF_K, 0, 0, 0}}), "a");
  EXPECT_EQ(reads({{BPF_ALU | BPF_ADD | BPF_X, 0, 0, 0}}), "ax");
  EXPECT_EQ(reads({{BPF_ALU | BPF_NEG, 0, 0, 0}}), "a");
  EXPECT_EQ(reads({{BPF_ST, 0, 0, 0}}), "a");
  EXPECT_EQ(reads({{BPF_STX, 0, 0, 0}}), "x");
  EXPECT_EQ(reads({{BPF_MISC | BPF_TAX, 0, 0, 0}}), "a");
  EXPECT_EQ(reads({{BPF_MISC | BPF_TXA, 0, 0, 0}}), "x");
  EXPECT_EQ(reads({{BPF_JMP | BPF_JA, 0, 0, 1}}), "");
  EXPECT_EQ(reads({{BPF_LDX | BPF_IMM, 0, 0, 1}}), "");
}

TEST(EntryReads, KnowsWhatWasWritten) {
  EXPECT_EQ(reads({{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0}, {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0}}), "");
  EXPECT_EQ(reads({{BPF_LD | BPF_IMM, 0, 0, 0}, {BPF_MISC | BPF_TAX, 0, 0, 0}, {BPF_ALU | BPF_OR | BPF_X, 0, 0, 0}}),
            "");
  EXPECT_EQ(reads({{BPF_MISC | BPF_TXA, 0, 0, 0}, {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0}}), "x");
}

TEST(EntryReads, FollowsTheWayOnWhichNothingWasWritten) {
  // A jump passes over the load.
  EXPECT_EQ(reads({{BPF_LDX | BPF_IMM, 0, 0, 0},
                   {BPF_JMP | BPF_JA, 0, 0, 1},
                   {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
                   {BPF_ST, 0, 0, 0}}),
            "a");
  // No path leads to the instruction that reads.
  EXPECT_EQ(reads({{BPF_JMP | BPF_JA, 0, 0, 1}, {BPF_ST, 0, 0, 0}}), "");
}

/// The kernel's start with A and X as `a` and `x` instead of 0.
uint32_t run_from(const ValidatedProgram& program, uint32_t a, uint32_t x, const SystemCall& call) {
  Program started = {{BPF_LD | BPF_IMM, 0, 0, a}, {BPF_LDX | BPF_IMM, 0, 0, x}};
  started.insert(started.end(), program.instructions().begin(), program.instructions().end());
  return interpret(valid(std::move(started)), call, Endian::kLittle).value;
}

TEST(EntryReads, WhatIsNotReadMakesNoDifference) {
  testing::Random random(testing::test_seed());
  testing::RandomPrograms programs(random, {{1, 59, 231, 0xc000003e}, {SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 1, 0}});
  size_t unread = 0;
  size_t differences = 0;
  for (int i = 0; i < 20000; ++i) {
    const ValidatedProgram program = programs.draw(20);
    const EntryReads entry = entry_reads(program);
    unread += (entry.a ? 0 : 1) + (entry.x ? 0 : 1);
    SystemCall call;
    call.number = random.one_in(2) ? 59 : static_cast<uint32_t>(random.below(300));
    call.arch = 0xc000003e;
    const auto a = static_cast<uint32_t>(random.bits());
    const auto x = static_cast<uint32_t>(random.bits());
    const uint32_t from_zero = run_from(program, 0, 0, call);
    ASSERT_EQ(from_zero, run_from(program, entry.a ? 0 : a, entry.x ? 0 : x, call)) << i;
    if (from_zero != run_from(program, a, x, call)) ++differences;
  }
  EXPECT_GT(unread, 1000U);
  EXPECT_GT(differences, 100U) << "the programs hardly ever read what they did not write";
}

}  // namespace
}  // namespace sandbox::bpf
