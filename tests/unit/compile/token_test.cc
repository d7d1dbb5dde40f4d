// The exec token: 192 bits, or 96, with which the launcher gets one call through its own filter.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "bpf/diff.h"
#include "bpf/interpret.h"
#include "compile/compile.h"
#include "support/compile_rules.h"
#include "support/rules.h"

namespace sandbox::compile {
namespace {

using arch::Abi;
using policy::Operation;
using resolve::CallRules;
using resolve::RuleSet;
using resolve::Verdict;
using testing::always;
using testing::call_on;
using testing::clause;
using testing::compile_rules;
using testing::condition;
using testing::kAllow;
using testing::kKillProcess;
using testing::kNoSuchCall;
using testing::kPermission;

constexpr Token kToken = {0x11111111, 0x22222222, 0x33333333, 0x44444444, 0x55555555, 0x66666666};

uint32_t number(Abi abi, const char* name) {
  return *arch::number_of(abi, name);
}

/// A compiled filter with the token in place.
struct Armed {
  explicit Armed(const RuleSet& rules, std::optional<Abi> launcher = {}) : Armed(std::vector{rules}, launcher) {}
  explicit Armed(const std::vector<RuleSet>& sets, std::optional<Abi> launcher = {})
      : abi(launcher.value_or(sets.front().abi)),
        filter(*compile_rules(sets, {.launcher = abi})),
        program(*bpf::validate(with_lasting_token(filter, kToken))) {}

  [[nodiscard]] Verdict judge(const bpf::SystemCall& call) const {
    return resolve::verdict_of(interpret(program, call, arch::info(abi).endian).value);
  }

  /// A call with the token in its last three arguments.
  [[nodiscard]] bpf::SystemCall with(const char* name) const {
    bpf::SystemCall call = call_on(abi, number(abi, name));
    for (size_t i = 0; i < 3; ++i) call.args[3 + i] = kToken[2 * i] | uint64_t{kToken[2 * i + 1]} << 32U;
    return call;
  }

  Abi abi;
  Filter filter;
  bpf::ValidatedProgram program;
};

RuleSet deny_exec(Abi abi) {
  return {abi, kAllow, {always(number(abi, "execve"), kPermission)}};
}

TEST(Token, OpensExecve) {
  const Armed armed(deny_exec(Abi::kX86_64));
  EXPECT_EQ(armed.judge(armed.with("execve")), kAllow);
  EXPECT_EQ(armed.judge(call_on(Abi::kX86_64, 59)), kPermission);
}

TEST(Token, IsRefusedWithAnySingleWrongBit) {
  for (const Abi abi : {Abi::kX86_64, Abi::kPpc64}) {
    const Armed armed(deny_exec(abi));
    for (unsigned argument = 3; argument < 6; ++argument) {
      for (unsigned bit = 0; bit < 64; ++bit) {
        bpf::SystemCall call = armed.with("execve");
        call.args[argument] ^= uint64_t{1} << bit;
        ASSERT_EQ(armed.judge(call), kPermission) << argument << ", bit " << bit;
      }
    }
  }
}

TEST(Token, IsRefusedWithTwoWrongBitsThatEqualEachOther) {
  // Differences must be collected with OR: XOR would cancel them.
  const Armed armed(deny_exec(Abi::kX86_64));
  for (unsigned first = 0; first < 6; ++first) {
    for (unsigned second = first + 1; second < 6; ++second) {
      bpf::SystemCall call = armed.with("execve");
      call.args[3 + first / 2] ^= uint64_t{1} << (32 * (first % 2));
      call.args[3 + second / 2] ^= uint64_t{1} << (32 * (second % 2));
      ASSERT_EQ(armed.judge(call), kPermission) << first << " and " << second;
    }
  }
}

TEST(Token, IsRefusedWithItsWordsInAnotherOrder) {
  const Armed armed(deny_exec(Abi::kX86_64));
  bpf::SystemCall call = armed.with("execve");
  std::swap(call.args[3], call.args[5]);
  EXPECT_EQ(armed.judge(call), kPermission);
  call = armed.with("execve");
  call.args[4] = call.args[4] << 32U | call.args[4] >> 32U;
  EXPECT_EQ(armed.judge(call), kPermission);
}

TEST(Token, Compares96BitsOn32BitAbis) {
  const Armed armed(deny_exec(Abi::kArm));
  EXPECT_EQ(armed.filter.token_sites.size(), 3U);
  bpf::SystemCall call = armed.with("execve");
  for (unsigned argument = 3; argument < 6; ++argument) {
    call.args[argument] ^= uint64_t{0xFFFFFFFF} << 32U;
    EXPECT_EQ(armed.judge(call), kAllow) << "the kernel does not read the upper half";
    for (unsigned bit = 0; bit < 32; ++bit) {
      bpf::SystemCall wrong = armed.with("execve");
      wrong.args[argument] ^= uint64_t{1} << bit;
      ASSERT_EQ(armed.judge(wrong), kPermission) << argument << ", bit " << bit;
    }
  }
}

TEST(Token, OpensTheLaunchersCallsAndNoOthers) {
  const Armed armed(RuleSet{Abi::kX86_64, kKillProcess, {}});
  const std::set<uint32_t> opened = {number(Abi::kX86_64, "execve"), number(Abi::kX86_64, "write"),
                                     number(Abi::kX86_64, "exit_group")};
  bpf::SystemCall call = armed.with("execve");
  for (uint32_t n = 0; n < 1100; ++n) {
    call.number = n;
    const Verdict expected = opened.contains(n) ? kAllow : n >= 512 && n <= 547 ? kNoSuchCall : kKillProcess;
    ASSERT_EQ(armed.judge(call), expected) << n;
  }
  for (const uint32_t n : {59U | 0x40000000U, 0x40000208U, UINT32_MAX}) {
    call.number = n;
    EXPECT_EQ(armed.judge(call), kNoSuchCall);
  }
}

TEST(Token, DoesNotOpenAnotherAbi) {
  const Armed armed({deny_exec(Abi::kX86_64), deny_exec(Abi::kX86)}, Abi::kX86_64);
  bpf::SystemCall call = armed.with("execve");
  call.arch = arch::info(Abi::kX86).audit_arch;
  call.number = number(Abi::kX86, "execve");
  EXPECT_EQ(armed.judge(call), kPermission);
  call.arch = arch::info(Abi::kAarch64).audit_arch;
  EXPECT_EQ(armed.judge(call), kKillProcess);
}

TEST(Token, OpensTheLaunchersOwnAbiWhereThePolicyDoesNotCoverIt) {
  const Armed armed(deny_exec(Abi::kX86), Abi::kX86_64);
  EXPECT_EQ(armed.judge(armed.with("execve")), kAllow);
  EXPECT_EQ(armed.judge(armed.with("write")), kAllow);
  EXPECT_EQ(armed.judge(armed.with("read")), kKillProcess);
  EXPECT_EQ(armed.judge(call_on(Abi::kX86_64, 59)), kKillProcess);
  EXPECT_EQ(armed.judge(call_on(Abi::kX86, 3)), kAllow);
}

TEST(Token, IsNotNeededWhereThePolicyAllowsTheCalls) {
  EXPECT_TRUE(Armed(RuleSet{Abi::kX86_64, kAllow, {}}).filter.token_sites.empty());
  std::vector<CallRules> calls;
  for (const char* name : {"write", "execve", "exit_group"})
    calls.push_back(always(number(Abi::kX86_64, name), kAllow));
  EXPECT_TRUE(Armed(RuleSet{Abi::kX86_64, kPermission, calls}).filter.token_sites.empty());
}

TEST(Token, StandsBesideAChainOfConditions) {
  const RuleSet rules = {Abi::kX86_64,
                         kKillProcess,
                         {{59,
                           {clause(kPermission, {condition(Operation::kEqual, 64, 1)}),
                            clause(kAllow, {condition(Operation::kEqual, 64, 2)})}}}};
  const Armed armed(rules);
  EXPECT_EQ(armed.judge(call_on(Abi::kX86_64, 59, 1)), kPermission);
  EXPECT_EQ(armed.judge(call_on(Abi::kX86_64, 59, 2)), kAllow);
  EXPECT_EQ(armed.judge(call_on(Abi::kX86_64, 59, 3)), kKillProcess);
  for (const uint64_t argument : {1U, 2U, 3U}) {
    bpf::SystemCall call = armed.with("execve");
    call.args[0] = argument;
    EXPECT_EQ(armed.judge(call), kAllow) << argument;
  }
}

TEST(Token, IsNoPartOfAFilterWithoutALauncher) {
  const RuleSet rules = deny_exec(Abi::kX86_64);
  const auto filter = compile_rules(rules);
  ASSERT_TRUE(filter.ok());
  EXPECT_TRUE(filter->token_sites.empty());
  EXPECT_EQ(with_lasting_token(*filter, kToken).size(), filter->program.size());
}

TEST(TokenSites, AreXorsWithZeroOnePerWordAndCheck) {
  const RuleSet rules = {Abi::kX86_64, kKillProcess, {always(59, kPermission)}};  // write and exit_group are killed.
  const auto filter = compile_rules(rules, {.launcher = Abi::kX86_64});
  ASSERT_TRUE(filter.ok());
  ASSERT_EQ(filter->token_sites.size(), 12U) << "one check that ends in EPERM, one that kills";
  std::array<size_t, kTokenWords> sites_of_word = {};
  for (const TokenSite& site : filter->token_sites) {
    const bpf::Instruction& instruction = filter->program.instructions().at(site.index);
    EXPECT_EQ(instruction.code, BPF_ALU | BPF_XOR | BPF_K);
    EXPECT_EQ(instruction.k, 0U);
    ++sites_of_word.at(site.word);
  }
  for (const size_t count : sites_of_word) EXPECT_EQ(count, 2U);
}

TEST(TokenSites, ReadTheWordThatTheyAreFor) {
  const RuleSet rules = deny_exec(Abi::kX86_64);
  const auto filter = compile_rules(rules, {.launcher = Abi::kX86_64});
  ASSERT_TRUE(filter.ok());
  ASSERT_EQ(filter->token_sites.size(), kTokenWords);
  for (const TokenSite& site : filter->token_sites) {
    const bpf::Instruction& load = filter->program.instructions().at(site.index - 1);
    EXPECT_EQ(load.code, BPF_LD | BPF_W | BPF_ABS);
    EXPECT_EQ(load.k, bpf::kArgsOffset + 8 * 3 + 4 * site.word);
  }
}

TEST(TokenSites, AreAllThatWithTokenChanges) {
  const RuleSet rules = deny_exec(Abi::kX86_64);
  const auto filter = compile_rules(rules, {.launcher = Abi::kX86_64});
  ASSERT_TRUE(filter.ok());
  bpf::Program program = with_token(*filter, kToken);
  ASSERT_EQ(program.size(), filter->program.size());
  for (const TokenSite& site : filter->token_sites) {
    EXPECT_EQ(program[site.index].k, kToken[site.word]);
    program[site.index].k = 0;
  }
  const auto same = [](const bpf::Instruction& a, const bpf::Instruction& b) {
    return a.code == b.code && a.jt == b.jt && a.jf == b.jf && a.k == b.k;
  };
  EXPECT_TRUE(std::equal(program.begin(), program.end(), filter->program.instructions().begin(), same));
}

TEST(Token, IsOneOfTwoForms) {
  const auto filter = compile_rules(deny_exec(Abi::kX86_64), {.launcher = Abi::kX86_64});
  ASSERT_TRUE(filter.ok());
  bpf::SystemCall call = call_on(Abi::kX86_64, 59);
  for (size_t i = 0; i < 3; ++i) call.args[3 + i] = kToken[2 * i] | uint64_t{kToken[2 * i + 1]} << 32U;
  const auto once = *bpf::validate(with_token(*filter, kToken));
  const auto lasting = *bpf::validate(with_lasting_token(*filter, kToken));
  EXPECT_EQ(interpret(once, call, bpf::Endian::kLittle).value, SECCOMP_RET_USER_NOTIF) << "a listener decides";
  EXPECT_EQ(interpret(lasting, call, bpf::Endian::kLittle).value, SECCOMP_RET_ALLOW);
  call.args[3] ^= 1;
  EXPECT_EQ(interpret(once, call, bpf::Endian::kLittle).value, SECCOMP_RET_ERRNO | 1U);
  EXPECT_EQ(interpret(lasting, call, bpf::Endian::kLittle).value, SECCOMP_RET_ERRNO | 1U);
}

TEST(Token, CanBeTakenOut) {
  for (const Abi abi : {Abi::kX86_64, Abi::kX86, Abi::kPpc64}) {
    std::vector<CallRules> calls = {always(number(abi, "read"), kAllow)};
    calls.push_back(
        {number(abi, "write"), {clause(kAllow, {condition(Operation::kEqual, 32, 1)}), clause(kKillProcess)}});
    std::sort(calls.begin(), calls.end(), [](const CallRules& a, const CallRules& b) { return a.number < b.number; });
    const RuleSet rules = {abi, kPermission, std::move(calls)};
    const auto filter = compile_rules(rules, {.launcher = abi});
    const auto plain = compile_rules(rules, {});
    ASSERT_TRUE(filter.ok() && plain.ok());
    ASSERT_FALSE(filter->token_sites.empty());
    const bpf::ArchEndian arch = {arch::info(abi).audit_arch, arch::info(abi).endian};
    bpf::DiffOptions options;
    options.archs = {&arch, 1};
    EXPECT_FALSE(bpf::diff(filter->program, plain->program, options).equal()) << "zeros stand for the token";
    EXPECT_TRUE(bpf::diff(without_token(*filter), plain->program, options).equal()) << arch::info(abi).name;
    EXPECT_EQ(without_token(*filter).size(), filter->program.size());
  }
}

TEST(Token, CostsAsMuchWhicheverWordIsWrong) {
  const Armed armed(deny_exec(Abi::kX86_64));
  std::set<uint32_t> steps;
  for (unsigned word = 0; word < kTokenWords; ++word) {
    bpf::SystemCall call = armed.with("execve");
    call.args[3 + word / 2] ^= uint64_t{1} << (32 * (word % 2));
    steps.insert(interpret(armed.program, call, bpf::Endian::kLittle).steps);
  }
  steps.insert(interpret(armed.program, call_on(Abi::kX86_64, 59), bpf::Endian::kLittle).steps);
  steps.insert(interpret(armed.program, armed.with("execve"), bpf::Endian::kLittle).steps);
  EXPECT_EQ(steps.size(), 1U);
}

}  // namespace
}  // namespace sandbox::compile
