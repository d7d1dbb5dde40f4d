// The launcher's load step, linked with profiles of the test's own: the text of each is another policy than its filter,
// or none at all, so that what is loaded tells where it came from.
#include <gtest/gtest.h>

#include <string>

#include "kernel/landlock.h"
#include "profiles/profiles.h"
#include "sandbox-run/load.h"

namespace sandbox::profiles {
namespace {

constexpr bpf::Instruction kProgram[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
                                         {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
constexpr arch::Abi kCovered[] = {arch::Abi::kS390x};
constexpr bpf::Instruction kInvalidProgram[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0}};

constexpr std::string_view kText =
    "# A policy\nseccomp: {default_action: errno, syscalls: [{action: allow, names: [execve, write, exit_group]}]}\n";

constexpr std::string_view kRestriction =
    "# A policy\nseccomp: {default_action: allow, syscalls: [{action: errno, names: [uname]}]}\n";

constexpr std::string_view kSection = "# A policy\nlandlock: {files: [{access: [read], paths: [/, /usr]}]}\n";
constexpr std::string_view kWithSection =
    "# A policy\nlandlock: {files: [{access: [read], paths: [/, /usr]}]}\n"
    "seccomp: {default_action: errno, syscalls: [{action: allow, names: [execve, write, exit_group]}]}\n";
static_assert(kWithSection.starts_with(kSection));

Profile profile(std::string_view name, std::string_view text) {
  return {name, "a test's", text, 0, "something", arch::native_abi(), kProgram, {}, 4711, kCovered, 2};
}

const Profile* test_profiles() {
  static const Profile kProfiles[] = {profile("default", "not: a policy"),
                                      profile("differs", kText),
                                      [] {
                                        Profile invalid = profile("invalid", kText);
                                        invalid.instructions = kInvalidProgram;
                                        return invalid;
                                      }(),
                                      [] {
                                        Profile files = profile("files", kWithSection);
                                        files.landlock_end = kSection.size();
                                        return files;
                                      }(),
                                      profile("no-exec", kRestriction),
                                      profile("no-network", kRestriction)};
  return kProfiles;
}

}  // namespace

// These take the place of the ones in src/profiles, which this program is not linked with.
std::span<const Profile> all_profiles() {
  return {test_profiles(), 6};
}

const Profile* find_profile(std::string_view name) {
  for (const Profile& profile : all_profiles()) {
    if (profile.name == name) return &profile;
  }
  return nullptr;
}

const Profile* find_combination(std::span<const std::string_view> names) {
  static const Profile kCombination = profile("default+no-network", "");
  return names.size() == 2 && names[0] == "default" && names[1] == "no-network" ? &kCombination : nullptr;
}

std::optional<compile::ReadyFilter> ready_filter(const Profile& profile, arch::Abi launcher) {
  if (profile.launcher != launcher) return std::nullopt;
  auto program = bpf::validate({profile.instructions.begin(), profile.instructions.end()});
  if (!program) return std::nullopt;
  return compile::ReadyFilter{{std::move(*program), {}, profile.ranges},
                              {profile.covered.begin(), profile.covered.end()},
                              profile.flags,
                              "a test",
                              false,
                              0};
}

}  // namespace sandbox::profiles

namespace sandbox::launcher {
namespace {

constexpr size_t kReadyMade = 4711;  // The ranges of the test's filters; no policy has so many.

class Load : public ::testing::Test {
 protected:
  /// What was loaded, with what was said on standard error.
  Step<Loaded> run(const Options& options) {
    ::testing::internal::CaptureStderr();
    Step<Loaded> loaded = load(options, Log("test"));
    said_ = ::testing::internal::GetCapturedStderr();
    return loaded;
  }
  std::string said_;
};

TEST_F(Load, WithoutPoliciesTheDefaultProfileIsTakenReadyMade) {
  const auto loaded = run({});
  ASSERT_TRUE(loaded.ok()) << said_;
  EXPECT_EQ(said_, "");
  ASSERT_TRUE(loaded->ready);
  EXPECT_EQ(loaded->ready->filter.ranges, kReadyMade);
  EXPECT_EQ(loaded->ready->filter.program.size(), 2U);
  EXPECT_EQ(loaded->ready->flags, 2U);
  EXPECT_EQ(loaded->ready->covered, std::vector{arch::Abi::kS390x});
  ASSERT_EQ(loaded->parts.size(), 1U);
  EXPECT_EQ(loaded->parts[0].kind, Part::Kind::kProfile);
  EXPECT_EQ(loaded->parts[0].name, "profile default");
  EXPECT_EQ(loaded->parts[0].description, "by default something");
  EXPECT_TRUE(loaded->parts[0].applies());
  EXPECT_TRUE(loaded->parts[0].covers(arch::Abi::kS390x));
  EXPECT_FALSE(loaded->parts[0].covers(arch::Abi::kX86_64));
  EXPECT_EQ(loaded->names(), "profile default");
}

TEST_F(Load, OneProfileAloneIsTakenReadyMade) {
  for (const char* name : {"default", "differs"}) {
    Options options;
    options.profiles = {name};
    const auto loaded = run(options);
    ASSERT_TRUE(loaded.ok()) << said_;
    EXPECT_EQ(loaded->ready->filter.ranges, kReadyMade);
    EXPECT_EQ(loaded->names(), std::string("profile ") + name);
  }
}

/// Its section is resolved at the launch, once, whether the filter is ready-made or not.
TEST_F(Load, OneProfileWithASectionIsTakenReadyMade) {
  if (kernel::landlock_abi() == 0) GTEST_SKIP() << "this kernel has no Landlock";
  for (const bool alone : {true, false}) {
    Options options;
    options.profiles = {"files"};
    options.no_exec = !alone;
    const auto loaded = run(options);
    ASSERT_TRUE(loaded.ok()) << said_;
    EXPECT_EQ(said_, "");
    EXPECT_EQ(loaded->ready->filter.ranges == kReadyMade, alone);
    ASSERT_EQ(loaded->landlock.layers.size(), 1U);
    const LandlockLayer& layer = loaded->landlock.layers[0];
    EXPECT_EQ(layer.kind, LandlockLayer::Kind::kProfile);
    EXPECT_EQ(layer.name, "profile files");
    EXPECT_EQ(layer.ready.ruleset.range.offset, 11U);
    ASSERT_EQ(layer.ready.ruleset.paths.size(), 2U);
    EXPECT_EQ(layer.ready.ruleset.paths[1].path, "/usr");
  }
}

/// A report reads the text when something is denied, and takes up no section again.
TEST_F(Load, TheTextsOfAProfileWithASectionComeWithoutIt) {
  if (kernel::landlock_abi() == 0) GTEST_SKIP() << "this kernel has no Landlock";
  Options options;
  options.profiles = {"files"};
  const auto loaded = run(options);
  ASSERT_TRUE(loaded.ok()) << said_;
  const auto texts = load_texts(*loaded, options, Log("test"));
  ASSERT_TRUE(texts.ok());
  ASSERT_EQ(texts->policies.size(), 1U);
  EXPECT_TRUE(texts->landlock.layers.empty());
}

TEST_F(Load, WhatAnOptionLaysOverTheDefaultProfileIsTakenReadyMade) {
  Options options;
  options.no_network = true;
  const auto loaded = run(options);
  ASSERT_TRUE(loaded.ok()) << said_;
  EXPECT_EQ(loaded->ready->filter.ranges, kReadyMade);
  EXPECT_EQ(loaded->names(), "profile default and profile no-network");
}

TEST_F(Load, WhatAnOptionLaysOverOthersIsRead) {
  Options options;
  options.profiles = {"differs"};
  options.no_exec = true;
  options.denied = {"acct"};
  const auto loaded = run(options);
  ASSERT_TRUE(loaded.ok()) << said_;
  EXPECT_EQ(said_, "");
  EXPECT_NE(loaded->ready->filter.ranges, kReadyMade);
  ASSERT_EQ(loaded->parts.size(), 3U);
  EXPECT_EQ(loaded->names(), "profile differs, profile no-exec and --deny");
  EXPECT_EQ(loaded->parts[0].option, "");
  EXPECT_EQ(loaded->parts[1].option, "--no-exec");
  EXPECT_EQ(loaded->parts[2].option, "--deny");
  EXPECT_EQ(loaded->parts[2].description, "denies acct");
  ASSERT_EQ(loaded->policies.size(), 3U);
}

TEST_F(Load, SeveralProfilesAreRead) {
  Options options;
  options.profiles = {"differs", "differs"};
  const auto loaded = run(options);
  ASSERT_TRUE(loaded.ok()) << said_;
  EXPECT_NE(loaded->ready->filter.ranges, kReadyMade);
  EXPECT_EQ(loaded->ready->covered, std::vector{arch::native_abi()});
  EXPECT_EQ(loaded->parts[0].description, "by default errno EPERM");
  EXPECT_EQ(loaded->names(), "profile differs and profile differs");
  options.profiles = {"differs", "default"};
  EXPECT_FALSE(run(options).ok());
  EXPECT_NE(said_.find("profile default:1:1: no policy here"), std::string::npos) << "its text is no policy: " << said_;
}

TEST_F(Load, AProfileThatIsNotReadyIsRead) {
  Options options;
  options.profiles = {"invalid"};
  const auto loaded = run(options);
  ASSERT_TRUE(loaded.ok()) << said_;
  EXPECT_NE(loaded->ready->filter.ranges, kReadyMade);
  EXPECT_EQ(loaded->names(), "profile invalid");
}

TEST_F(Load, AnUnknownProfileIsAnError) {
  Options options;
  options.profiles = {"defualt"};
  EXPECT_FALSE(run(options).ok());
  EXPECT_EQ(said_, "test: error: unknown profile 'defualt'; did you mean 'default'?\n");
}

}  // namespace
}  // namespace sandbox::launcher
