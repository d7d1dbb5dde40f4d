#include "bpf/paths.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <optional>
#include <utility>

#include "bpf/interpret.h"
#include "support/random_program.h"

namespace sandbox::bpf {
namespace {

ValidatedProgram valid(Program program) {
  auto validated = validate(std::move(program));
  EXPECT_TRUE(validated.ok()) << validated.error().message;
  return std::move(*validated);
}

uint32_t word_of(const SystemCall& call, uint32_t offset) {
  if (offset == kNumberOffset) return call.number;
  if (offset == kArchOffset) return call.arch;
  const uint64_t field = offset < kArgsOffset ? call.instruction_pointer : call.args[(offset - kArgsOffset) / 8];
  return static_cast<uint32_t>(offset % 8 == 0 ? field : field >> 32U);
}

/// The leaf that a little-endian call comes to; none if an unknown value decides.
std::optional<Paths::Ref> leaf_for(const Paths& paths, Paths::Ref function, const SystemCall& call) {
  const Diagrams& diagrams = paths.diagrams();
  while (!diagrams.is_leaf(function)) {
    const uint32_t variable = diagrams.variable_of(function);
    if (variable >= Paths::kFirstUnknownVariable) return std::nullopt;
    const DataBit at = paths.bit_of(variable);
    function = diagrams.when(function, variable, (word_of(call, at.offset) >> at.bit & 1U) != 0);
  }
  return function;
}

TEST(AsTheKernelReads, KnowsWhatDataIsFor) {
  EXPECT_EQ(as_the_kernel_reads(SECCOMP_RET_ALLOW | 5), SECCOMP_RET_ALLOW);
  EXPECT_EQ(as_the_kernel_reads(SECCOMP_RET_LOG | 5), SECCOMP_RET_LOG);
  EXPECT_EQ(as_the_kernel_reads(SECCOMP_RET_KILL_THREAD | 5), SECCOMP_RET_KILL_THREAD);
  EXPECT_EQ(as_the_kernel_reads(SECCOMP_RET_KILL_PROCESS | 5), SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(as_the_kernel_reads(SECCOMP_RET_USER_NOTIF | 5), SECCOMP_RET_USER_NOTIF);
  EXPECT_EQ(as_the_kernel_reads(SECCOMP_RET_TRAP | 5), SECCOMP_RET_TRAP | 5);
  EXPECT_EQ(as_the_kernel_reads(SECCOMP_RET_TRACE | 0xFFFF), SECCOMP_RET_TRACE | 0xFFFF);
  EXPECT_EQ(as_the_kernel_reads(SECCOMP_RET_ERRNO), SECCOMP_RET_ERRNO);
  EXPECT_EQ(as_the_kernel_reads(SECCOMP_RET_ERRNO | 4095), SECCOMP_RET_ERRNO | 4095);
  EXPECT_EQ(as_the_kernel_reads(SECCOMP_RET_ERRNO | 4096), SECCOMP_RET_ERRNO | 4095);
  EXPECT_EQ(as_the_kernel_reads(0x12345678), SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(as_the_kernel_reads(0x7ffe0001), SECCOMP_RET_KILL_PROCESS);
}

// Every code that seccomp has, with a result that every bit of the call goes into.
TEST(Paths, SayWhatTheInterpreterSays) {
  testing::Random random(testing::test_seed());
  const testing::ProgramPool pool = {
      {0, 1, 2, 59, 231, 0x40000000, 0x3fffffff, 0xC000003E, 0x40000003, 0xFFFF, 0xFFFF0000, 0x80000000},
      {SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_LOG, SECCOMP_RET_ERRNO | 1,
       SECCOMP_RET_ERRNO | 38, SECCOMP_RET_TRACE | 7, SECCOMP_RET_TRAP | 9}};
  testing::RandomPrograms programs(random, pool);
  size_t judged = 0;
  size_t unknown = 0;
  for (size_t i = 0; i < 1500; ++i) {
    Program instructions = programs.draw(60).instructions();
    for (Instruction& instruction : instructions) {
      if (instruction.code == (BPF_RET | BPF_K) && random.one_in(4)) instruction.code = BPF_RET | BPF_A;
    }
    const ValidatedProgram program = valid(std::move(instructions));
    const BitOrder order = i % 2 == 0 ? BitOrder::kWordByWord : BitOrder::kBitByBit;
    Paths paths(Limits{uint64_t{1} << 20U, uint64_t{1} << 16U, 4096}, order);
    const Paths::Ref function = paths.follow(program, Side::kLeft);
    const auto word = [&] {
      if (random.one_in(3)) return random.one_in(2) ? 0 : static_cast<uint32_t>(random.bits());
      return random.any_of(pool.numbers) + static_cast<uint32_t>(random.below(3)) - 1;
    };
    for (size_t n = 0; n < 100; ++n) {
      SystemCall call = {word(), word(), {}, uint64_t{word()} << 32U | word()};
      for (uint64_t& arg : call.args) arg = uint64_t{word()} << 32U | word();
      const auto leaf = leaf_for(paths, function, call);
      if (!leaf || !paths.outcome(*leaf)) {
        ++unknown;
        continue;
      }
      ++judged;
      const uint32_t expected = as_the_kernel_reads(interpret(program, call, Endian::kLittle).value);
      ASSERT_EQ(*paths.outcome(*leaf), expected) << "program " << i << " of " << program.size() << " instructions";
    }
  }
  std::printf("%zu answers, and %zu calls of which nothing is claimed\n", judged, unknown);
  EXPECT_GT(judged, 2 * unknown);
}

constexpr Instruction load(uint32_t offset) {
  return {BPF_LD | BPF_W | BPF_ABS, 0, 0, offset};
}
constexpr Instruction ret(uint32_t value) {
  return {BPF_RET | BPF_K, 0, 0, value};
}

TEST(Paths, AProgramThatReturnsAWordOfTheCall) {
  const ValidatedProgram program = valid({load(16), {BPF_RET | BPF_A, 0, 0, 0}});
  Paths paths({});
  const Paths::Ref function = paths.follow(program, Side::kLeft);
  for (const uint32_t value : {0U, 5U, SECCOMP_RET_ALLOW | 3, SECCOMP_RET_TRAP | 0xABCD, SECCOMP_RET_TRACE | 0xFFFF,
                               SECCOMP_RET_ERRNO | 4095, SECCOMP_RET_ERRNO | 4096, 0x12345678U}) {
    SystemCall call;
    call.args[0] = value;
    const auto leaf = leaf_for(paths, function, call);
    ASSERT_TRUE(leaf);
    EXPECT_EQ(paths.outcome(*leaf), as_the_kernel_reads(value)) << value;
  }
}

/// Twenty times: on a bit of an argument, one of two constants is taken into X. 2^20 values of X.
Program too_many_states() {
  Program program;
  for (uint32_t i = 0; i < 20; ++i) {
    program.push_back(load(16));
    program.push_back({BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1U << i});
    program.push_back({BPF_JMP | BPF_JA, 0, 0, 3});
    program.push_back({BPF_MISC | BPF_TXA, 0, 0, 0});
    program.push_back({BPF_ALU | BPF_ADD | BPF_K, 0, 0, 3U << i});
    program.push_back({BPF_MISC | BPF_TAX, 0, 0, 0});
  }
  program.push_back({BPF_MISC | BPF_TXA, 0, 0, 0});
  program.push_back({BPF_JMP | BPF_JGT | BPF_K, 0, 1, 1'000'000});
  program.push_back(ret(SECCOMP_RET_ALLOW));
  program.push_back(ret(0));
  return program;
}

TEST(Paths, SayWhereThereAreTooMany) {
  Paths paths({});
  const Paths::Ref function = paths.follow(valid(too_many_states()), Side::kRight);
  size_t blocked = 0;
  for (uint64_t i = 0; i < 1000; ++i) {
    SystemCall call;
    call.args[0] = i * 1049;
    const auto leaf = leaf_for(paths, function, call);
    ASSERT_TRUE(leaf);
    if (paths.outcome(*leaf)) continue;
    ++blocked;
    EXPECT_EQ(paths.obstacle(*leaf).side, Side::kRight);
    EXPECT_EQ(paths.obstacle(*leaf).kind, Obstacle::Kind::kPaths);
    EXPECT_GT(paths.obstacle(*leaf).instruction, 60U);
  }
  EXPECT_GT(blocked, 0U);
}

TEST(Paths, NameTheInstructionWhoseValueIsTooComplex) {
  const Program program = {load(16),
                           {BPF_MISC | BPF_TAX, 0, 0, 0},
                           load(24),
                           {BPF_ALU | BPF_MUL | BPF_X, 0, 0, 0},
                           {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0x12345678},
                           ret(SECCOMP_RET_ALLOW),
                           ret(0)};
  Paths paths({});
  const Paths::Ref function = paths.follow(valid(program), Side::kLeft);
  const uint32_t variable = paths.diagrams().variable_of(function);
  ASSERT_GE(variable, Paths::kFirstUnknownVariable);
  EXPECT_EQ(paths.unknown(variable), (Obstacle{Side::kLeft, 3, Obstacle::Kind::kValue}));
  // The same computation is the same unknown in another program, wherever it stands.
  Program longer = program;
  longer.insert(longer.begin(), load(0));
  EXPECT_EQ(paths.follow(valid(longer), Side::kRight), function);
}

}  // namespace
}  // namespace sandbox::bpf
