// When the filter itself kills, and what is left to do after an attempt.
#include "kernel/kill_by_filter.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "arch/syscalls.h"
#include "compile/notify.h"
#include "support/compile_rules.h"
#include "support/resolved.h"

namespace sandbox::kernel {
namespace {

using Outcome = KillResult::Outcome;

policy::Environment natively() {
  policy::Environment environment;
  environment.native = arch::native_abi();
  return environment;
}

/// A filter that asks a supervisor before it kills.
bpf::ValidatedProgram program_for(const std::string& policy) {
  const auto native = arch::native_abi();
  const testing::ResolvedText text(policy, natively());
  EXPECT_EQ(text.problems, "");
  const auto filter = testing::compile_rules(text.rules);
  EXPECT_TRUE(filter);
  const auto notifying = compile::with_notifications(*filter, compile::Notify::kDenials, native);
  EXPECT_TRUE(notifying);
  return notifying->program;
}

bpf::SystemCall call_of(std::string_view name) {
  bpf::SystemCall call;
  call.arch = arch::info(arch::native_abi()).audit_arch;
  call.number = arch::number_of(arch::native_abi(), name).value();
  return call;
}

constexpr const char* kPolicy =
    "seccomp:\n  default_action: kill_process\n  syscalls:\n  - {action: allow, names: [read]}\n"
    "  - action: allow\n    names_with_args:\n"
    "    - name: splice\n      arguments: [{argument: 4, operation: NotEqual, value: 5}]\n"
    "    - name: vmsplice\n      arguments: [{argument: 0, operation: NotEqual, value: 5}]\n";

TEST(KillsOnRequest, ADeniedCallIsKilledAsAsked) {
  const auto program = program_for(kPolicy);
  bpf::SystemCall call = call_of("getppid");
  call.args = {1, 2, 3, 4, 5, 6};
  for (const Kill kill : {Kill::kThread, Kill::kProcess}) EXPECT_TRUE(kills_on_request(program, call, kill));
}

TEST(KillsOnRequest, AnAllowedCallIsNot) {
  const auto program = program_for(kPolicy);
  for (const Kill kill : {Kill::kThread, Kill::kProcess}) {
    EXPECT_FALSE(kills_on_request(program, call_of("read"), kill));
  }
}

/// The request takes the place of the argument for which the call is denied: the filter would allow the call.
TEST(KillsOnRequest, NorACallThatIsDeniedForAnArgumentOfTheRequest) {
  const auto program = program_for(kPolicy);
  bpf::SystemCall splice = call_of("splice");
  splice.args[4] = 5;
  bpf::SystemCall vmsplice = call_of("vmsplice");
  vmsplice.args[0] = 5;
  for (const Kill kill : {Kill::kThread, Kill::kProcess}) {
    EXPECT_FALSE(kills_on_request(program, splice, kill));
    EXPECT_TRUE(kills_on_request(program, vmsplice, kill));
  }
}

/// Without notifications nothing in the filter knows the request: a filter that kills threads by itself is no consent.
TEST(KillsOnRequest, TheKindOfKillMustBeTheOneThatIsAsked) {
  const testing::ResolvedText text(
      "seccomp:\n  default_action: kill_thread\n  syscalls:\n"
      "  - {action: allow, names: [read]}\n",
      natively());
  const auto filter = testing::compile_rules(text.rules);
  ASSERT_TRUE(filter);
  EXPECT_TRUE(kills_on_request(filter->program, call_of("getppid"), Kill::kThread));
  EXPECT_FALSE(kills_on_request(filter->program, call_of("getppid"), Kill::kProcess));
}

TEST(AfterKill, NothingWhereTheFilterKilled) {
  for (const Kill kill : {Kill::kThread, Kill::kProcess}) {
    EXPECT_EQ(after_kill(kill, {Outcome::kKilledByFilter, true}), AfterKill::kNothing);
  }
}

TEST(AfterKill, ASigkillCountsAsTheFilters) {
  for (const Kill kill : {Kill::kThread, Kill::kProcess}) {
    EXPECT_EQ(after_kill(kill, {Outcome::kKilledBySigkill, true}), AfterKill::kCountAsFilters);
  }
}

TEST(AfterKill, ACallerThatLivesIsKilled) {
  for (const Kill kill : {Kill::kThread, Kill::kProcess}) {
    EXPECT_EQ(after_kill(kill, {Outcome::kAlive, false}), AfterKill::kKillProcess);
  }
}

TEST(AfterKill, AProcessMayNotEscapeByExecutingAProgram) {
  EXPECT_EQ(after_kill(Kill::kProcess, {Outcome::kGone, true}), AfterKill::kKillProcess);
  EXPECT_EQ(after_kill(Kill::kProcess, {Outcome::kGone, false}), AfterKill::kNothing);
  EXPECT_EQ(after_kill(Kill::kThread, {Outcome::kGone, true}), AfterKill::kNothing);
}

}  // namespace
}  // namespace sandbox::kernel
