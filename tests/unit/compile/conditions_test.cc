#include "compile/conditions.h"

#include <gtest/gtest.h>

#include <vector>

#include "bpf/interpret.h"
#include "bpf/validate.h"
#include "resolve/evaluate.h"
#include "support/rules.h"

namespace sandbox::compile {
namespace {

using bpf::Endian;
using policy::Operation;
using resolve::Condition;
using testing::condition;

bpf::ValidatedProgram compiled(const Condition& condition, Endian endian) {
  bpf::Assembler assembler;
  const auto yes = assembler.ret(1);
  const auto no = assembler.ret(0);
  auto program = bpf::validate(assembler.assemble(compile_condition(assembler, condition, endian, yes, no)).program);
  EXPECT_TRUE(program.ok());
  return *program;
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

}  // namespace
}  // namespace sandbox::compile
