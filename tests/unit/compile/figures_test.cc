// What the filters of four policies cost. The figures are promises: docs/performance.md compares them with other programs'.
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>

#include "bpf/cost.h"
#include "bpf/interpret.h"
#include "compile/compile.h"
#include "resolve/evaluate.h"
#include "resolve/resolve.h"
#include "support/compile_rules.h"
#include "support/policy_text.h"
#include "support/rules.h"

namespace sandbox::compile {
namespace {

using arch::Abi;

constexpr uint32_t kLastNumber = 450;

struct Figures {
  size_t instructions = 0;
  size_t longest_path = 0;
  double mean_steps = 0;
};

resolve::PolicyRules rules_of(const std::string& name) {
  std::ifstream file(std::string(SANDBOX_RUN_BENCH_POLICIES "/") + name + ".yml", std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  testing::PolicyText text{{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()}};
  const auto policy = text.read();
  EXPECT_TRUE(policy.has_value());
  return policy ? resolve::resolve(*policy, Abi::kX86_64, text.diagnostics()) : resolve::PolicyRules();
}

/// As `sandbox-run` compiles them on x86_64: with the checks of the ABI, of x32 and of reserved numbers.
bpf::ValidatedProgram filter_of(const resolve::PolicyRules& rules, Effort effort) {
  const auto filter = testing::compile_rules(rules, {.launcher = Abi::kX86_64, .effort = effort});
  EXPECT_TRUE(filter.ok());
  EXPECT_TRUE(filter->token_sites.empty()) << "they allow what a launcher needs";
  return filter->program;
}

Figures figures_of(const std::string& name, Effort effort) {
  const bpf::ValidatedProgram program = filter_of(rules_of(name), effort);
  const arch::AbiInfo& abi = arch::info(Abi::kX86_64);
  return {program.size(), bpf::longest_path(program),
          bpf::mean_steps(program, abi.audit_arch, abi.endian, kLastNumber)};
}

TEST(Figures, DenyListOfThreeCalls) {
  const Figures best = figures_of("a", Effort::kBest);
  EXPECT_LE(best.instructions, 13U);
  EXPECT_LE(best.longest_path, 7U);
  EXPECT_LE(best.mean_steps, 7.0);
  const Figures quick = figures_of("a", Effort::kQuick);
  EXPECT_LE(quick.instructions, 14U);
  EXPECT_LE(quick.longest_path, 7U);
  EXPECT_LE(quick.mean_steps, 7.0);
}

TEST(Figures, AllowListOf295Calls) {
  const Figures best = figures_of("b", Effort::kBest);
  EXPECT_LE(best.instructions, 43U);
  EXPECT_LE(best.longest_path, 10U);
  EXPECT_LE(best.mean_steps, 8.6);
  const Figures quick = figures_of("b", Effort::kQuick);
  EXPECT_LE(quick.instructions, 48U);
  EXPECT_LE(quick.longest_path, 10U);
  EXPECT_LE(quick.mean_steps, 8.6);
}

TEST(Figures, AllowListWithConditions) {
  const Figures best = figures_of("c", Effort::kBest);
  EXPECT_LE(best.instructions, 54U);
  EXPECT_LE(best.longest_path, 13U);
  EXPECT_LE(best.mean_steps, 9.03);
  const Figures quick = figures_of("c", Effort::kQuick);
  EXPECT_LE(quick.instructions, 58U);
  EXPECT_LE(quick.longest_path, 13U);
  EXPECT_LE(quick.mean_steps, 9.14);
}

TEST(Figures, DenyListWithConditions) {
  const Figures best = figures_of("d", Effort::kBest);
  EXPECT_LE(best.instructions, 22U);
  EXPECT_LE(best.longest_path, 10U);
  EXPECT_LE(best.mean_steps, 6.45);
  const Figures quick = figures_of("d", Effort::kQuick);
  EXPECT_LE(quick.instructions, 21U);
  EXPECT_LE(quick.longest_path, 10U);
  EXPECT_LE(quick.mean_steps, 7.32);
}

TEST(Figures, CostNoDecisionAndNoCachedCall) {
  for (const char* name : {"a", "b", "c", "d"}) {
    const resolve::PolicyRules rules = rules_of(name);
    for (const Effort effort : {Effort::kQuick, Effort::kBest}) {
      const bpf::ValidatedProgram program = filter_of(rules, effort);
      for (uint32_t i = 0; i < 4096; ++i) {
        const uint32_t number = i < 2048 ? i : 0x40000000U - 1024 + (i - 2048);  // To both sides of x32's first.
        for (const uint64_t argument : {uint64_t{0}, uint64_t{1}, uint64_t{8}, uint64_t{0x20008}, uint64_t{1} << 28}) {
          const bpf::SystemCall call = testing::call_on(Abi::kX86_64, number, argument);
          const auto verdict = resolve::evaluate(rules, call).verdict;
          ASSERT_EQ(resolve::verdict_of(interpret(program, call, bpf::Endian::kLittle).value), verdict)
              << name << ", number " << number << ", argument " << argument;
        }
        const bool conditional = number == 41 || number == 56 || number == 135;
        const auto verdict = resolve::evaluate(rules, testing::call_on(Abi::kX86_64, number)).verdict;
        if (conditional && (name[0] == 'c' || name[0] == 'd')) continue;
        ASSERT_EQ(bpf::is_cached_allow(program, arch::info(Abi::kX86_64).audit_arch, number),
                  verdict == testing::kAllow)
            << name << ", number " << number;
      }
    }
  }
}

}  // namespace
}  // namespace sandbox::compile
