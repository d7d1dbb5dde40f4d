#include "bpf/cost.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "bpf/assembler.h"
#include "bpf/interpret.h"
#include "support/random.h"

namespace sandbox::bpf {
namespace {

constexpr uint32_t kArch = 0xC000003E;

ValidatedProgram valid(Program program) {
  auto result = validate(std::move(program));
  EXPECT_TRUE(result.ok());
  return std::move(*result);
}

TEST(Cost, CountsTheReturn) {
  const ValidatedProgram program = valid({BPF_STMT(BPF_RET | BPF_K, 0)});
  EXPECT_EQ(longest_path(program), 1U);
  EXPECT_EQ(mean_steps(program, kArch, Endian::kLittle, 9), 1);
}

TEST(Cost, TakesTheLongerWayOfABranch) {
  const ValidatedProgram program = valid({
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumberOffset),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 3, 2, 0),
      BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
      BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
  });
  EXPECT_EQ(longest_path(program), 5U);
  EXPECT_EQ(mean_steps(program, kArch, Endian::kLittle, 3), (3 * 5 + 3) / 4.0) << "number 3 is as likely as the others";
  EXPECT_EQ(mean_steps(program, kArch, Endian::kLittle, 2), 5) << "up to `last`, and no further";
}

TEST(Cost, CountsAJumpAsAnInstructionAndNotWhatItPasses) {
  const ValidatedProgram program = valid({
      BPF_STMT(BPF_JMP | BPF_JA, 2),
      BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, 0),
  });
  EXPECT_EQ(longest_path(program), 2U);
}

TEST(Cost, CountsWaysThatNoCallTakes) {
  const ValidatedProgram program = valid({
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumberOffset),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 10, 0, 2),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 3, 0, 1),  // Not with 10 and more.
      BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
  });
  EXPECT_EQ(longest_path(program), 5U);
}

TEST(Cost, SeesTheArch) {
  Assembler assembler;
  const auto end = assembler.ret(0);
  const auto own = assembler.load(kNumberOffset, end);
  const ValidatedProgram program = valid(
      assembler.assemble(assembler.load(kArchOffset, assembler.branch(Compare::kEqual, kArch, own, end))).program);
  EXPECT_EQ(mean_steps(program, kArch, Endian::kLittle, 100), 4);
  EXPECT_EQ(mean_steps(program, kArch + 1, Endian::kLittle, 100), 3);
}

/// Searches for numbers have no ways that no number takes: the longest is that of some number.
TEST(Cost, AgreesWithWhatIsExecuted) {
  testing::Random random(testing::test_seed());
  for (int round = 0; round < 50; ++round) {
    Assembler assembler;
    std::vector<Assembler::Node> line = {assembler.ret(0)};
    for (uint32_t number = 1; number < 600; number += 1 + static_cast<uint32_t>(random.below(4))) {
      line.push_back(assembler.branch(Compare::kEqual, number, assembler.ret(number), line.back()));
    }
    const ValidatedProgram program = valid(assembler.assemble(assembler.load(kNumberOffset, line.back())).program);
    size_t most = 0;
    uint64_t all = 0;
    for (uint32_t number = 0; number < 600; ++number) {
      const uint32_t steps = interpret(program, {.number = number, .arch = kArch}, Endian::kLittle).steps;
      most = std::max<size_t>(most, steps);
      all += steps;
    }
    EXPECT_EQ(longest_path(program), most);
    EXPECT_DOUBLE_EQ(mean_steps(program, kArch, Endian::kLittle, 599), static_cast<double>(all) / 600);
  }
}

}  // namespace
}  // namespace sandbox::bpf
