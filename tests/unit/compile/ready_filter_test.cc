#include "compile/ready_filter.h"

#include <gtest/gtest.h>
#include <linux/seccomp.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "bpf/filter_file.h"
#include "support/compile_rules.h"
#include "support/rules.h"

namespace sandbox::compile {
namespace {

using arch::Abi;
using resolve::PolicyRules;
using resolve::RuleSet;
using testing::always;
using testing::kAllow;
using testing::kKillProcess;
using testing::kPermission;

/// Denies execve on x86_64 and x86, for a launcher on x86_64.
ReadyFilter sample() {
  const PolicyRules rules = {{Abi::kX86_64, kAllow, {always(59, kPermission)}},
                             {Abi::kX86, kAllow, {always(11, kPermission)}}};
  const policy::Flags flags = {.log = true, .spec_allow = true};
  return *compile_ready({&rules, 1}, {&flags, 1}, "beat.yml", {.launcher = Abi::kX86_64, .effort = Effort::kBest});
}

std::string written(const ReadyFilter& ready) {
  auto bytes = write_filter(ready, Abi::kX86_64);
  EXPECT_TRUE(bytes.ok()) << bytes.error().message;
  return std::move(*bytes);
}

std::string error_of(std::string_view bytes, Abi launcher = Abi::kX86_64) {
  const auto ready = read_filter(bytes, launcher);
  return ready ? "" : ready.error().message;
}

/// The file of the sample, changed by `change` before it is written.
template <typename Change>
std::string error_of_changed(Change change) {
  auto file = bpf::read_filter_file(written(sample()));
  EXPECT_TRUE(file.ok());
  change(*file);
  return error_of(bpf::write_filter_file(*file));
}

bool same(const bpf::Program& one, const bpf::Program& other) {
  return one.size() == other.size() && std::memcmp(one.data(), other.data(), one.size() * sizeof one[0]) == 0;
}

TEST(ReadyFilter, ComesBackFromItsFile) {
  const ReadyFilter ready = sample();
  ASSERT_FALSE(ready.filter.token_sites.empty());
  const auto back = read_filter(written(ready), Abi::kX86_64);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_TRUE(same(back->filter.program.instructions(), ready.filter.program.instructions()));
  EXPECT_EQ(back->filter.token_sites, ready.filter.token_sites);
  EXPECT_EQ(back->filter.ranges, ready.filter.ranges);
  EXPECT_EQ(back->covered, (std::vector{Abi::kX86_64, Abi::kX86}));
  EXPECT_EQ(back->flags, uint32_t{SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW});
  EXPECT_EQ(back->source, "beat.yml");
  EXPECT_FALSE(back->raw);
}

TEST(ReadyFilter, EveryAbiCanBeCoveredAndLaunchedFrom) {
  for (const arch::AbiInfo& abi : arch::all_abis()) {
    if (abi.abi == Abi::kX32) continue;  // The compiler makes no token for a launcher there.
    const PolicyRules rules = {{abi.abi, kKillProcess, {}}};
    const policy::Flags flags;
    const auto ready = compile_ready({&rules, 1}, {&flags, 1}, "p.yml", {.launcher = abi.abi});
    ASSERT_TRUE(ready.ok());
    const auto bytes = write_filter(*ready, abi.abi);
    ASSERT_TRUE(bytes.ok()) << abi.name << ": " << bytes.error().message;
    const auto back = read_filter(*bytes, abi.abi);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(back->covered, std::vector{abi.abi}) << abi.name;
  }
}

TEST(ReadyFilter, AFlippedBitIsNeverARun) {
  const std::string bytes = written(sample());
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_NE(error_of(changed), "") << "bit " << bit % 8 << " of byte " << bit / 8;
  }
}

TEST(ReadyFilter, HalfAFileIsNeverARun) {
  const std::string bytes = written(sample());
  for (size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_NE(error_of(std::string_view(bytes).substr(0, size)), "") << size;
    ASSERT_NE(error_of(std::string_view(bytes).substr(size + 1)), "") << "from " << size + 1;
  }
}

TEST(ReadyFilter, IsForOneLauncher) {
  EXPECT_EQ(error_of(written(sample()), Abi::kX86), "is for a sandbox-run on x86_64, and this one is on x86");
  EXPECT_EQ(error_of(written(sample()), Abi::kX32), "is for a sandbox-run on x86_64, and this one is on x32");
  EXPECT_EQ(error_of_changed([](bpf::FilterFile& file) { file.launcher.audit_arch = 0xc00000b7; }),
            "is for a sandbox-run on aarch64, and this one is on x86_64");
  EXPECT_EQ(error_of_changed([](bpf::FilterFile& file) { file.launcher.first_number = 1; }),
            "names an ABI that is not known (0xc000003e with numbers from 0x1)");
}

TEST(ReadyFilter, CoversAbisThatAreKnownOnceEach) {
  EXPECT_EQ(error_of_changed([](bpf::FilterFile& file) { file.covered.clear(); }), "covers no ABI");
  EXPECT_EQ(error_of_changed([](bpf::FilterFile& file) {
              file.covered[1] = {0x1234, 0};
            }),
            "names an ABI that is not known (0x00001234 with numbers from 0x0)");
  EXPECT_EQ(error_of_changed([](bpf::FilterFile& file) { file.covered[1] = file.covered[0]; }),
            "covers the ABI x86_64 twice");
}

std::string error_of_inspection(std::string_view bytes) {
  const auto ready = inspect_filter(bytes);
  return ready ? "" : ready.error().message;
}

TEST(InspectFilter, TakesWhatNoLaunchDoes) {
  auto file = bpf::read_filter_file(written(sample()));
  ASSERT_TRUE(file.ok());
  file->launcher = {0xc00000b7, 0};
  file->token_sites.pop_back();
  const auto ready = inspect_filter(bpf::write_filter_file(*file));
  ASSERT_TRUE(ready.ok()) << ready.error().message;
  EXPECT_FALSE(ready->raw);
  EXPECT_EQ(ready->covered, (std::vector{Abi::kX86_64, Abi::kX86}));
  EXPECT_EQ(ready->source, "beat.yml");
  EXPECT_EQ(ready->filter.token_sites.size(), file->token_sites.size());
}

TEST(InspectFilter, LeavesRawBpfAsItIs) {
  const bpf::Program program = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO}};
  const std::string bytes(reinterpret_cast<const char*>(program.data()), sizeof program[0]);
  const auto ready = inspect_filter(bytes);
  ASSERT_TRUE(ready.ok()) << ready.error().message;
  EXPECT_TRUE(ready->raw);
  EXPECT_TRUE(same(ready->filter.program.instructions(), program));
  EXPECT_EQ(ready->prefix, 0U);
  EXPECT_EQ(error_of(bytes), "instruction 0: it returns errno 0, which makes a denied call look done");
}

TEST(InspectFilter, ComplainsOfWhatIsNoFilter) {
  EXPECT_EQ(error_of_inspection(""), "is empty, expected a filter");
  EXPECT_EQ(error_of_inspection(std::string_view("\6\0\0", 3)), "has 3 bytes; raw BPF has 8 for each instruction");
  EXPECT_EQ(error_of_inspection(std::string(8, '\0')), "instruction 0: the last instruction is not a return");
  const std::string bytes = written(sample());
  EXPECT_EQ(error_of_inspection(bytes.substr(0, bytes.size() - 1)), error_of(bytes.substr(0, bytes.size() - 1)));
}

TEST(LooksLikeFilter, ByItsFirstBytes) {
  EXPECT_TRUE(looks_like_filter(written(sample())));
  EXPECT_TRUE(looks_like_filter(std::string_view("\6\0\0\0\0\0\0\0", 8)));
  EXPECT_FALSE(looks_like_filter("seccomp:"));
  EXPECT_FALSE(looks_like_filter("{"));
  EXPECT_FALSE(looks_like_filter(""));
}

TEST(ReadyFilter, ItsTokenSitesAreLookedAt) {
  EXPECT_NE(error_of_changed([](bpf::FilterFile& file) {
              file.token_sites.clear();
            }).find("it returns user_notif, and there is no supervisor to notify"),
            std::string::npos);
  EXPECT_NE(error_of_changed([](bpf::FilterFile& file) { file.token_sites.pop_back(); }).find("has no token site"),
            std::string::npos);
  EXPECT_NE(error_of_changed([](bpf::FilterFile& file) { file.token_sites[2].word = 3; }).find("has another form"),
            std::string::npos);
  EXPECT_NE(error_of_changed([](bpf::FilterFile& file) { ++file.token_sites[2].index; }).find("token"),
            std::string::npos);
}

TEST(ReadyFilter, AProgramUnderWhichNothingCanBeExecutedIsRefused) {
  EXPECT_EQ(error_of_changed([](bpf::FilterFile& file) {
              file.program = *bpf::validate({{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS}});
              file.token_sites.clear();
            }),
            "does not let sandbox-run itself call execve, write and exit_group");
  EXPECT_EQ(error_of_changed([](bpf::FilterFile& file) {
              file.program = *bpf::validate({{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO}});
              file.token_sites.clear();
            }),
            "does not let sandbox-run itself call execve, write and exit_group");
}

TEST(ReadyFilter, ErrnoZeroOfAPolicyIsWrittenAndRead) {
  const PolicyRules rules = {{Abi::kX86_64, kAllow, {always(105, {policy::Action::kErrno, 0})}}};
  const policy::Flags flags;
  const auto ready = compile_ready({&rules, 1}, {&flags, 1}, "zero.json", {.launcher = Abi::kX86_64});
  ASSERT_TRUE(ready.ok());
  const auto bytes = write_filter(*ready, Abi::kX86_64);
  ASSERT_TRUE(bytes.ok()) << bytes.error().message;
  const auto read = read_filter(*bytes, Abi::kX86_64);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_TRUE(same(read->filter.program.instructions(), ready->filter.program.instructions()));
}

TEST(ReadyFilter, WhatCouldNotBeReadIsNotWritten) {
  const PolicyRules rules = {{Abi::kX86_64, kAllow, {always(59, kPermission)}}};
  const policy::Flags flags;
  const auto without_launcher = compile_ready({&rules, 1}, {&flags, 1}, "p.yml", {});
  ASSERT_TRUE(without_launcher.ok());
  const auto bytes = write_filter(*without_launcher, Abi::kX86_64);
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().message, "does not let sandbox-run itself call execve, write and exit_group");
}

TEST(ReadyFilter, ALongOrOddNameIsCutAndMadePrintable) {
  ReadyFilter ready = sample();
  ready.source = "a\nb";
  EXPECT_EQ(read_filter(written(ready), Abi::kX86_64)->source, "a\\nb");
  for (const char* unit : {"x", "\x01", "\xc3\xa4", "\xff", "\xe2\x80\x8b"}) {
    ready.source.clear();
    while (ready.source.size() < 1000) ready.source += unit;
    EXPECT_GT(read_filter(written(ready), Abi::kX86_64)->source.size(), 200U) << unit;
  }
}

TEST(ReadyFilter, RawBpfSaysNothingOfItself) {
  const bpf::Program program = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | 1}};
  const auto ready = read_filter(write_raw_filter(*bpf::validate(program)), Abi::kX86_64);
  ASSERT_TRUE(ready.ok()) << ready.error().message;
  EXPECT_TRUE(ready->raw);
  EXPECT_TRUE(ready->covered.empty());
  EXPECT_EQ(ready->flags, 0U);
  EXPECT_EQ(ready->source, "");
  EXPECT_EQ(ready->prefix + 1, ready->filter.program.size());
}

TEST(ReadyFilter, FlagsOfSeveralPolicies) {
  const std::vector<PolicyRules> rules(2, {{Abi::kX86_64, kAllow, {}}});
  const auto flags_of = [&](policy::Flags one, policy::Flags other) {
    const std::vector<policy::Flags> flags = {one, other};
    return compile_ready(rules, flags, "p.yml", {.launcher = Abi::kX86_64})->flags;
  };
  EXPECT_EQ(flags_of({}, {}), 0U);
  EXPECT_EQ(flags_of({.log = true}, {}), uint32_t{SECCOMP_FILTER_FLAG_LOG});
  EXPECT_EQ(flags_of({.spec_allow = true}, {}), 0U);
  EXPECT_EQ(flags_of({.spec_allow = true}, {.spec_allow = true}), uint32_t{SECCOMP_FILTER_FLAG_SPEC_ALLOW});
  EXPECT_EQ(flags_of({}, {.tsync = true}), uint32_t{SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH});
}

TEST(ReadyFilter, TheLargestFileFits) {
  EXPECT_GE(max_filter_bytes(), bpf::kMaxFilterFileBytes);
  EXPECT_GE(max_filter_bytes(), bpf::kMaxInstructions * sizeof(bpf::Instruction));
}

TEST(CompileErrors, SayThatTheCompilerGaveUp) {
  const CompileError error = {1808, true, {}, 0};
  EXPECT_EQ(describe(error, {}, "a.yml and b.yml"),
            "a.yml and b.yml: the conditions of the policies on one call come to more than 2000000 combinations, the "
            "most that are tried");
}

}  // namespace
}  // namespace sandbox::compile
