// diff() as a judge of whole programs: what the compiler makes is what the policy says, by proof; and what libseccomp
// makes of the same rules, with every witness held against the interpreter.
#include "bpf/diff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "arch/abi.h"
#include "arch/syscalls.h"
#include "base/file.h"
#include "bpf/interpret.h"
#include "compile/compile.h"
#include "judged_policies.h"
#include "libseccomp_program.h"
#include "plain_program.h"
#include "random_language.h"
#include "random_policy.h"
#include "runc_program.h"
#include "subject.h"

namespace sandbox::differential {
namespace {

using arch::Abi;
using bpf::ValidatedProgram;
using resolve::PolicyRules;

std::vector<bpf::ArchEndian> known_archs() {
  std::vector<bpf::ArchEndian> archs;
  for (const arch::AbiInfo& abi : arch::all_abis()) archs.push_back({abi.audit_arch, abi.endian});
  return archs;
}

bpf::Endian endian_of(uint32_t arch) {
  for (const arch::AbiInfo& abi : arch::all_abis()) {
    if (abi.audit_arch == arch) return abi.endian;
  }
  return bpf::Endian::kLittle;
}

std::string describe(const bpf::Difference& difference) {
  std::array<char, 128> text = {};
  std::snprintf(text.data(), text.size(), " and %u to %u%s: %#x, %#x", difference.calls.numbers.first,
                difference.calls.numbers.last, difference.depends_on_arguments ? " by arguments" : "", difference.left,
                difference.right);
  return describe_call(difference.witness) + text.data();
}

/// The comparison, when every witness is what it is said to be and nothing is left undecided.
bpf::Comparison judged(const ValidatedProgram& left, const ValidatedProgram& right) {
  const std::vector<bpf::ArchEndian> archs = known_archs();
  bpf::Comparison result = bpf::diff(left, right, {.archs = archs, .limits = {}});
  for (const bpf::Difference& difference : result.differences) {
    for (const uint32_t number : {difference.calls.numbers.first, difference.calls.numbers.last}) {
      bpf::SystemCall call = difference.witness;
      call.number = number;
      const bpf::Endian endian = endian_of(call.arch);
      EXPECT_EQ(bpf::as_the_kernel_reads(bpf::interpret(left, call, endian).value), difference.left);
      EXPECT_EQ(bpf::as_the_kernel_reads(bpf::interpret(right, call, endian).value), difference.right);
      EXPECT_NE(difference.left, difference.right);
    }
  }
  for (const bpf::Undecided& undecided : result.undecided) {
    ADD_FAILURE() << "undecided for " << undecided.calls.numbers.first << " to " << undecided.calls.numbers.last << ": "
                  << (undecided.obstacle.side == bpf::Side::kLeft ? "left " : "right ")
                  << undecided.obstacle.instruction;
  }
  EXPECT_TRUE(result.complete);
  return result;
}

/// Empty when the programs are equal, else the first difference.
std::string difference(const ValidatedProgram& left, const ValidatedProgram& right) {
  const bpf::Comparison result = judged(left, right);
  if (result.equal()) return "";
  return result.differences.empty() ? "undecided" : describe(result.differences.front());
}

std::optional<compile::Filter> compiled(const PolicyRules& rules, const compile::CompileOptions& options) {
  auto filter = compile::compile({&rules, 1}, options);
  if (!filter) return std::nullopt;
  return std::move(*filter);
}

/// What was found of the policies that were tried.
struct Tried {
  size_t proved = 0;    ///< Programs that equal the plain one.
  size_t best = 0;      ///< Of them, those that the compiler took its time for.
  size_t too_long = 0;  ///< Policies whose plain program would be.
};

std::optional<ValidatedProgram> launching(const PolicyRules& rules, compile::Effort effort, compile::Token token) {
  const auto filter = compiled(rules, {.launcher = rules.front().abi, .effort = effort});
  if (!filter) return std::nullopt;
  auto program = bpf::validate(compile::with_lasting_token(*filter, token));
  EXPECT_TRUE(program.ok());
  if (!program) return std::nullopt;
  return std::move(*program);
}

/// With the token the launcher's calls are allowed, and that is all that it changes.
void prove_what_the_token_opens(const PolicyRules& rules, const ValidatedProgram& without, compile::Effort effort,
                                Random& random) {
  compile::Token token = {};
  for (uint32_t& word : token) word = static_cast<uint32_t>(random.bits());
  const auto program = launching(rules, effort, token);
  if (!program) return;
  const arch::AbiInfo& abi = arch::info(rules.front().abi);
  const std::vector<uint32_t> calls = compile::launcher_calls(abi.abi);
  for (const bpf::Difference& difference : judged(without, *program).differences) {
    EXPECT_EQ(difference.right, SECCOMP_RET_ALLOW);
    EXPECT_EQ(difference.calls.archs, (std::vector<bpf::Interval>{{abi.audit_arch, abi.audit_arch}}));
    EXPECT_EQ(difference.calls.numbers.first, difference.calls.numbers.last);
    EXPECT_NE(std::find(calls.begin(), calls.end(), difference.calls.numbers.first), calls.end());
    for (size_t word = 0; word < compile::kTokenWords; ++word) {
      const uint64_t arg = difference.witness.args.at(compile::kTokenArgument + word / 2);
      if (word % 2 != 0 && abi.register_bits == 32) continue;
      EXPECT_EQ(static_cast<uint32_t>(arg >> (word % 2 * 32)), token.at(word));
    }
  }
}

/// The programs that the compiler makes, with and without the launcher's token. `best`: also those that take long.
void prove_equal(const PolicyRules& rules, bool best, Random& random, Tried& tried) {
  const auto quick = compiled(rules, {});
  if (!quick) return;
  const auto plain = plain_program(rules);
  const bool has_launcher = rules.front().abi != Abi::kX32;
  if (plain) {
    ++tried.proved;
    ASSERT_EQ(difference(*plain, quick->program), "");
  } else {
    ++tried.too_long;
  }
  if (has_launcher) prove_what_the_token_opens(rules, quick->program, compile::Effort::kQuick, random);
  if (!best) return;
  const auto careful = compiled(rules, {.launcher = std::nullopt, .effort = compile::Effort::kBest});
  ASSERT_TRUE(careful) << "the best program is too long, and the quick one is not";
  ASSERT_EQ(difference(quick->program, careful->program), "");
  ++tried.best;
  // It takes its time, so not for every ABI.
  if (rules.front().abi == arch::native_abi()) {
    prove_what_the_token_opens(rules, quick->program, compile::Effort::kBest, random);
  }
}

TEST(Diff, ShippedPoliciesMeanTheSameHoweverTheyAreCompiled) {
  const char* folder = std::getenv("POLICIES");
  ASSERT_NE(folder, nullptr) << "POLICIES names the folder of the shipped policies";
  Random random(run_seed());
  Tried tried;
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".yml") continue;
    ++files;
    SCOPED_TRACE(entry.path());
    const auto contents = read_file(entry.path().string(), 1 << 20);
    ASSERT_TRUE(contents.ok());
    const size_t before = tried.proved;
    const bool for_all_abis = contents->bytes.find("skip_missing_calls: true") != std::string::npos;
    for (const arch::AbiInfo& info : arch::all_abis()) {
      SCOPED_TRACE(info.name);
      const ReadPolicy read = read_rules(contents->bytes, plain_environment(info.abi));
      EXPECT_TRUE(read.rules || !for_all_abis) << read.messages;
      // Best programs take their time, so not for every ABI.
      const bool best = info.abi == Abi::kX86_64 || info.abi == Abi::kX86 || info.abi == Abi::kAarch64;
      if (read.rules) prove_equal(*read.rules, best, random, tried);
    }
    EXPECT_GT(tried.proved, before) << "not proved for any ABI";
  }
  EXPECT_GT(files, 0U) << "no policies in " << folder;
  EXPECT_EQ(tried.too_long, 0U);
  std::printf("%zu policies, %zu proofs, %zu of best programs\n", files, tried.proved, tried.best);
}

TEST(Diff, RandomPoliciesMeanTheSameHoweverTheyAreCompiled) {
  const uint64_t run = run_seed();
  const size_t count = policy_count(400);
  Tried tried;
  for (size_t i = 0; i < count; ++i) {
    Random random = nth_random(run, i);
    PolicyKind kind;
    const auto abis = arch::all_abis();
    if (random.one_in(3)) kind.abi = abis[random.below(abis.size())].abi;
    kind.many_conditions = random.one_in(10);
    if (random.one_in(2)) kind.favourites = {"execve", "write", "exit_group"};
    const std::string text = random_policy(kind, random);
    const ReadPolicy read = read_rules(text, plain_environment(kind.abi));
    ASSERT_TRUE(read.rules) << read.messages << text;
    prove_equal(*read.rules, i % 20 == 0, random, tried);
    ASSERT_FALSE(HasFailure()) << "policy " << i << " of the run:\n" << text;
  }
  std::printf("%zu policies, %zu proofs, %zu of best programs, %zu plain programs are too long\n", count, tried.proved,
              tried.best, tried.too_long);
  EXPECT_GE(tried.proved, count / 2);
}

TEST(Diff, RandomPoliciesForSeveralAbisMeanTheSame) {
  Random random(run_seed());
  Dice dice;
  Tried tried;
  for (size_t i = 0; i < 150; ++i) {
    LanguageKind kind;
    while (kind.abis.size() < 1 + i % 3) {
      const Abi abi = dice.one_in(2) ? dice.pick(std::vector{Abi::kX86_64, Abi::kX86, Abi::kX32, Abi::kS390x})
                                     : dice.pick(arch::all_abis()).abi;
      if (std::find(kind.abis.begin(), kind.abis.end(), abi) == kind.abis.end()) kind.abis.push_back(abi);
    }
    if (dice.one_in(2)) kind.favourites = {"socket", "clone", "openat", "fcntl", "ioctl", "lseek", "fchown", "ptrace"};
    const std::string text = random_language_policy(kind, dice);
    const ReadPolicy read = read_rules(text, plain_environment());
    ASSERT_TRUE(read.rules) << read.messages << text;
    prove_equal(*read.rules, i % 20 == 0, random, tried);
    ASSERT_FALSE(HasFailure()) << text;
  }
  std::printf("%zu proofs, %zu of best programs, %zu plain programs are too long\n", tried.proved, tried.best,
              tried.too_long);
  EXPECT_GT(tried.proved, 50U);
}

/// Where this project answers by itself, regardless of the rules.
bool fixed_here(const bpf::Interval& numbers) {
  const auto within = [&](uint32_t first, uint32_t last) { return numbers.first >= first && numbers.last <= last; };
  return within(512, 547) || within(arch::info(Abi::kX32).first_number, UINT32_MAX);
}

TEST(Diff, LibseccompsProgramsAreEqualButForX32) {
  ASSERT_EQ(arch::native_abi(), Abi::kX86_64) << "what is fixed differs elsewhere";
  const uint64_t run = run_seed();
  const size_t count = policy_count(300);
  size_t compared = 0;
  size_t fixed = 0;
  for (size_t i = 0; i < count; ++i) {
    Random random = nth_random(run, i);
    PolicyKind kind;
    kind.order_free = true;
    const std::string text = random_policy(kind, random);
    const ReadPolicy read = read_rules(text, plain_environment());
    ASSERT_TRUE(read.rules) << read.messages << text;
    const auto theirs = libseccomp_program(read.rules->front());
    const auto ours = compiled(*read.rules, {});
    if (!theirs || !ours) continue;
    ++compared;
    for (const bpf::Difference& difference : judged(*theirs, ours->program).differences) {
      ++fixed;
      ASSERT_TRUE(fixed_here(difference.calls.numbers)) << describe(difference) << "\n" << text;
      ASSERT_EQ(difference.right, SECCOMP_RET_ERRNO | ENOSYS) << describe(difference);
    }
    ASSERT_FALSE(HasFailure()) << text;
  }
  std::printf("%zu programs, %zu differences, all where the answer is fixed\n", compared, fixed);
  EXPECT_GT(compared, count / 3);
  EXPECT_GE(fixed, compared);
}

/// Docker's default profile, or "" when SANDBOX_RUN_DOCKER_PROFILE does not name it.
std::string docker_profile() {
  const char* path = std::getenv("SANDBOX_RUN_DOCKER_PROFILE");
  if (path == nullptr) return "";
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Diff, DockersProfileMeansTheSameHoweverItIsCompiled) {
  const std::string profile = docker_profile();
  if (profile.empty()) GTEST_SKIP() << "Docker's profile is not here; SANDBOX_RUN_DOCKER_PROFILE names the file";
  Random random(run_seed());
  for (const Abi abi : {Abi::kX86_64, Abi::kAarch64, Abi::kS390x}) {
    const ReadPolicy read = read_rules(profile, plain_environment(abi));
    ASSERT_TRUE(read.rules) << read.messages;
    Tried tried;
    prove_equal(*read.rules, true, random, tried);
    EXPECT_EQ(tried.proved, 1U) << arch::info(abi).name;
  }
}

TEST(Diff, OneNameLessInDockersProfile) {
  std::string profile = docker_profile();
  if (profile.empty()) GTEST_SKIP() << "Docker's profile is not here; SANDBOX_RUN_DOCKER_PROFILE names the file";
  const ReadPolicy whole = read_rules(profile, plain_environment());
  const std::string name = "\"uname\",";
  const size_t place = profile.find(name);
  ASSERT_NE(place, std::string::npos);
  const ReadPolicy less = read_rules(profile.erase(place, name.size()), plain_environment());
  ASSERT_TRUE(whole.rules && less.rules) << less.messages;
  const bpf::Comparison result = judged(compiled(*whole.rules, {})->program, compiled(*less.rules, {})->program);
  std::set<std::pair<uint32_t, uint32_t>> calls;
  for (const bpf::Difference& difference : result.differences) {
    EXPECT_EQ(difference.left, SECCOMP_RET_ALLOW);
    EXPECT_EQ(difference.right, SECCOMP_RET_ERRNO | EPERM);
    EXPECT_FALSE(difference.depends_on_arguments);
    EXPECT_EQ(difference.calls.numbers.first, difference.calls.numbers.last);
    calls.emplace(difference.witness.arch, difference.witness.number);
  }
  std::set<std::pair<uint32_t, uint32_t>> expected;
  for (const Abi abi : {Abi::kX86_64, Abi::kX86, Abi::kX32}) {
    expected.emplace(arch::info(abi).audit_arch, *arch::number_of(abi, "uname"));
  }
  EXPECT_EQ(calls, expected);
  EXPECT_EQ(result.differences.size(), expected.size());
}

/// Why libseccomp's program of an OCI profile may answer otherwise than ours; empty if there is no reason.
std::string reason(const bpf::Difference& difference, const RuncProgram& runc, const ValidatedProgram& theirs,
                   const ValidatedProgram& ours) {
  const bpf::Interval numbers = difference.calls.numbers;
  if (difference.calls.archs.size() > 1 && difference.left == SECCOMP_RET_KILL_THREAD &&
      difference.right == SECCOMP_RET_KILL_PROCESS) {
    return "another ABI: runc kills the thread";
  }
  if (numbers.first == UINT32_MAX || (numbers.first >= 512 && numbers.last <= 547)) return "the answer is fixed";
  const bool x86_64 = difference.witness.arch == arch::info(Abi::kX86_64).audit_arch;
  const bool x32 = x86_64 && numbers.first >= arch::info(Abi::kX32).first_number;
  const Abi abi = x32 ? Abi::kX32 : x86_64 ? Abi::kX86_64 : Abi::kX86;
  bool newer = true;
  for (uint32_t number = numbers.first; number <= numbers.last && newer; ++number) {
    newer = !libseccomp_knows(abi, number) && arch::name_of(abi, number);
  }
  if (newer) return "a call that libseccomp does not know";
  if (runc_answer(runc, theirs, difference.witness) == difference.right) return "what runc puts in front of it";
  bpf::SystemCall call = difference.witness;
  for (uint64_t& arg : call.args) arg &= UINT32_MAX;
  const auto answer = [&](const ValidatedProgram& program) {
    return bpf::as_the_kernel_reads(bpf::interpret(program, call, bpf::Endian::kLittle).value);
  };
  if (x32 && answer(theirs) == answer(ours)) return "x32: libseccomp compares low halves only";
  return "";
}

TEST(Diff, LibseccompsProgramsOfDockersProfile) {
  const std::string profile = docker_profile();
  if (profile.empty()) GTEST_SKIP() << "Docker's profile is not here; SANDBOX_RUN_DOCKER_PROFILE names the file";
  const ReadPolicy read = read_rules(profile, plain_environment());
  ASSERT_TRUE(read.rules) << read.messages;
  const auto ours = compiled(*read.rules, {});
  std::optional<ValidatedProgram> linear;
  for (const bool optimize : {false, true}) {
    const RuncProgram program = runc_program(profile, {Abi::kX86_64, {}, optimize});
    auto theirs = bpf::validate(program.program);
    ASSERT_TRUE(theirs.ok()) << program.error;
    std::map<std::string, size_t> reasons;
    for (const bpf::Difference& difference : judged(*theirs, ours->program).differences) {
      const std::string why = reason(difference, program, *theirs, ours->program);
      EXPECT_NE(why, "") << describe(difference);
      ++reasons[why];
    }
    std::printf("%zu instructions of libseccomp, %zu of ours\n", theirs->size(), ours->program.size());
    for (const auto& [why, count] : reasons) std::printf("  %zu differ: %s\n", count, why.c_str());
    EXPECT_EQ(reasons.size(), 4U);
    // libseccomp's linear program and its tree are one function, too.
    if (linear) {
      EXPECT_EQ(difference(*linear, *theirs), "");
    } else {
      linear = std::move(*theirs);
    }
  }
}

}  // namespace
}  // namespace sandbox::differential
