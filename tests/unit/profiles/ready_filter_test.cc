// What is built in is what the texts compile to.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "bpf/filter_file.h"
#include "profiles/profiles.h"
#include "resolve/resolve.h"
#include "support/policy_text.h"

namespace sandbox::profiles {
namespace {

/// The text compiled now, as it is done when the project is built.
struct Compiled {
  std::string problems;
  std::string by_default;
  std::optional<compile::ReadyFilter> ready;
};

Compiled compile_text(const Profile& profile) {
  testing::PolicyText text{std::string(profile.text)};
  policy::Environment environment;
  environment.native = arch::native_abi();
  const auto policy = text.read(environment);
  Compiled compiled;
  if (policy) {
    const resolve::PolicyRules rules = resolve::resolve(*policy, environment.native, text.diagnostics());
    compiled.by_default = compile::default_in_words(*policy, environment.native);
    auto ready = compile::compile_ready({&rules, 1}, {&policy->flags, 1}, "profile " + std::string(profile.name),
                                        {.launcher = environment.native, .effort = compile::Effort::kBest});
    EXPECT_TRUE(ready.ok());
    if (ready) compiled.ready = std::move(*ready);
  }
  compiled.problems = text.problems();
  return compiled;
}

class BuiltInProfile : public ::testing::TestWithParam<Profile> {};

TEST_P(BuiltInProfile, EqualsWhatItsTextCompilesTo) {
  const Profile& profile = GetParam();
  const Compiled compiled = compile_text(profile);
  // A launch that does not read the text could not say them.
  EXPECT_EQ(compiled.problems, "");
  ASSERT_TRUE(compiled.ready);
  const auto ready = ready_filter(profile, arch::native_abi());
  ASSERT_TRUE(ready) << "the profile was compiled for another ABI, or is not valid";

  const bpf::Program& built_in = ready->filter.program.instructions();
  const bpf::Program& now = compiled.ready->filter.program.instructions();
  ASSERT_EQ(built_in.size(), now.size());
  EXPECT_EQ(std::memcmp(built_in.data(), now.data(), now.size() * sizeof now[0]), 0);
  EXPECT_EQ(ready->filter.token_sites, compiled.ready->filter.token_sites);
  EXPECT_EQ(ready->filter.ranges, compiled.ready->filter.ranges);
  EXPECT_EQ(ready->covered, compiled.ready->covered);
  EXPECT_EQ(ready->flags, compiled.ready->flags);
  EXPECT_EQ(ready->source, compiled.ready->source);
  EXPECT_EQ(ready->raw, compiled.ready->raw);
  EXPECT_EQ(ready->prefix, compiled.ready->prefix);
  EXPECT_EQ(profile.by_default, compiled.by_default);
}

TEST_P(BuiltInProfile, IsAsGoodAsAFilterFile) {
  const auto ready = ready_filter(GetParam(), arch::native_abi());
  ASSERT_TRUE(ready);
  const auto bytes = compile::write_filter(*ready, arch::native_abi());
  EXPECT_TRUE(bytes.ok()) << bytes.error().message;
}

TEST_P(BuiltInProfile, IsReadyForItsLauncherAlone) {
  for (const arch::AbiInfo& abi : arch::all_abis()) {
    EXPECT_EQ(ready_filter(GetParam(), abi.abi).has_value(), abi.abi == arch::native_abi()) << abi.name;
  }
}

TEST_P(BuiltInProfile, IsNotReadyWhenItIsNotValid) {
  Profile profile = GetParam();
  profile.instructions = profile.instructions.first(profile.instructions.size() - 1);
  while (profile.instructions.back().code == (BPF_RET | BPF_K)) {
    profile.instructions = profile.instructions.first(profile.instructions.size() - 1);
  }
  EXPECT_FALSE(ready_filter(profile, arch::native_abi()));
}

INSTANTIATE_TEST_SUITE_P(All, BuiltInProfile, ::testing::ValuesIn(all_profiles().begin(), all_profiles().end()),
                         [](const auto& test) {
                           std::string name(test.param.name);
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

/// What --no-network and its kin come to is what the profiles come to together.
TEST(Combination, EqualsItsProfilesTogether) {
  constexpr std::string_view kRestrictions[] = {"no-network", "no-unix", "no-exec"};
  for (size_t subset = 1; subset < 8; ++subset) {
    std::vector<std::string_view> names = {kDefaultProfile};
    for (size_t i = 0; i < 3; ++i) {
      if ((subset >> i & 1U) != 0) names.push_back(kRestrictions[i]);
    }
    std::vector<resolve::PolicyRules> rules;
    std::vector<policy::Flags> flags;
    for (const std::string_view name : names) {
      testing::PolicyText text{std::string(find_profile(name)->text)};
      const auto policy = text.read();
      ASSERT_TRUE(policy);
      rules.push_back(resolve::resolve(*policy, arch::native_abi(), text.diagnostics()));
      for (resolve::RuleSet& set : rules.back()) resolve::set_policy(set, static_cast<uint32_t>(flags.size()));
      flags.push_back(policy->flags);
    }
    const auto now =
        compile::compile_ready(rules, flags, "", {.launcher = arch::native_abi(), .effort = compile::Effort::kBest});
    const Profile* combination = find_combination(names);
    ASSERT_TRUE(now.ok() && combination != nullptr);
    const auto built_in = ready_filter(*combination, arch::native_abi());
    ASSERT_TRUE(built_in);
    const bpf::Program& expected = now->filter.program.instructions();
    const bpf::Program& got = built_in->filter.program.instructions();
    ASSERT_EQ(got.size(), expected.size()) << combination->name;
    EXPECT_EQ(std::memcmp(got.data(), expected.data(), got.size() * sizeof got[0]), 0) << combination->name;
    EXPECT_EQ(built_in->filter.token_sites, now->filter.token_sites) << combination->name;
    EXPECT_EQ(built_in->covered, now->covered);
    EXPECT_EQ(built_in->flags, now->flags);
  }
}

}  // namespace
}  // namespace sandbox::profiles
