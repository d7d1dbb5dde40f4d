// The guard against listeners of a program's own: by proof the same as one more policy, and nothing else; and what it
// makes of filters that notify.
#include "compile/listener_guard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "arch/errno_names.h"
#include "arch/syscalls.h"
#include "bpf/diff.h"
#include "bpf/interpret.h"
#include "judged_policies.h"
#include "random_policy.h"
#include "subject.h"

namespace sandbox::differential {
namespace {

using arch::Abi;
using compile::Notify;
using policy::Action;
using policy::Operation;
using resolve::PolicyRules;
using resolve::RuleSet;

constexpr uint32_t kNewListener = 8;

/// The guard, written as a policy.
PolicyRules guard_policy(Abi machine) {
  PolicyRules guard;
  for (const arch::AbiInfo& abi : arch::all_abis()) {
    RuleSet set = {abi.abi, {Action::kAllow, 0}, {}};
    const auto own = arch::abis_of_machine(machine);
    const auto number = arch::number_of(abi.abi, "seccomp");
    if (number && std::find(own.begin(), own.end(), abi.abi) != own.end()) {
      resolve::Clause clause;
      clause.conditions = {{0, 32, Operation::kEqual, 1, 0}, {1, 32, Operation::kBitsSet, kNewListener, 0}};
      clause.verdict = {Action::kErrno, *arch::errno_number(machine, "EBUSY")};
      set.calls.push_back({*number, {clause}});
    }
    guard.push_back(std::move(set));
  }
  return guard;
}

/// By decision diagrams, for all calls at once.
void prove(const PolicyRules& rules, Abi machine, const std::string& text) {
  const std::vector<PolicyRules> both = {rules, guard_policy(machine)};
  const auto alone = compile::compile({&rules, 1}, {});
  const auto together = compile::compile(both, {});
  if (!alone || !together) return;
  const auto guarded = compile::with_listener_guard(*alone, machine);
  if (!guarded) return;
  const std::vector<bpf::ArchEndian> archs = [] {
    std::vector<bpf::ArchEndian> all;
    for (const arch::AbiInfo& abi : arch::all_abis()) all.push_back({abi.audit_arch, abi.endian});
    return all;
  }();
  const bpf::Comparison result = bpf::diff(guarded->program, together->program, {.archs = archs, .limits = {}});
  ASSERT_TRUE(result.complete && result.undecided.empty()) << text;
  ASSERT_TRUE(result.equal()) << describe_call(result.differences.front().witness) << "\n" << text;
}

bpf::SystemCall listener_call(Abi abi) {
  bpf::SystemCall call;
  call.arch = arch::info(abi).audit_arch;
  call.number = *arch::number_of(abi, "seccomp");
  call.args = {0xdeadbeef00000001, 0xdeadbeef00000000 | kNewListener, 1, 2, 3, 4};
  return call;
}

PolicyRules rules_of(const std::string& text) {
  const ReadPolicy read = read_rules(text, plain_environment());
  EXPECT_TRUE(read.rules) << read.messages;
  return *read.rules;
}

size_t count() {
  const char* text = std::getenv("SANDBOX_RUN_TEST_POLICIES");
  return text != nullptr ? std::strtoul(text, nullptr, 10) : 60;
}

TEST(ListenerGuard, IsOneMorePolicy) {
  Random random(run_seed());
  for (size_t i = 0; i < count(); ++i) {
    PolicyKind kind;
    kind.abi = i % 3 == 0 ? Abi::kAarch64 : i % 3 == 1 ? Abi::kX86 : Abi::kX86_64;
    kind.favourites = {"seccomp", "prctl"};
    const std::string text = random_policy(kind, random);
    policy::Environment environment = plain_environment();
    environment.native = kind.abi;
    const ReadPolicy read = read_rules(text, environment);
    ASSERT_TRUE(read.rules) << read.messages << text;
    prove(*read.rules, kind.abi == Abi::kAarch64 ? Abi::kAarch64 : Abi::kX86_64, text);
    if (HasFatalFailure()) return;
  }
}

TEST(ListenerGuard, DeniesThroughEveryAbi) {
  const auto rules = rules_of(
      "seccomp:\n  default_action: allow\n  architectures: [x86_64, x86, x32]\n  syscalls:\n"
      "  - {action: trace, names: [mkdir]}\n");
  const auto filter = compile::compile({&rules, 1}, {});
  ASSERT_TRUE(filter.ok() && compile::needs_listener_guard(*filter));
  const auto guarded = compile::with_listener_guard(*filter, Abi::kX86_64);
  ASSERT_TRUE(guarded.ok());
  for (const Abi abi : {Abi::kX86_64, Abi::kX86, Abi::kX32}) {
    bpf::SystemCall call = listener_call(abi);
    EXPECT_TRUE(compile::asks_for_listener(call, Abi::kX86_64));
    const auto answer = [&] { return bpf::interpret(guarded->program, call, bpf::Endian::kLittle).value; };
    EXPECT_EQ(answer(), SECCOMP_RET_ERRNO | EBUSY) << "the upper halves are not read";
    call.args[1] |= 0x37;
    EXPECT_EQ(answer(), SECCOMP_RET_ERRNO | EBUSY);
    call.args[1] = 0x37;
    EXPECT_EQ(answer(), SECCOMP_RET_ALLOW);
    EXPECT_FALSE(compile::asks_for_listener(call, Abi::kX86_64));
    call.args[1] = kNewListener;
    call.args[0] = 2;  // SECCOMP_GET_ACTION_AVAIL.
    EXPECT_EQ(answer(), SECCOMP_RET_ALLOW);
    EXPECT_FALSE(compile::asks_for_listener(call, Abi::kX86_64));
  }
}

/// What each action of a policy for seccomp(2) becomes.
TEST(ListenerGuard, TheStricterAnswerWins) {
  struct Case {
    const char* action;
    uint32_t by_kernel;
    uint32_t denials;
    uint32_t everything;
  };
  const Case cases[] = {{"allow", SECCOMP_RET_ERRNO | EBUSY, SECCOMP_RET_USER_NOTIF, SECCOMP_RET_ERRNO | EBUSY},
                        {"log", SECCOMP_RET_ERRNO | EBUSY, SECCOMP_RET_USER_NOTIF, SECCOMP_RET_ERRNO | EBUSY},
                        {"trace", SECCOMP_RET_ERRNO | EBUSY, SECCOMP_RET_USER_NOTIF, SECCOMP_RET_ERRNO | EBUSY},
                        {"errno", SECCOMP_RET_ERRNO | EBUSY, SECCOMP_RET_USER_NOTIF, SECCOMP_RET_ERRNO | EBUSY},
                        {"trap", SECCOMP_RET_TRAP, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO | EBUSY},
                        {"kill_thread", SECCOMP_RET_KILL_THREAD, SECCOMP_RET_USER_NOTIF, SECCOMP_RET_ERRNO | EBUSY},
                        {"kill_process", SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_USER_NOTIF, SECCOMP_RET_ERRNO | EBUSY}};
  for (const Case& one : cases) {
    const auto rules = rules_of(std::string("seccomp:\n  default_action: ") + one.action +
                                "\n  syscalls:\n  - {action: allow, names: [read]}\n");
    const auto filter = compile::compile({&rules, 1}, {.launcher = Abi::kX86_64});
    ASSERT_TRUE(filter.ok());
    const auto answer = [](const compile::Filter& guarded) {
      return bpf::interpret(guarded.program, listener_call(Abi::kX86_64), bpf::Endian::kLittle).value;
    };
    EXPECT_EQ(answer(*compile::with_listener_guard(*filter, Abi::kX86_64)), one.by_kernel) << one.action;
    EXPECT_EQ(answer(*compile::with_notifications(*filter, Notify::kDenials, Abi::kX86_64)), one.denials) << one.action;
    EXPECT_EQ(answer(*compile::with_notifications(*filter, Notify::kEverything, Abi::kX86_64)), one.everything)
        << one.action;
  }
}

TEST(ListenerGuard, IsNotNeededWhereNothingWaitsForASupervisor) {
  const auto rules = rules_of("seccomp:\n  default_action: allow\n  syscalls:\n  - {action: errno, names: [mkdir]}\n");
  EXPECT_FALSE(compile::needs_listener_guard(*compile::compile({&rules, 1}, {.launcher = Abi::kX86_64})));
  const auto exec = rules_of("seccomp:\n  default_action: allow\n  syscalls:\n  - {action: errno, names: [execve]}\n");
  EXPECT_FALSE(compile::needs_listener_guard(*compile::compile({&exec, 1}, {})));
  EXPECT_TRUE(compile::needs_listener_guard(*compile::compile({&exec, 1}, {.launcher = Abi::kX86_64})));
}

}  // namespace
}  // namespace sandbox::differential
