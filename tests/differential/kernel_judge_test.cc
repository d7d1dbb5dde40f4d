// The kernel, asked by making calls under the compiled programs, must do what the evaluator says.
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fstream>
#include <map>
#include <string>

#include "arch/syscalls.h"
#include "kernel_judge.h"
#include "probes.h"
#include "random_policy.h"
#include "resolve/evaluate.h"
#include "subject.h"

namespace sandbox::differential {
namespace {

using Kind = KernelAnswer::Kind;
using policy::Action;
using resolve::Verdict;

/// Read no argument, so that any may be given. Conditions on them are errors.
constexpr std::array<const char*, 10> kWithoutArguments = {"getpid", "getppid", "gettid",  "getuid",      "geteuid",
                                                           "getgid", "getegid", "getpgrp", "sched_yield", "munlockall"};
/// Fail by the descriptor -1 in argument 0, regardless of the others.
constexpr std::array<const char*, 16> kOnDescriptor = {
    "read",   "close",      "lseek",   "fsync",     "ftruncate", "fchdir",          "fdatasync", "flock",
    "fchmod", "getdents64", "pread64", "fallocate", "fadvise64", "copy_file_range", "splice",    "preadv2"};

std::vector<std::string> known(std::span<const char* const> names) {
  std::vector<std::string> there;
  for (const char* name : names) {
    if (arch::number_of(arch::native_abi(), name)) there.emplace_back(name);
  }
  return there;
}

/// What the verdict makes of a call that without a filter answers `native`.
KernelAnswer expected(Verdict verdict, KernelAnswer native) {
  switch (verdict.action) {
    case Action::kKillProcess:
      return {Kind::kProcessKilled};
    case Action::kKillThread:
      return {Kind::kThreadKilled};
    case Action::kTrap:
      return {Kind::kTrapped, 0, true};
    case Action::kErrno:
      return {Kind::kReturned, verdict.data};
    case Action::kTrace:  // There is no tracer.
      return {Kind::kReturned, ENOSYS};
    case Action::kLog:
    case Action::kAllow:
      return native;
  }
  return {};
}

/// Calls that do no harm when they are allowed.
class HarmlessCalls {
 public:
  HarmlessCalls(const Subject& subject, Random& random) : subject_(subject), random_(random) {}

  std::vector<bpf::SystemCall> draw() {
    for (const std::string& name : known(kWithoutArguments)) add_named(name, false);
    for (const std::string& name : known(kOnDescriptor)) add_named(name, true);
    // No call: reserved by us, or behind the end of the kernel's table.
    for (const uint32_t number : {UINT32_MAX, UINT32_MAX - 1, 512U, 520U, 547U, 0x40000000U, 0x40000027U, 0x4000003bU,
                                  0x40000208U, 0x7fffffffU, 1023U, 1024U}) {
      add(number, random_arguments());
    }
    for (int i = 0; i < 10; ++i) add(static_cast<uint32_t>(random_.between(600, 1024)), random_arguments());
    return std::move(calls_);
  }

 private:
  std::array<uint64_t, bpf::kArgumentCount> random_arguments() {
    std::array<uint64_t, bpf::kArgumentCount> arguments = {};
    for (uint64_t& argument : arguments) argument = interesting_value(random_, 64);
    return arguments;
  }

  void add(uint32_t number, const std::array<uint64_t, bpf::kArgumentCount>& arguments) {
    calls_.push_back({number, arch::info(arch::native_abi()).audit_arch, arguments, 0});
  }

  /// With the boundary values of the conditions that the policy has for it.
  void add_named(const std::string& name, bool on_descriptor) {
    const uint32_t number = *arch::number_of(arch::native_abi(), name);
    std::vector<bpf::SystemCall> probes;
    for (const resolve::CallRules& rules : subject_.rules().calls) {
      if (rules.number == number) probes = argument_probes(subject_.policy(), rules, random_);
    }
    std::shuffle(probes.begin(), probes.end(), std::mt19937_64(random_.bits()));
    probes.resize(std::min<size_t>(probes.size(), 8));
    probes.push_back({number, 0, random_arguments(), 0});
    for (bpf::SystemCall& probe : probes) {
      // The kernel reads 32 bits of a descriptor; the filter all where the policy says so.
      if (on_descriptor) probe.args[0] |= UINT32_MAX;
      add(number, probe.args);
    }
  }

  const Subject& subject_;
  Random& random_;
  std::vector<bpf::SystemCall> calls_;
};

/// How often each verdict was put to the kernel.
using Tally = std::map<Action, size_t>;

/// Empty, or the first call on which kernel and evaluator differ.
std::string first_disagreement(const Subject& subject, const bpf::ValidatedProgram& program,
                               const std::vector<bpf::SystemCall>& calls, Tally& tally) {
  const std::vector<KernelAnswer> native = make_calls(nullptr, calls);
  const std::vector<KernelAnswer> answers = make_calls(&program, calls);
  for (size_t i = 0; i < calls.size(); ++i) {
    const Verdict verdict = resolve::evaluate(subject.policy(), calls[i]).verdict;
    const KernelAnswer meant = expected(verdict, native[i]);
    ++tally[verdict.action];
    if (answers[i] == meant && meant.kind != Kind::kLost) continue;
    return describe(calls[i]) + ": the evaluator says " + std::string(policy::name_of(verdict.action)) + " " +
           std::to_string(verdict.data) + ", the kernel " + describe(answers[i]) + " (without a filter it " +
           describe(native[i]) + ")";
  }
  return "";
}

/// execve and write with the token, and with the last bit of it wrong. Their pointers lead nowhere.
std::string token_disagreement(const Subject& subject, Random& random, Tally& tally) {
  std::vector<bpf::SystemCall> right;
  std::vector<bpf::SystemCall> wrong;
  for (const char* name : {"execve", "write"}) {
    right.push_back(subject.token_call(*arch::number_of(arch::native_abi(), name), random));
    for (unsigned i = 0; i < compile::kTokenArgument; ++i) right.back().args[i] = UINT64_MAX;
    wrong.push_back(right.back());
    wrong.back().args[compile::kTokenArgument + 2] ^= 1;
  }
  if (make_calls(&subject.launcher(), right) != make_calls(nullptr, right)) return "the token does not open the calls";
  return first_disagreement(subject, subject.launcher(), wrong, tally);
}

class KernelJudge : public testing::Test {
 protected:
  /// So that the filtered thread's free() makes no system call.
  static void SetUpTestSuite() {
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
    mallopt(M_MMAP_THRESHOLD, INT_MAX);
    mallopt(M_ARENA_MAX, 1);
    rlimit limit = {};
    getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = 0;
    setrlimit(RLIMIT_CORE, &limit);
  }
};

TEST_F(KernelJudge, RandomPolicies) {
  const uint64_t run = run_seed();
  const size_t count = policy_count(40);
  Tally tally;
  for (size_t i = 0; i < count; ++i) {
    Random random = nth_random(run, i);
    PolicyKind kind;
    kind.many_conditions = random.one_in(8);
    for (const auto& names : {known(kWithoutArguments), known(kOnDescriptor)}) {
      for (const std::string& name : names) {
        if (!random.one_in(3)) kind.favourites.push_back(name);
      }
    }
    const std::string text = random_policy(kind, random);
    std::string errors;
    auto rules = load(text, arch::native_abi(), errors);
    ASSERT_TRUE(rules) << errors << text;
    const auto subject = Subject::make(std::move(*rules), random);
    if (!subject) continue;
    const auto& program = random.one_in(2) ? subject->plain() : subject->launcher();
    const std::vector<bpf::SystemCall> calls = HarmlessCalls(*subject, random).draw();
    ASSERT_EQ(first_disagreement(*subject, program, calls, tally), "") << "policy " << i << " of the run:\n" << text;
    ASSERT_EQ(token_disagreement(*subject, random, tally), "") << "policy " << i << " of the run:\n" << text;
  }
  for (const auto& [action, calls] : tally) std::printf("%s: %zu calls\n", policy::name_of(action).data(), calls);
  const bool enough = count < 20 || tally.size() == policy::kActionNames.size();
  EXPECT_TRUE(enough) << "not every action was tried";
}

/// Whether a killed process leaves a core file in its working directory here, once its limit is lifted.
bool cores_are_files() {
  std::string pattern;
  std::getline(std::ifstream("/proc/sys/kernel/core_pattern") >> std::ws, pattern);
  rlimit limit = {};
  return getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == RLIM_INFINITY && !pattern.empty() &&
         pattern.front() != '|' && pattern.front() != '/';
}

TEST_F(KernelJudge, AKilledProcessDumpsCore) {
  if (!cores_are_files()) GTEST_SKIP() << "core files are switched off or go elsewhere";
  const rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
  ASSERT_EQ(setrlimit(RLIMIT_CORE, &unlimited), 0);
  std::string errors;
  Random random(1);
  for (const char* action : {"kill_process", "trap", "kill_thread"}) {
    auto rules =
        load("seccomp: {default_action: allow, syscalls: [{action: " + std::string(action) + ", names: [getppid]}]}",
             arch::native_abi(), errors);
    ASSERT_TRUE(rules) << errors;
    const auto subject = Subject::make(std::move(*rules), random);
    ASSERT_TRUE(subject);
    const uint32_t number = *arch::number_of(arch::native_abi(), "getppid");
    const auto answers = make_calls(&subject->plain(), {{number, arch::info(arch::native_abi()).audit_arch, {}, 0}});
    EXPECT_EQ(answers.front().dumped_core, std::string(action) == "kill_process") << action;
  }
}

}  // namespace
}  // namespace sandbox::differential
