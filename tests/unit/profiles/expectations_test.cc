// Every shipped policy does what its file in tests/expectations says, and each of these files would notice a change.
#include "compile/expectations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>

#include "resolve/resolve.h"
#include "support/policy_text.h"

namespace sandbox {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::set<fs::path> yaml_files(const fs::path& folder) {
  std::set<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".yml") files.insert(entry.path());
  }
  return files;
}

class ShippedExpectations : public ::testing::TestWithParam<fs::path> {};

TEST_P(ShippedExpectations, AreMet) {
  auto source = std::make_shared<const SourceText>(GetParam().string(), text_of(GetParam()));
  Diagnostics diagnostics(source);
  const auto expectations = policy::read_expectations(source, diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.all()) ADD_FAILURE() << format_diagnostic(*source, diagnostic);
  ASSERT_TRUE(expectations && !diagnostics.has_errors());
  // What the policy is read for is written in the file: the result is the same on every machine.
  ASSERT_TRUE(expectations->abi.has_value());
  EXPECT_GE(expectations->expect.size(), 15U);
  ASSERT_EQ(expectations->policies.size(), 1U);
  const fs::path path = policy::policy_path(*expectations, expectations->policies.front());
  EXPECT_EQ(path.stem(), GetParam().stem()) << "named like its policy";

  testing::PolicyText text(text_of(path));
  const auto policy = text.read();
  ASSERT_TRUE(policy.has_value()) << text.problems();
  std::vector<resolve::PolicyRules> rules(1);
  rules[0] = resolve::resolve(*policy, expectations->abi->abi, text.diagnostics());
  ASSERT_EQ(text.problems(), "");
  const auto results = compile::judge_expectations(*expectations, rules, expectations->abi->abi, diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.all()) ADD_FAILURE() << format_diagnostic(*source, diagnostic);
  ASSERT_TRUE(results.ok());
  EXPECT_EQ(results->size(), expectations->expect.size());
  const SourceText* const sources[] = {&text.source()};
  for (const compile::JudgedExpectation& result : *results) {
    EXPECT_TRUE(result.passed()) << GetParam() << ":" << source->locate(result.range.offset).line << ": "
                                 << compile::failure_text(result, sources);
  }

  // Without the rules, some are not met.
  for (resolve::RuleSet& rule_set : rules[0]) rule_set.calls.clear();
  const auto without = compile::judge_expectations(*expectations, rules, expectations->abi->abi, diagnostics);
  ASSERT_TRUE(without.ok());
  EXPECT_TRUE(std::ranges::any_of(*without, [](const auto& result) { return !result.passed(); }));
}

INSTANTIATE_TEST_SUITE_P(All, ShippedExpectations, ::testing::ValuesIn(yaml_files(SANDBOX_RUN_EXPECTATIONS)),
                         [](const auto& file) {
                           std::string name = file.param.stem().string();
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(ShippedPolicies, EachHasExpectations) {
  std::set<fs::path> policies;
  for (const fs::path& path : yaml_files(SANDBOX_RUN_POLICIES)) policies.insert(path.filename());
  std::set<fs::path> expectations;
  for (const fs::path& path : yaml_files(SANDBOX_RUN_EXPECTATIONS)) expectations.insert(path.filename());
  EXPECT_EQ(policies, expectations);
  EXPECT_FALSE(policies.empty());
}

}  // namespace
}  // namespace sandbox
