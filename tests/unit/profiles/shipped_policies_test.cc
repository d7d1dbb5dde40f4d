// Every policy in policies/, from its text to its filter, on the ABI that it is written for.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "bpf/interpret.h"
#include "compile/compile.h"
#include "resolve/evaluate.h"
#include "resolve/resolve.h"
#include "support/compile_rules.h"
#include "support/policy_text.h"
#include "support/rules.h"

namespace sandbox {
namespace {

using arch::Abi;

struct Shipped {
  const char* name;
  Abi abi;
};

constexpr Shipped kShipped[] = {
    {"default", Abi::kX86_64},
    {"beats-example", Abi::kX86_64},
    // One text for all ABIs.
    {"default", Abi::kX86},
    {"default", Abi::kArm},
    {"default", Abi::kAarch64},
    {"default", Abi::kRiscv64},
    {"default", Abi::kPpc64le},
    {"default", Abi::kS390x},
    {"developer", Abi::kX86},
    {"developer", Abi::kAarch64},
    {"beats-example", Abi::kX86},
    {"beats-example", Abi::kAarch64},
    {"no-exec", Abi::kX86},
    {"no-exec", Abi::kAarch64},
    {"no-network", Abi::kX86},
    {"no-network", Abi::kAarch64},
    {"no-unix", Abi::kX86},
    {"no-unix", Abi::kAarch64},
    {"beats-amd64", Abi::kX86_64},
    {"beats-386", Abi::kX86},
    {"beats-arm64", Abi::kAarch64},
    {"beats-amd64-2018", Abi::kX86_64},
    {"beats-arm", Abi::kArm},
    // Profiles for one program list the ABIs of both machines.
    {"beats", Abi::kX86_64},
    {"beats", Abi::kAarch64},
    {"chromium", Abi::kX86_64},
    {"chromium", Abi::kAarch64},
    {"curl", Abi::kX86_64},
    {"git", Abi::kX86_64},
    {"nginx", Abi::kX86_64},
    {"python3", Abi::kX86_64},
    {"redis-server", Abi::kX86_64},
    {"tcpdump", Abi::kX86_64},
    {"memcached", Abi::kX86_64},
    {"postgres", Abi::kX86_64},
    {"prometheus-node-exporter", Abi::kX86_64},
    {"developer", Abi::kX86_64},
    {"docker", Abi::kX86_64},
    {"docker", Abi::kAarch64},
    {"read-only", Abi::kX86_64},
    {"read-only", Abi::kAarch64},
    {"sshd", Abi::kX86_64},
    {"sshd", Abi::kAarch64},
    {"node", Abi::kX86_64},
    {"ffmpeg", Abi::kX86_64},
    {"imagemagick", Abi::kX86_64},
    {"untrusted", Abi::kX86_64},
    {"untrusted", Abi::kX86},
    {"untrusted", Abi::kAarch64},
    {"strict", Abi::kX86_64},
    {"strict", Abi::kAarch64},
    {"nginx", Abi::kAarch64},
    {"python3", Abi::kAarch64},
    {"tcpdump", Abi::kAarch64},
};

std::string text_of(const Shipped& shipped) {
  std::ifstream file(std::string(SANDBOX_RUN_POLICIES "/") + shipped.name + ".yml", std::ios::binary);
  EXPECT_TRUE(file.is_open()) << shipped.name;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class ShippedPolicy : public ::testing::TestWithParam<Shipped> {
 protected:
  void SetUp() override {
    const auto policy = text_.read();
    ASSERT_TRUE(policy.has_value());
    // A list for another machine says so itself: nothing is said of the machine here.
    const Abi native = policy->architectures.empty() ? GetParam().abi : Abi::kRiscv64;
    rules_ = resolve::resolve(*policy, native, text_.diagnostics());
    ASSERT_EQ(text_.problems(), "") << "neither errors nor warnings";
    std::erase_if(rules_, [](const resolve::RuleSet& rules) { return rules.abi != GetParam().abi; });
    ASSERT_EQ(rules_.size(), 1U);
  }

  [[nodiscard]] compile::Filter filter(std::optional<Abi> launcher = {}) const {
    auto compiled = testing::compile_rules(rules_, {.launcher = launcher});
    EXPECT_TRUE(compiled.ok());
    return *compiled;
  }
  [[nodiscard]] resolve::Verdict judge(const compile::Filter& filter, const bpf::SystemCall& call) const {
    return resolve::verdict_of(interpret(filter.program, call, arch::info(GetParam().abi).endian).value);
  }
  [[nodiscard]] resolve::Verdict judge_by_name(const char* name, uint64_t argument = 0) const {
    const uint32_t number = *arch::number_of(GetParam().abi, name);
    return resolve::evaluate(rules_, testing::call_on(GetParam().abi, number, argument)).verdict;
  }

  testing::PolicyText text_{text_of(GetParam())};
  resolve::PolicyRules rules_;
};

/// Arguments at, below and above everything that the rules compare with.
std::set<uint64_t> telling_arguments(const resolve::RuleSet& rules) {
  std::set<uint64_t> values = {0, 1, UINT32_MAX, UINT64_MAX};
  for (const auto& call : rules.calls) {
    for (const auto& clause : call.clauses) {
      for (const auto& condition : clause.conditions) {
        for (const uint64_t value : {condition.value, condition.value | uint64_t{1} << 40}) {
          values.insert({value - 1, value, value + 1});
        }
      }
    }
  }
  return values;
}

TEST_P(ShippedPolicy, MeansTheSameCompiledForEveryNumber) {
  const compile::Filter compiled = filter();
  std::set<uint32_t> numbers = {0x3fffffff, 0x40000000, 0x40000001, 0x80000000, UINT32_MAX - 1, UINT32_MAX};
  for (uint32_t number = 0; number < 1100; ++number) numbers.insert(number);
  for (uint32_t number = 0xf0000; number < 0xf0010; ++number) numbers.insert(number);
  const std::set<uint64_t> arguments = telling_arguments(rules_[0]);
  for (const uint32_t number : numbers) {
    for (const uint64_t argument : arguments) {
      bpf::SystemCall call = testing::call_on(GetParam().abi, number);
      call.args.fill(argument);
      ASSERT_EQ(judge(compiled, call), resolve::evaluate(rules_, call).verdict) << number << " with " << argument;
    }
  }
}

TEST_P(ShippedPolicy, KillsCallsThroughEveryOtherAbi) {
  const compile::Filter compiled = filter(GetParam().abi);
  for (const arch::AbiInfo& other : arch::all_abis()) {
    if (other.audit_arch == arch::info(GetParam().abi).audit_arch) continue;
    EXPECT_EQ(judge(compiled, testing::call_on(other.abi, 1)), testing::kKillProcess) << other.name;
  }
}

TEST_P(ShippedPolicy, FitsAFilterWithRoomToSpare) {
  EXPECT_LE(filter(GetParam().abi).program.size(), bpf::kMaxInstructions / 8);
}

TEST_P(ShippedPolicy, LetsAProgramReadWriteAndEnd) {
  for (const char* name : {"read", "write", "exit_group", "futex"}) {
    EXPECT_EQ(judge_by_name(name), testing::kAllow) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Policies, ShippedPolicy, ::testing::ValuesIn(kShipped), [](const auto& test) {
  std::string name = std::string(test.param.name) + "_" + std::string(arch::info(test.param.abi).name);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

class DefaultProfile : public ShippedPolicy {};

TEST_P(DefaultProfile, NeedsNoExecToken) {
  EXPECT_TRUE(filter(GetParam().abi).token_sites.empty());
}

TEST_P(DefaultProfile, RefusesWhatAdministersTheMachine) {
  for (const char* name : {"init_module", "finit_module", "delete_module", "kexec_load", "reboot", "mount", "umount2",
                           "pivot_root", "setns", "ptrace", "bpf", "perf_event_open", "add_key", "keyctl",
                           "settimeofday", "clock_settime", "swapon", "io_uring_setup", "userfaultfd"}) {
    const resolve::Verdict verdict = judge_by_name(name);
    EXPECT_EQ(verdict.action, policy::Action::kErrno) << name;
  }
}

TEST_P(DefaultProfile, RefusesNewNamespaces) {
  // CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET; clone has a signal's number in the low
  // byte.
  for (const uint64_t flag :
       {0x80U, 0x20000U, 0x2000000U, 0x4000000U, 0x8000000U, 0x10000000U, 0x20000000U, 0x40000000U}) {
    EXPECT_EQ(judge_by_name("unshare", flag).action, policy::Action::kErrno) << flag;
    if (flag == 0x80U) continue;
    EXPECT_EQ(judge_by_name("clone", flag | 17).action, policy::Action::kErrno) << flag;
    EXPECT_EQ(judge_by_name("clone", flag | 17 | uint64_t{1} << 32).action, policy::Action::kErrno)
        << flag << " with a bit that the kernel does not read";
  }
  EXPECT_EQ(judge_by_name("clone", 17), testing::kAllow);
}

TEST_P(DefaultProfile, AnswersClone3AsAKernelWithoutIt) {
  EXPECT_EQ(judge_by_name("clone3"), testing::kNoSuchCall);
}

INSTANTIATE_TEST_SUITE_P(Default, DefaultProfile, ::testing::Values(kShipped[0]));

}  // namespace
}  // namespace sandbox
