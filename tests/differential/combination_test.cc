// Several policies in one filter: the most restrictive verdict of each alone, and what the kernel does with their
// filters stacked.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <span>

#include "arch/abi.h"
#include "arch/syscalls.h"
#include "bpf/validate.h"
#include "compile/compile.h"
#include "judged_policies.h"
#include "kernel/enter.h"
#include "random_language.h"
#include "resolve/evaluate.h"

namespace sandbox::differential {
namespace {

using arch::Abi;
using policy::Action;
using resolve::PolicyRules;
using resolve::Verdict;

/// seccomp(2), "seccomp filters are stacked": the most restrictive action, and the newest filter's data among equals.
/// Policies stand in the order in which their filters would be installed.
Verdict stacked(const std::vector<PolicyRules>& policies, const bpf::SystemCall& call) {
  Verdict strictest = resolve::evaluate(policies.front(), call).verdict;
  for (size_t i = 1; i < policies.size(); ++i) {
    const Verdict next = resolve::evaluate(policies[i], call).verdict;
    if (static_cast<int>(next.action) <= static_cast<int>(strictest.action)) strictest = next;
  }
  return strictest;
}

/// Reads policies that all speak of the same calls and values. The texts are added to `texts`.
std::vector<PolicyRules> random_policies(const std::vector<std::vector<Abi>>& abis, Dice& dice, std::string& texts) {
  const std::vector<std::string> names = {"socket", "openat", "fcntl", "fchmod", "lseek", "setsockopt", "getpriority",
                                          "kill",   "mmap2",  "prctl", "clone",  "read",  "semget",     "close"};
  LanguageKind kind;
  for (size_t i = 0; i < 3; ++i) {
    kind.favourites.push_back(dice.pick(names));
    kind.values.push_back(dice.bits() >> dice.below(64));
  }
  kind.values.push_back(dice.below(4));
  kind.groups = 4;
  std::vector<PolicyRules> policies;
  for (const std::vector<Abi>& covered : abis) {
    kind.abis = covered;
    std::erase_if(kind.favourites, [&](const std::string& name) {
      return std::none_of(covered.begin(), covered.end(), [&](Abi abi) { return arch::number_of(abi, name); });
    });
    const std::string text = random_language_policy(kind, dice);
    texts += text;
    const ReadPolicy read = read_rules(text, plain_environment());
    EXPECT_TRUE(read.rules) << read.messages << text;
    if (!read.rules) return {};
    policies.push_back(*read.rules);
  }
  return policies;
}

/// Which ABIs each of some policies lists: often the same, often with a part in common.
std::vector<std::vector<Abi>> random_coverage(Dice& dice) {
  const std::vector<std::vector<Abi>> families = {{Abi::kX86_64},
                                                  {Abi::kX86_64, Abi::kX86},
                                                  {Abi::kX86_64, Abi::kX32, Abi::kX86},
                                                  {Abi::kS390x, Abi::kS390},
                                                  {Abi::kAarch64, Abi::kArm},
                                                  {Abi::kMips64, Abi::kMips, Abi::kMips64n32},
                                                  {Abi::kX86_64, Abi::kS390x}};
  const std::vector<Abi> family = dice.pick(families);
  std::vector<std::vector<Abi>> coverage(2 + dice.below(2));
  for (std::vector<Abi>& abis : coverage) {
    for (const Abi abi : family) {
      if (abi == family.front() || !dice.one_in(4)) abis.push_back(abi);
    }
    if (dice.one_in(3)) std::reverse(abis.begin(), abis.end());
    if (abis.size() > 1 && dice.one_in(6)) abis.erase(abis.begin());
  }
  return coverage;
}

TEST(Combination, EqualsTheMostRestrictiveVerdict) {
  Dice dice;
  const std::vector<bpf::SystemCall> numbers = number_calls(dice);
  size_t compiled = 0;
  for (size_t i = 0; i < 400; ++i) {
    std::string texts;
    const std::vector<PolicyRules> policies = random_policies(random_coverage(dice), dice, texts);
    ASSERT_FALSE(policies.empty());
    const auto program = program_for(policies);
    if (!program) continue;
    ++compiled;
    std::vector<bpf::SystemCall> calls = argument_calls(policies, dice, 80);
    calls.insert(calls.end(), numbers.begin(), numbers.end());
    for (const bpf::SystemCall& call : calls) {
      const Verdict expected = stacked(policies, call);
      ASSERT_EQ(resolve::evaluate(std::span<const PolicyRules>(policies), call).verdict, expected)
          << describe_call(call) << "\n"
          << texts;
      const Verdict verdict = run(*program, call);
      ASSERT_EQ(verdict, expected) << describe_call(call) << ": expected " << describe_verdict(expected)
                                   << ", the program says " << describe_verdict(verdict) << "\n"
                                   << texts;
    }
  }
  EXPECT_GT(compiled, 200U);
}

/// With the exec token compiled in, calls that do not carry it get the same answers: also through the launcher's ABI
/// where no policy covers it.
TEST(Combination, TheLaunchersWayInChangesNothingWithoutTheToken) {
  Dice dice;
  const std::vector<bpf::SystemCall> numbers = number_calls(dice);
  const std::vector<std::vector<std::vector<Abi>>> coverages = {
      {{Abi::kX86}}, {{Abi::kX86_64}}, {{Abi::kX32}}, {{Abi::kX86, Abi::kX86_64}, {Abi::kX86}}, {{Abi::kAarch64}}};
  for (size_t i = 0; i < 60; ++i) {
    std::string texts;
    const std::vector<PolicyRules> policies = random_policies(coverages.at(i % coverages.size()), dice, texts);
    ASSERT_FALSE(policies.empty());
    const auto filter = compile::compile(policies, {.launcher = Abi::kX86_64});
    if (!filter) continue;
    compile::Token token;
    for (uint32_t& word : token) word = static_cast<uint32_t>(dice.bits());
    const auto program = bpf::validate(compile::with_lasting_token(*filter, token));
    ASSERT_TRUE(program.ok());
    std::vector<bpf::SystemCall> calls = argument_calls(policies, dice);
    calls.insert(calls.end(), numbers.begin(), numbers.end());
    for (const bpf::SystemCall& call : calls) {
      ASSERT_EQ(run(*program, call), stacked(policies, call)) << describe_call(call) << "\n" << texts;
    }
  }
}

/// The same pair in both orders: only the data may differ.
TEST(Combination, OrderDecidesNothingButData) {
  Dice dice;
  for (size_t i = 0; i < 100; ++i) {
    std::string texts;
    std::vector<PolicyRules> policies = random_policies({{Abi::kX86_64}, {Abi::kX86_64}}, dice, texts);
    ASSERT_FALSE(policies.empty());
    const auto forth = program_for(policies);
    const std::vector<bpf::SystemCall> calls = argument_calls(policies, dice);
    std::swap(policies[0], policies[1]);
    const auto back = program_for(policies);
    if (!forth || !back) continue;
    for (const bpf::SystemCall& call : calls) {
      const Verdict one = run(*forth, call);
      const Verdict other = run(*back, call);
      ASSERT_EQ(one.action, other.action) << describe_call(call) << "\n" << texts;
      const bool data_of_either = one.data == resolve::evaluate(policies[0], call).verdict.data ||
                                  one.data == resolve::evaluate(policies[1], call).verdict.data;
      ASSERT_TRUE(data_of_either) << describe_call(call) << "\n" << texts;
    }
  }
}

TEST(Combination, EqualActionsKeepTheLaterData) {
  const auto rules = [](const std::string& error) {
    return *read_rules("seccomp:\n  default_action: allow\n  syscalls: [{action: errno, errno: " + error +
                           ", names: [getpid]}]\n",
                       plain_environment())
                .rules;
  };
  const bpf::SystemCall getpid = {39, arch::info(Abi::kX86_64).audit_arch};
  EXPECT_EQ(run(*program_for({rules("5"), rules("7")}), getpid), (Verdict{Action::kErrno, 7}));
  EXPECT_EQ(run(*program_for({rules("7"), rules("5")}), getpid), (Verdict{Action::kErrno, 5}));
  EXPECT_EQ(run(*program_for({rules("7"), rules("5"), rules("6")}), getpid), (Verdict{Action::kErrno, 6}));
}

// ---- In the kernel ----

/// Harmless regardless of their arguments, in a child that does nothing else and ends at once.
constexpr std::array<const char*, 8> kHarmless = {
    "getpgid", "getsid",      "getpriority", "sched_get_priority_max", "sched_getscheduler",
    "umask",   "personality", "getitimer"};

std::string kernel_policy(const std::vector<uint64_t>& values, Dice& dice) {
  constexpr std::array<const char*, 8> kActions = {"allow",       "log",          "trace", "trap",
                                                   "kill_thread", "kill_process", "errno", "errno"};
  constexpr std::array<const char*, 8> kOperations = {"Equal",          "NotEqual",    "GreaterThan", "LessThan",
                                                      "GreaterOrEqual", "LessOrEqual", "BitsSet",     "BitsNotSet"};
  std::string text = "seccomp:\n  default_action: allow\n  syscalls:\n";
  for (size_t groups = 2 + dice.below(4); groups > 0; --groups) {
    const std::string action = dice.pick(kActions);
    text += "  - action: " + action + "\n";
    // Numbers that no call here answers by itself.
    if (action == "errno") text += "    errno: " + std::to_string(1000 + dice.below(3000)) + "\n";
    text += "    names_with_args:\n";
    for (size_t entries = 2 + dice.below(5); entries > 0; --entries) {
      const std::string name = dice.pick(kHarmless);
      const bool two = name == "getpriority" || name == "getitimer";
      const std::string argument = two && dice.one_in(2) ? "1" : "0";
      text += "    - {name: " + name + ", arguments: [{argument: " + argument +
              ", operation: " + std::string(dice.pick(kOperations)) + ", value: " + std::to_string(dice.pick(values)) +
              (dice.one_in(2) || argument == "1" || values.front() > UINT32_MAX ? ", width: 64}]}\n" : "}]}\n");
    }
  }
  return text;
}

/// What a process under the filters sees of a call: how it ended, or what the call returned.
struct Seen {
  int signal = 0;  ///< That ended the process.
  bool started = false;
  bool finished = false;
  long result = 0;
  int error = 0;
};

Seen make_call(const std::vector<const bpf::ValidatedProgram*>& filters, const bpf::SystemCall& call) {
  auto* seen =
      static_cast<Seen*>(mmap(nullptr, sizeof(Seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  *seen = {};
  const pid_t child = fork();
  if (child == 0) {
    const rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    for (const bpf::ValidatedProgram* filter : filters) {
      if (kernel::install_for_test(*filter) != 0) _exit(1);
    }
    seen->started = true;
    seen->result = syscall(static_cast<long>(call.number), call.args[0], call.args[1], call.args[2], call.args[3],
                           call.args[4], call.args[5]);
    seen->error = errno;
    seen->finished = true;
    _exit(0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  Seen copy = *seen;
  munmap(seen, sizeof(Seen));
  if (WIFSIGNALED(status)) copy.signal = WTERMSIG(status);
  EXPECT_TRUE(copy.started) << "the filters could not be installed";
  return copy;
}

/// What a verdict looks like from inside. The process has no tracer, so `trace` is ENOSYS; one thread is the process.
bool looks_like(const Seen& seen, const Verdict& verdict) {
  switch (verdict.action) {
    case Action::kKillProcess:
    case Action::kKillThread:
    case Action::kTrap:
      return seen.signal == SIGSYS && !seen.finished;
    case Action::kErrno:
      return seen.finished && seen.result == -1 && seen.error == verdict.data;
    case Action::kTrace:
      return seen.finished && seen.result == -1 && seen.error == ENOSYS;
    case Action::kLog:
    case Action::kAllow:
      return seen.finished && (seen.result != -1 || (seen.error < 1000 && seen.error != ENOSYS));
  }
  return false;
}

std::string describe_seen(const Seen& seen) {
  if (seen.signal != 0) return "signal " + std::to_string(seen.signal);
  return "result " + std::to_string(seen.result) + ", errno " + std::to_string(seen.error);
}

TEST(Combination, EqualsTheKernelsStackOfFilters) {
  if (arch::native_abi() != Abi::kX86_64) GTEST_SKIP() << "written for x86_64";
  Dice dice;
  std::array<size_t, policy::kActionNames.size()> verdicts = {};
  for (size_t pair = 0; pair < 40; ++pair) {
    const std::vector<uint64_t> values = {dice.one_in(3) ? dice.bits() : dice.below(4), dice.below(8), dice.below(8)};
    std::vector<PolicyRules> policies;
    std::string texts;
    std::vector<bpf::ValidatedProgram> single;
    for (size_t i = 0; i < 2 + pair % 2; ++i) {
      const std::string text = kernel_policy(values, dice);
      texts += text;
      const ReadPolicy read = read_rules(text, plain_environment());
      if (!read.rules) break;
      policies.push_back(*read.rules);
      single.push_back(program_for({*read.rules}).value());
    }
    if (policies.size() < 2) continue;  // A value that does not fit the argument.
    const auto combined = program_for(policies);
    ASSERT_TRUE(combined);
    std::vector<const bpf::ValidatedProgram*> stack;
    for (const bpf::ValidatedProgram& program : single) stack.push_back(&program);

    const std::vector<bpf::SystemCall> calls = argument_calls(policies, dice);
    for (size_t i = 0; i < 25; ++i) {
      const bpf::SystemCall call = dice.pick(calls);
      const Verdict expected = run(*combined, call);
      ++verdicts.at(static_cast<size_t>(expected.action));
      const Seen of_stack = make_call(stack, call);
      const Seen of_one = make_call({&*combined}, call);
      ASSERT_TRUE(looks_like(of_stack, expected)) << describe_call(call) << ": " << describe_verdict(expected)
                                                  << ", but the stack: " << describe_seen(of_stack) << "\n"
                                                  << texts;
      ASSERT_TRUE(looks_like(of_one, expected)) << describe_call(call) << ": " << describe_verdict(expected)
                                                << ", but the one: " << describe_seen(of_one) << "\n"
                                                << texts;
    }
  }
  for (size_t action = 0; action < verdicts.size(); ++action) {
    EXPECT_GT(verdicts.at(action), 0U) << policy::kActionNames.at(action) << " was never tried";
  }
}

}  // namespace
}  // namespace sandbox::differential
