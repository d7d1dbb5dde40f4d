// Filters whose denials are notifications, against the filters that they were made of.
#include "compile/notify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "arch/syscalls.h"
#include "bpf/interpret.h"
#include "compile/listener_guard.h"
#include "resolve/resolve.h"
#include "support/compile_rules.h"
#include "support/policy_text.h"
#include "support/random.h"
#include "support/rules.h"

namespace sandbox::compile {
namespace {

using arch::Abi;
using testing::always;
using testing::call_on;
using testing::compile_rules;
using testing::kAllow;
using testing::kPermission;

constexpr Abi kMachine = Abi::kX86_64;
constexpr Token kToken = {0x11111111, 0x22222222, 0x33333333, 0x44444444, 0x55555555, 0x66666666};

uint32_t answer(const bpf::ValidatedProgram& program, const bpf::SystemCall& call) {
  return bpf::interpret(program, call, arch::info(kMachine).endian).value;
}

/// What Notify::kDenials leaves as it is.
bool stays_with_kernel(uint32_t value) {
  const uint32_t action = value & SECCOMP_RET_ACTION_FULL;
  return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG || action == SECCOMP_RET_TRAP ||
         action == SECCOMP_RET_TRACE;
}

bpf::ValidatedProgram armed(const Filter& filter) {
  return *bpf::validate(with_token(filter, kToken));
}

Filter policy_filter(const std::string& text) {
  testing::PolicyText policy(text);
  const auto read = policy.read();
  EXPECT_TRUE(read) << policy.problems();
  return *compile_rules(resolve::resolve(*read, kMachine, policy.diagnostics()), {.launcher = kMachine});
}

Filter shipped(const std::string& name) {
  std::ifstream file(std::string(SANDBOX_RUN_POLICIES "/") + name + ".yml", std::ios::binary);
  return policy_filter({std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()});
}

/// Every action there is.
const char* const kAllActions =
    "seccomp:\n  default_action: kill_process\n  architectures: [x86_64, x86]\n  kernel: \"6.1\"\n  syscalls:\n"
    "  - {action: allow, names: [read, write, getpid, rt_sigreturn]}\n"
    "  - {action: errno, errno: EACCES, names: [getppid]}\n"
    "  - {action: kill_thread, names: [getuid]}\n"
    "  - {action: trap, names: [getgid]}\n"
    "  - {action: trace, names: [geteuid]}\n"
    "  - {action: log, names: [getegid]}\n"
    "  - action: errno\n    names_with_args:\n    - name: socket\n      arguments: [{argument: 0, value: 17}]\n";

std::vector<Filter> filters() {
  std::vector<Filter> all;
  for (const char* name : {"default", "beats-example", "beats-amd64", "beats-amd64-2018"}) all.push_back(shipped(name));
  all.push_back(policy_filter(kAllActions));
  return all;
}

/// Calls of every ABI of the machine, of none, with arguments that mean something to some call.
std::vector<bpf::SystemCall> calls() {
  std::vector<bpf::SystemCall> all;
  testing::Random random(testing::test_seed());
  const uint64_t special[] = {0, 1, 17, UINT64_MAX, kKillRequestMagic, kKillProcessRequest, kKillThreadRequest};
  for (const uint32_t arch : {arch::info(Abi::kX86_64).audit_arch, arch::info(Abi::kX86).audit_arch,
                              arch::info(Abi::kAarch64).audit_arch, 0x1234U}) {
    for (const uint32_t base : {0U, 0x40000000U, 0xfffffff0U}) {
      for (uint32_t i = 0; i < 550; ++i) {
        bpf::SystemCall call;
        call.arch = arch;
        call.number = base + i;
        for (uint64_t& argument : call.args) argument = special[random.below(std::size(special))];
        // Whole kill requests have a test of their own.
        call.args[kKillRequestArgument] ^= 1;
        all.push_back(call);
      }
    }
  }
  return all;
}

TEST(Notify, DenialsBecomeNotificationsAndNothingElse) {
  for (const Filter& filter : filters()) {
    const auto notifying = with_notifications(filter, Notify::kDenials, kMachine);
    ASSERT_TRUE(notifying);
    const auto before = armed(filter);
    const auto after = armed(*notifying);
    size_t notified = 0;
    for (const bpf::SystemCall& call : calls()) {
      const uint32_t old_answer = answer(before, call);
      const uint32_t new_answer = answer(after, call);
      const bool stays = stays_with_kernel(old_answer);
      const bool notifies = !stays || asks_for_listener(call, kMachine);
      ASSERT_EQ(new_answer, notifies ? SECCOMP_RET_USER_NOTIF : old_answer) << call.arch << " " << call.number;
      notified += notifies ? 1 : 0;
    }
    EXPECT_GT(notified, 1000U);
  }
}

TEST(Notify, EverythingButWhatIsAllowedOrMustNotWait) {
  for (const Filter& filter : filters()) {
    const auto notifying = with_notifications(filter, Notify::kEverything, kMachine);
    ASSERT_TRUE(notifying);
    const auto before = armed(filter);
    const auto after = armed(*notifying);
    for (const bpf::SystemCall& call : calls()) {
      bool allowed = answer(before, call) == SECCOMP_RET_ALLOW;
      for (const Abi abi : {Abi::kX86_64, Abi::kX86, Abi::kX32}) {
        if (arch::info(abi).audit_arch != call.arch) continue;
        const auto numbers = must_not_wait(abi);
        allowed = allowed || std::find(numbers.begin(), numbers.end(), call.number) != numbers.end();
      }
      const uint32_t expected = asks_for_listener(call, kMachine) ? SECCOMP_RET_ERRNO | EBUSY
                                : allowed                         ? SECCOMP_RET_ALLOW
                                                                  : SECCOMP_RET_USER_NOTIF;
      ASSERT_EQ(answer(after, call), expected) << call.arch << " " << call.number;
    }
  }
}

TEST(Notify, MustNotWait) {
  EXPECT_EQ(must_not_wait(Abi::kX86_64), (std::vector<uint32_t>{15, 219, 60, 231}));
  EXPECT_EQ(must_not_wait(Abi::kX86), (std::vector<uint32_t>{173, 119, 0, 1, 252}));
}

/// The supervisor's kill requests kill for calls that would have been denied, and allow nothing.
TEST(Notify, RequestsKill) {
  for (const Filter& filter : filters()) {
    const auto before = armed(filter);
    const auto after = armed(*with_notifications(filter, Notify::kDenials, kMachine));
    for (bpf::SystemCall call : calls()) {
      const uint32_t upper = call.number % 3 == 0 ? 0xffffffff : 0;  // Which is not looked at.
      call.args[kKillRequestArgument] = kKillRequestMagic | uint64_t{upper} << 32U;
      for (const uint32_t which : {kKillProcessRequest, kKillThreadRequest, 0U}) {
        call.args[kKillRequestArgument + 1] = which | uint64_t{upper} << 32U;
        const uint32_t kills = which == kKillProcessRequest  ? SECCOMP_RET_KILL_PROCESS
                               : which == kKillThreadRequest ? SECCOMP_RET_KILL_THREAD
                                                             : SECCOMP_RET_USER_NOTIF;
        const uint32_t old_answer = answer(before, call);
        if (asks_for_listener(call, kMachine)) continue;
        const bool stays = stays_with_kernel(old_answer);
        ASSERT_EQ(answer(after, call), stays ? old_answer : kills);
      }
    }
  }
}

TEST(Notify, TheTokenStillNotifies) {
  const Filter filter =
      policy_filter("seccomp:\n  default_action: trap\n  syscalls:\n  - {action: allow, names: [read]}\n");
  const auto notifying = with_notifications(filter, Notify::kDenials, kMachine);
  ASSERT_TRUE(notifying);
  const auto program = armed(*notifying);
  bpf::SystemCall call = call_on(kMachine, *arch::number_of(kMachine, "execve"));
  EXPECT_EQ(answer(program, call), SECCOMP_RET_TRAP);
  for (size_t i = 0; i < 3; ++i) call.args[3 + i] = kToken[2 * i] | uint64_t{kToken[2 * i + 1]} << 32U;
  EXPECT_EQ(answer(program, call), SECCOMP_RET_USER_NOTIF);
  call.args[5] ^= 1;
  EXPECT_EQ(answer(program, call), SECCOMP_RET_TRAP);
}

/// As a recording has it: nothing waits before the program runs.
TEST(Notify, ATokenThatAllowsDoesSoStill) {
  const Filter filter = policy_filter("seccomp:\n  default_action: errno\n");
  const auto notifying = with_notifications(with_allowing_token(filter), Notify::kEverything, kMachine);
  ASSERT_TRUE(notifying);
  const auto program = armed(*notifying);
  for (const char* name : {"execve", "write"}) {
    bpf::SystemCall call = call_on(kMachine, *arch::number_of(kMachine, name));
    EXPECT_EQ(answer(program, call), SECCOMP_RET_USER_NOTIF);
    for (size_t i = 0; i < 3; ++i) call.args[3 + i] = kToken[2 * i] | uint64_t{kToken[2 * i + 1]} << 32U;
    EXPECT_EQ(answer(program, call), SECCOMP_RET_ALLOW);
    call.args[5] ^= 1;
    EXPECT_EQ(answer(program, call), SECCOMP_RET_USER_NOTIF);
  }
}

constexpr std::array<std::string_view, 5> kAlso = {"openat", "execve", "mkdir", "getegid", "getpid"};

/// What is notified also where it is allowed; nothing else changes, and no action is lost.
TEST(Notify, CallsThatAreNotifiedThoughAllowed) {
  for (const Filter& filter : filters()) {
    const auto also = notifiable(filter, kAlso, kMachine);
    ASSERT_FALSE(also.empty());
    const auto plain = armed(*with_notifications(filter, Notify::kDenials, kMachine));
    const auto notifying = with_notifications(filter, Notify::kDenials, kMachine, also);
    ASSERT_TRUE(notifying);
    const auto after = armed(*notifying);
    std::set<uint32_t> seen;
    for (bpf::SystemCall call : calls()) {
      const bool named = std::ranges::binary_search(also, NotifiedCall{call.arch, call.number});
      const uint32_t old_answer = answer(plain, call);
      if (call.args[kKillRequestArgument] == kKillRequestMagic) continue;
      if (named) seen.insert(old_answer & SECCOMP_RET_ACTION_FULL);
      const uint32_t expected = named || installs_filter(call, kMachine) ? SECCOMP_RET_USER_NOTIF : old_answer;
      ASSERT_EQ(answer(after, call), expected) << call.arch << " " << call.number;
    }
    for (const uint32_t lost : {SECCOMP_RET_TRAP, SECCOMP_RET_TRACE, SECCOMP_RET_LOG}) EXPECT_EQ(seen.count(lost), 0U);
    for (uint32_t number = 0; number < 512; ++number) {
      const uint32_t arch = arch::info(kMachine).audit_arch;
      const bool asked = std::ranges::binary_search(also, NotifiedCall{arch, number}) ||
                         number == *arch::number_of(kMachine, "seccomp") ||
                         number == *arch::number_of(kMachine, "prctl");
      if (asked) continue;
      EXPECT_EQ(bpf::is_cached_allow(after, arch, number), bpf::is_cached_allow(plain, arch, number)) << number;
    }
  }
}

TEST(Notify, WhatCannotBeNotifiedIsLeftOut) {
  const Filter filter = policy_filter(kAllActions);
  const auto also = notifiable(filter, std::array<std::string_view, 3>{"getegid", "getgid", "read"}, kMachine);
  std::vector<NotifiedCall> expected;  // Of the two others one is logged and one a trap.
  for (const Abi abi : {Abi::kX86, Abi::kX86_64}) {
    expected.push_back({arch::info(abi).audit_arch, *arch::number_of(abi, "read")});
  }
  EXPECT_EQ(also, expected);
}

TEST(Notify, TheCallsThatInstallAFilter) {
  bpf::SystemCall call = call_on(kMachine, *arch::number_of(kMachine, "seccomp"));
  EXPECT_FALSE(installs_filter(call, kMachine));
  call.args[0] = SECCOMP_SET_MODE_FILTER | uint64_t{1} << 32U;  // The kernel reads the low word.
  EXPECT_TRUE(installs_filter(call, kMachine));
  call = call_on(kMachine, *arch::number_of(kMachine, "prctl"));
  call.args[0] = 22;  // PR_SET_SECCOMP.
  EXPECT_TRUE(installs_filter(call, kMachine));
  call.args[0] = 15;
  EXPECT_FALSE(installs_filter(call, kMachine));
}

TEST(Notify, ExecveWaitsOnlyWhereItIsNotified) {
  const Filter filter = policy_filter("seccomp:\n  default_action: allow\n");
  EXPECT_FALSE(notifies_execve(*with_notifications(filter, Notify::kDenials, kMachine), kMachine));
  const auto also = notifiable(filter, std::array<std::string_view, 1>{"execve"}, kMachine);
  EXPECT_TRUE(notifies_execve(*with_notifications(filter, Notify::kDenials, kMachine, also), kMachine));
}

/// What the kernel keeps of allowed calls, it keeps as before: they cost nothing. Only seccomp(2) is asked about, for
/// the guard of listener_guard.h.
TEST(Notify, AllowedCallsStayCached) {
  for (const Filter& filter : filters()) {
    const auto notifying = with_notifications(filter, Notify::kDenials, kMachine);
    size_t cached = 0;
    for (uint32_t number = 0; number < 512; ++number) {
      const uint32_t arch = arch::info(kMachine).audit_arch;
      const bool guarded = number == *arch::number_of(kMachine, "seccomp");
      const bool before = !guarded && bpf::is_cached_allow(filter.program, arch, number);
      EXPECT_EQ(bpf::is_cached_allow(notifying->program, arch, number), before) << number;
      cached += before ? 1 : 0;
    }
    EXPECT_GT(cached, 3U);
  }
}

TEST(Notify, AProgramThatIsOneAnswer) {
  const Filter filter = {*bpf::validate({{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | 1}}), {}, 0};
  const auto notifying = with_notifications(filter, Notify::kDenials, kMachine);
  ASSERT_TRUE(notifying);
  EXPECT_EQ(answer(notifying->program, call_on(kMachine, 1)), SECCOMP_RET_USER_NOTIF);
}

TEST(Notify, AFilterWithoutRoomIsAnError) {
  // 4090 instructions and a few more do not fit into 4096.
  bpf::Program program(4093, {BPF_LD | BPF_W | BPF_ABS, 0, 0, bpf::kNumberOffset});
  program.push_back({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | 1});
  const Filter filter = {*bpf::validate(program), {}, 0};
  const auto notifying = with_notifications(filter, Notify::kDenials, kMachine);
  ASSERT_FALSE(notifying);
  EXPECT_GT(notifying.error().instructions, bpf::kMaxInstructions);
}

}  // namespace
}  // namespace sandbox::compile
