// A conditional jump passes over 255 instructions at most. Every distance around that limit is walked, for each way.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "bpf/assembler.h"
#include "bpf/disasm.h"
#include "bpf/interpret.h"
#include "bpf/validate.h"

namespace sandbox::bpf {
namespace {

using Node = Assembler::Node;

constexpr uint16_t kAdd = BPF_ALU | BPF_ADD | BPF_K;
constexpr size_t kFirst = 250;
constexpr size_t kLast = 259;

/// `count` instructions that do nothing, in front of `next`.
Node filler(Assembler& assembler, size_t count, Node next) {
  for (size_t i = 0; i < count; ++i) next = assembler.step(kAdd, 0, next);
  return next;
}

/// One line of instructions with two entries, `near` and `far`, at these distances from the branch that jumps to both:
///
///     load number; jeq 7: into the line; BRANCH number == 1; filler...; near: add 1000; filler...; far: add 100; ...
///
/// The end tells by A through which entry a call came: 1 by the yes way, 2 by the no way.
struct Layout {
  size_t yes_distance;
  size_t no_distance;
};

constexpr uint32_t kByYes = 1;
constexpr uint32_t kByNo = 2;
constexpr uint32_t kByLine = 3;
constexpr uint32_t kElsewhere = 4;

Assembly assemble(const Layout& layout) {
  const size_t near = std::min(layout.yes_distance, layout.no_distance);
  const size_t far = std::max(layout.yes_distance, layout.no_distance);
  const bool yes_is_far = layout.yes_distance > layout.no_distance;
  // The call's number is 1 on the yes way and 2 on the no way.
  const uint32_t at_far = yes_is_far ? 1 + 100 : 2 + 100;
  const uint32_t at_near = yes_is_far ? 2 + 1100 : 1 + 1100;

  Assembler assembler;
  Node end = assembler.ret(kElsewhere);
  end = assembler.branch(Compare::kEqual, 7 + 1100, assembler.ret(kByLine), end);
  end = assembler.branch(Compare::kEqual, at_near, assembler.ret(yes_is_far ? kByNo : kByYes), end);
  end = assembler.branch(Compare::kEqual, at_far, assembler.ret(yes_is_far ? kByYes : kByNo), end);
  const Node far_entry = assembler.step(kAdd, 100, end);
  const Node near_entry = assembler.step(kAdd, 1000, filler(assembler, far - near - 1, far_entry));
  const Node line = filler(assembler, near, near_entry);
  const Node yes = yes_is_far ? far_entry : near_entry;
  const Node no = yes_is_far ? near_entry : far_entry;
  const Node branch = assembler.branch(Compare::kEqual, 1, yes, no);
  return assembler.assemble(assembler.load(0, assembler.branch(Compare::kEqual, 7, line, branch)));
}

/// The jumps that the layout cannot do without: a way over the limit needs one, and this one pushes the other way off.
size_t bridges_needed(const Layout& layout) {
  const size_t yes = layout.yes_distance > 255 ? 1 : 0;
  const size_t no = layout.no_distance > 255 ? 1 : 0;
  if (yes + no != 1) return yes + no;
  return layout.yes_distance + no > 255 && layout.no_distance + yes > 255 ? 2 : 1;
}

size_t count_jumps(const Program& program) {
  size_t jumps = 0;
  for (const Instruction& instruction : program) jumps += instruction.code == (BPF_JMP | BPF_JA) ? 1 : 0;
  return jumps;
}

void check(const Layout& layout) {
  SCOPED_TRACE("yes " + std::to_string(layout.yes_distance) + ", no " + std::to_string(layout.no_distance));
  Program instructions = assemble(layout).program;
  EXPECT_EQ(count_jumps(instructions), bridges_needed(layout));
  const auto program = validate(std::move(instructions));
  ASSERT_TRUE(program.ok()) << program.error().message;
  const auto outcome = [&](uint32_t number) { return interpret(*program, {.number = number}, Endian::kLittle).value; };
  EXPECT_EQ(outcome(1), kByYes);
  EXPECT_EQ(outcome(2), kByNo);
  EXPECT_EQ(outcome(7), kByLine);
}

TEST(FarJumps, ReachThroughTheYesWay) {
  for (size_t distance = kFirst; distance <= kLast; ++distance) check({distance, 0});
}

TEST(FarJumps, ReachThroughTheNoWay) {
  for (size_t distance = kFirst; distance <= kLast; ++distance) check({0, distance});
}

TEST(FarJumps, ReachThroughBothWays) {
  for (size_t yes = kFirst; yes <= kLast; ++yes) {
    for (size_t no = kFirst; no <= kLast; ++no) {
      if (yes != no) check({yes, no});
    }
  }
}

TEST(FarJumps, BeginAt256) {
  EXPECT_EQ(count_jumps(assemble({255, 0}).program), 0U);
  EXPECT_EQ(count_jumps(assemble({256, 0}).program), 1U);
  EXPECT_EQ(count_jumps(assemble({0, 255}).program), 0U);
  EXPECT_EQ(count_jumps(assemble({0, 256}).program), 1U);
}

TEST(FarJumps, PushTheOtherWayOverTheLimit) {
  EXPECT_EQ(count_jumps(assemble({255, 254}).program), 0U);
  EXPECT_EQ(count_jumps(assemble({256, 254}).program), 1U);
  EXPECT_EQ(count_jumps(assemble({256, 255}).program), 2U);
}

TEST(FarJumps, ShareABridgeThatStandsNear) {
  // Ten branches that all leave for one far return: one jump serves them.
  Assembler assembler;
  const Node far = assembler.ret(1);
  Node next = filler(assembler, 300, assembler.ret(2));
  for (uint32_t i = 0; i < 10; ++i) next = assembler.branch(Compare::kEqual, i, far, next);
  const auto program = validate(assembler.assemble(assembler.load(0, next)).program);
  ASSERT_TRUE(program.ok());
  EXPECT_EQ(count_jumps(program->instructions()), 1U);
  for (uint32_t i = 0; i <= 10; ++i) {
    EXPECT_EQ(interpret(*program, {.number = i}, Endian::kLittle).value, i < 10 ? 1U : 2U);
  }
}

TEST(FarJumps, BridgeAStepToAFarTail) {
  Assembler assembler;
  const Node tail = assembler.ret(1);
  const Node line = filler(assembler, 70'000, assembler.ret(2));
  const Node step = assembler.step(kAdd, 1, tail);
  const Assembly assembly = assembler.assemble(assembler.load(0, assembler.branch(Compare::kEqual, 1, step, line)));
  // Far too long for the kernel, but the reach of an unconditional jump is not what limits it.
  ASSERT_EQ(assembly.program[2].code, BPF_ALU | BPF_ADD | BPF_K);
  ASSERT_EQ(assembly.program[3].code, BPF_JMP | BPF_JA);
  EXPECT_EQ(assembly.program[3].k, 70'001U);
}

}  // namespace
}  // namespace sandbox::bpf
