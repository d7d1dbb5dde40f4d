#include "compile/conditions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "bpf/assembler.h"
#include "bpf/cost.h"
#include "bpf/disasm.h"
#include "bpf/interpret.h"
#include "bpf/validate.h"
#include "resolve/evaluate.h"
#include "support/random.h"
#include "support/rules.h"

namespace sandbox::compile {
namespace {

using bpf::Assembler;
using bpf::Endian;
using policy::Operation;
using resolve::Condition;
using testing::condition;

bpf::ValidatedProgram valid(const Assembler& assembler, Assembler::Node root) {
  auto program = bpf::validate(assembler.assemble(root).program);
  EXPECT_TRUE(program.ok());
  return *program;
}

/// A program that returns 1 where the condition holds and 0 elsewhere.
bpf::ValidatedProgram compiled(const Condition& condition, Endian endian) {
  Assembler assembler;
  const CodeEntry no = {assembler.ret(0)};
  const Choice choice = {{&condition, 1}, {assembler.ret(1)}};
  return valid(assembler, compile_choices(assembler, {&choice, 1}, no, endian, Effort::kQuick).node);
}

using Conditions = std::vector<Condition>;

/// A program that returns the number of the first clause of which all conditions hold, from 1, and 0 where there is
/// none.
bpf::ValidatedProgram compiled(const std::vector<Conditions>& clauses, Endian endian, Effort effort) {
  Assembler assembler;
  const CodeEntry none = {assembler.ret(0)};
  std::vector<Choice> choices;
  for (const Conditions& conditions : clauses) {
    choices.push_back({conditions, {assembler.ret(static_cast<uint32_t>(choices.size()) + 1)}});
  }
  return valid(assembler, compile_choices(assembler, choices, none, endian, effort).node);
}

uint32_t first_match(const std::vector<Conditions>& clauses, const bpf::SystemCall& call) {
  for (size_t i = 0; i < clauses.size(); ++i) {
    const bool all = std::all_of(clauses[i].begin(), clauses[i].end(),
                                 [&](const Condition& c) { return holds(c, call.args[c.argument]); });
    if (all) return static_cast<uint32_t>(i) + 1;
  }
  return 0;
}

size_t loads_in(const bpf::ValidatedProgram& program) {
  return static_cast<size_t>(std::count_if(program.instructions().begin(), program.instructions().end(),
                                           [](const auto& i) { return BPF_CLASS(i.code) == BPF_LD; }));
}

/// Values at which halves, signs and widths turn, and their neighbours.
std::vector<uint64_t> edges() {
  std::vector<uint64_t> values;
  for (const uint64_t edge : {uint64_t{0}, uint64_t{1} << 15, uint64_t{1} << 16, uint64_t{1} << 31, uint64_t{1} << 32,
                              uint64_t{3} << 32, uint64_t{1} << 63}) {
    for (const uint64_t offset : {uint64_t{0} - 1, uint64_t{0}, uint64_t{1}}) values.push_back(edge + offset);
  }
  values.push_back(0x00000003'00000005);
  values.push_back(0xFFFFFFFF'00000000);
  return values;
}

class CompileCondition : public ::testing::TestWithParam<Operation> {};

TEST_P(CompileCondition, AgreesWithTheEvaluatorAtEveryEdge) {
  for (const unsigned width : {16U, 32U, 64U}) {
    for (const uint64_t value : edges()) {
      Condition tested = condition(GetParam(), width, value);
      tested.argument = 4;
      for (const uint64_t mask : {uint64_t{0}, uint64_t{0xFFFF}, uint64_t{UINT32_MAX}, UINT64_MAX, value}) {
        if (GetParam() != Operation::kMaskedEqual && mask != 0) break;
        tested.mask = mask;
        for (const Endian endian : {Endian::kLittle, Endian::kBig}) {
          const bpf::ValidatedProgram program = compiled(tested, endian);
          bpf::SystemCall call;
          call.args.fill(0x5A5A5A5A'5A5A5A5A);  // Other arguments play no part.
          for (const uint64_t argument : edges()) {
            call.args[4] = argument;
            ASSERT_EQ(interpret(program, call, endian).value == 1, holds(tested, argument))
                << "width " << width << ", value " << value << ", mask " << mask << ", argument " << argument;
          }
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Operations, CompileCondition,
                         ::testing::Values(Operation::kEqual, Operation::kNotEqual, Operation::kGreaterThan,
                                           Operation::kLessThan, Operation::kGreaterOrEqual, Operation::kLessOrEqual,
                                           Operation::kBitsSet, Operation::kBitsNotSet, Operation::kMaskedEqual),
                         [](const auto& test) { return std::string(policy::name_of(test.param)); });

TEST(CompileConditionSize, NeedsNoCodeForWhatIsKnownBefore) {
  EXPECT_EQ(compiled(condition(Operation::kEqual, 32, uint64_t{1} << 32), Endian::kLittle).size(), 1U);
  EXPECT_EQ(compiled(condition(Operation::kBitsSet, 64, 0), Endian::kLittle).size(), 1U);
  EXPECT_EQ(compiled(condition(Operation::kMaskedEqual, 64, 0, 0), Endian::kLittle).size(), 1U);
  EXPECT_EQ(compiled(condition(Operation::kMaskedEqual, 64, 4, 3), Endian::kLittle).size(), 1U);
}

TEST(CompileConditionSize, LooksAtTheHalvesThatMatterOnly) {
  EXPECT_EQ(compiled(condition(Operation::kEqual, 32, 5), Endian::kLittle).size(), 4U) << "ld, jeq, two returns";
  EXPECT_EQ(compiled(condition(Operation::kEqual, 64, 5), Endian::kLittle).size(), 6U);
  EXPECT_EQ(compiled(condition(Operation::kEqual, 16, 5), Endian::kLittle).size(), 5U) << "and the mask";
  EXPECT_EQ(compiled(condition(Operation::kBitsSet, 64, 5), Endian::kLittle).size(), 4U);
  EXPECT_EQ(compiled(condition(Operation::kMaskedEqual, 64, 1, 0xFF), Endian::kLittle).size(), 5U);
}

/// The condition on another argument.
Condition on(uint8_t argument, Condition condition) {
  condition.argument = argument;
  return condition;
}

constexpr Operation kOperations[] = {Operation::kEqual,    Operation::kNotEqual,       Operation::kGreaterThan,
                                     Operation::kLessThan, Operation::kGreaterOrEqual, Operation::kLessOrEqual,
                                     Operation::kBitsSet,  Operation::kBitsNotSet,     Operation::kMaskedEqual};

/// Few values and arguments, so that clauses meet; mostly of one width, so that searches are joined.
Condition random_condition(testing::Random& random) {
  const unsigned width = random.one_in(6) ? random.any_of(std::array{16U, 32U, 64U}) : 64;
  const std::vector<uint64_t> values = edges();
  const uint64_t value = random.one_in(2) ? random.below(6) : random.any_of(values);
  const std::array masks = {uint64_t{7}, uint64_t{0xFF}, UINT64_MAX, uint64_t{0xFFFFFFFF'00000000}, value};
  const uint64_t mask = random.any_of(masks);
  return on(static_cast<uint8_t>(random.below(2)), condition(random.any_of(kOperations), width, value, mask));
}

TEST(CompileChoices, TakeTheFirstThatMatches) {
  testing::Random random(testing::test_seed());
  for (int round = 0; round < 600; ++round) {
    std::vector<Conditions> clauses(1 + random.below(6));
    for (Conditions& conditions : clauses) {
      for (size_t count = 1 + (random.one_in(3) ? random.below(4) : 0); count > 0; --count) {
        conditions.push_back(random_condition(random));
      }
    }
    const Endian endian = random.one_in(2) ? Endian::kLittle : Endian::kBig;
    const auto program = compiled(clauses, endian, random.one_in(4) ? Effort::kBest : Effort::kQuick);
    std::vector<uint64_t> values = edges();
    for (uint64_t small = 2; small < 9; ++small) values.push_back(small);
    for (const uint64_t first : values) {
      bpf::SystemCall call;
      call.args[0] = first;
      for (const uint64_t second : {first, uint64_t{2}, uint64_t{1} << 32, random.bits()}) {
        call.args[1] = second;
        ASSERT_EQ(interpret(program, call, endian).value, first_match(clauses, call))
            << "round " << round << ", " << first << " and " << second << "\n"
            << bpf::disassemble(program.instructions());
      }
    }
  }
}

TEST(CompileChoices, SearchForAValue) {
  std::vector<Conditions> clauses;
  for (uint64_t i = 0; i < 64; ++i) clauses.push_back({condition(Operation::kEqual, 32, i * i * 7)});
  const auto program = compiled(clauses, Endian::kLittle, Effort::kQuick);
  EXPECT_EQ(loads_in(program), 1U);
  EXPECT_LE(bpf::longest_path(program), 1U + 7 + 1) << "not sixty-four comparisons";
  for (uint32_t value = 0; value < 30'000; ++value) {
    bpf::SystemCall call;
    call.args[0] = value;
    ASSERT_EQ(interpret(program, call, Endian::kLittle).value, first_match(clauses, call)) << value;
  }
}

/// Clauses with one answer: the values that personality(2) may have.
std::string text_of(const std::vector<Conditions>& clauses, Endian endian = Endian::kLittle) {
  Assembler assembler;
  const CodeEntry refused = {assembler.ret(SECCOMP_RET_ERRNO | 1)};
  const CodeEntry allowed = {assembler.ret(SECCOMP_RET_ALLOW)};
  std::vector<Choice> choices;
  for (const Conditions& conditions : clauses) choices.push_back({conditions, allowed});
  return bpf::disassemble(
      valid(assembler, compile_choices(assembler, choices, refused, endian, Effort::kQuick).node).instructions());
}

TEST(CompileChoices, LoadAWordOnce) {
  EXPECT_EQ(text_of({{condition(Operation::kEqual, 32, 0)},
                     {condition(Operation::kEqual, 32, 8)},
                     {condition(Operation::kEqual, 32, 0x20000)}}),
            "   0  ld   args[0]+0\n"
            "   1  jeq  0x20008     then 4 else 2\n"
            "   2  jset 0xfffdfff7  then 4 else 3\n"
            "   3  ret  allow\n"
            "   4  ret  errno 1\n");
}

TEST(CompileChoices, LookIntoTheLowHalfOfOneHighHalfOnly) {
  EXPECT_EQ(text_of({{condition(Operation::kEqual, 64, 5)}, {condition(Operation::kEqual, 64, 9)}}),
            "   0  ld   args[0]+4\n"
            "   1  jge  0x1         then 6 else 2\n"
            "   2  ld   args[0]+0\n"
            "   3  jeq  0x9         then 5 else 4\n"
            "   4  jeq  0x5         then 5 else 6\n"
            "   5  ret  allow\n"
            "   6  ret  errno 1\n");
}

TEST(CompileChoices, EnterBehindTheLoadOfWhatAHolds) {
  // Bits and values of one word; and one value of it with a condition on another.
  EXPECT_EQ(text_of({{condition(Operation::kBitsSet, 32, 0x100)}, {condition(Operation::kEqual, 32, 3)}}),
            "   0  ld   args[0]+0\n"
            "   1  jset 0x100       then 3 else 2\n"
            "   2  jeq  0x3         then 3 else 4\n"
            "   3  ret  allow\n"
            "   4  ret  errno 1\n");
  const std::vector<Conditions> socket = {
      {condition(Operation::kEqual, 32, 1)},
      {condition(Operation::kEqual, 32, 2), on(1, condition(Operation::kEqual, 32, 5))}};
  EXPECT_EQ(text_of(socket),
            "   0  ld   args[0]+0\n"
            "   1  jeq  0x1         then 5 else 2\n"
            "   2  jeq  0x2         then 3 else 6\n"
            "   3  ld   args[1]+0\n"
            "   4  jeq  0x5         then 5 else 6\n"
            "   5  ret  allow\n"
            "   6  ret  errno 1\n");
}

TEST(CompileChoices, LoadAgainWhatWasMasked) {
  // A holds the low sixteen bits; the next condition wants all.
  const std::vector<Conditions> clauses = {{condition(Operation::kEqual, 16, 3)},
                                           {condition(Operation::kEqual, 32, 0x10004)}};
  const auto program = compiled(clauses, Endian::kLittle, Effort::kQuick);
  EXPECT_EQ(loads_in(program), 2U);
  bpf::SystemCall call;
  for (const uint32_t value : {3U, 0x50003U, 0x10004U, 4U}) {
    call.args[0] = value;
    EXPECT_EQ(interpret(program, call, Endian::kLittle).value, first_match(clauses, call)) << value;
  }
}

TEST(CompileChoices, NeedNoCodeWhereEveryValueHasOneWay) {
  EXPECT_EQ(text_of({{condition(Operation::kEqual, 32, 5)}, {condition(Operation::kNotEqual, 32, 5)}}),
            "   0  ret  allow\n");
}

TEST(CompileChoices, StopAtWhatAlwaysMatchesAndPassWhatNeverDoes) {
  const std::vector<Conditions> clauses = {{condition(Operation::kBitsSet, 32, 0)},
                                           {condition(Operation::kEqual, 32, 1)},
                                           {condition(Operation::kBitsNotSet, 32, 0)},
                                           {condition(Operation::kEqual, 32, 2)}};
  const auto program = compiled(clauses, Endian::kLittle, Effort::kQuick);
  EXPECT_EQ(program.size(), 4U) << "ld, jeq, two returns";
  bpf::SystemCall call;
  for (const uint32_t value : {0U, 1U, 2U}) {
    call.args[0] = value;
    EXPECT_EQ(interpret(program, call, Endian::kLittle).value, value == 1 ? 2U : 3U) << value;
  }
}

}  // namespace
}  // namespace sandbox::compile
