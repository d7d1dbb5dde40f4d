// What is expected of a policy, held against what it does.
#include "compile/expectations.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "resolve/resolve.h"
#include "support/policy_text.h"
#include "support/rules.h"

namespace sandbox::compile {
namespace {

using arch::Abi;

constexpr const char* kPolicy =
    "seccomp:\n"
    "  default_action: errno\n"
    "  syscalls:\n"
    "  - action: errno\n"
    "    errno: EACCES\n"
    "    names_with_args:\n"
    "    - {name: socket, arguments: [{operation: Equal, value: AF_PACKET}]}\n"
    "  - action: allow\n"
    "    names: [read, socket]\n";

/// Expectations of kPolicy: the results, one a line, and the problems.
struct Judged {
  explicit Judged(const std::string& expectations, Abi native = Abi::kX86_64) : policy(kPolicy) {
    const auto read = policy.read();
    EXPECT_EQ(policy.problems(), "");
    auto source = std::make_shared<const SourceText>("t.yml", expectations);
    Diagnostics diagnostics(source);
    const auto expected = policy::read_expectations(source, diagnostics);
    EXPECT_FALSE(diagnostics.has_errors());
    const Abi abi = expected->abi ? expected->abi->abi : native;
    rules = {resolve::resolve(*read, abi, policy.diagnostics())};
    auto results = judge_expectations(*expected, rules, native, diagnostics);
    EXPECT_TRUE(results.ok());
    const SourceText* const sources[] = {&policy.source()};
    for (const JudgedExpectation& result : *results) {
      const uint32_t line = source->locate(result.range.offset).line;
      lines += std::to_string(line) + (result.passed() ? ": passed" : ": " + failure_text(result, sources)) + "\n";
    }
    all = *results;
    diagnostics.sort();
    for (const Diagnostic& diagnostic : diagnostics.all()) problems += format_diagnostic(*source, diagnostic) + "\n";
  }

  testing::PolicyText policy;
  std::vector<resolve::PolicyRules> rules;
  std::vector<JudgedExpectation> all;
  std::string lines;
  std::string problems;
};

// Before there was a limit, a file of 1 MB took gigabytes: it can name a set of hundreds of calls in 40 bytes.
TEST(JudgeExpectations, HasSoManyCallsAndNoMore) {
  const std::string entry = "- {calls: ['@known'], action: allow}\n";
  const std::string head = "policy: p.yml\nexpect:\n";
  const size_t members = Judged(head + entry).all.size();
  const size_t most = kMaxJudgedCalls / members;
  std::string text = head;
  for (size_t i = 0; i < most; ++i) text += entry;
  EXPECT_EQ(Judged(text).problems, "");
  const Judged judged(text + entry + entry);
  EXPECT_EQ(judged.all.size(), most * members);
  EXPECT_EQ(judged.problems,
            "t.yml:" + std::to_string(most + 3) +
                ":12: with this entry the file has expectations of more than 100000 calls; split it\n");
}

TEST(JudgeExpectations, PassesAndFails) {
  const Judged judged(
      "policy: p.yml\nexpect:\n"
      "- {call: [read, 0, 0, 4096], action: allow}\n"
      "- {call: [read], action: log}\n"
      "- {call: [socket, AF_PACKET], action: errno, errno: EACCES}\n"
      "- {call: [socket, AF_PACKET], action: errno, errno: EPERM}\n"
      "- {call: [socket, AF_INET], action: kill_process}\n"
      "- {call: [write], action: errno}\n"
      "- {call: [write], action: allow}\n"
      "- {call: [0x40000000, 0], action: errno, errno: ENOSYS}\n"
      "- {call: [getpid], arch: x86, action: kill_process}\n"
      "- {call: [getpid], arch: x86, action: allow}\n");
  EXPECT_EQ(judged.problems, "");
  EXPECT_EQ(judged.lines,
            "3: passed\n"
            "4: expected log, found allow (p.yml:9)\n"
            "5: passed\n"
            "6: expected errno EPERM, found errno EACCES (p.yml:7)\n"
            "7: expected kill_process, found allow (p.yml:9)\n"
            "8: passed\n"
            "9: expected allow, found errno EPERM\n"
            "10: passed\n"
            "11: passed\n"
            "12: expected allow, found kill_process\n");
}

TEST(JudgeExpectations, ThereIsNoWayAroundForALauncher) {
  EXPECT_EQ(Judged("policy: p.yml\nexpect:\n- {call: [execve], action: errno}\n- {call: [exit_group], action: errno}\n")
                .lines,
            "3: passed\n4: passed\n");
}

TEST(JudgeExpectations, ArgumentsAreThoseOfTheAbi) {
  const Judged judged(
      "policy: p.yml\narch: x86_64\nexpect:\n"
      "- {call: [openat, AT_FDCWD, -2, 0xffffffffffffffff, O_LARGEFILE, 5, 6], action: errno}\n"
      "- {call: [openat, AT_FDCWD, -2, 0xffffffff, O_LARGEFILE], arch: x86, action: kill_process}\n");
  EXPECT_EQ(judged.problems, "");
  ASSERT_EQ(judged.all.size(), 2U);
  EXPECT_EQ(judged.all[0].call.number, 257U);
  EXPECT_EQ(judged.all[0].call.args,
            (std::array<uint64_t, 6>{UINT64_MAX - 99, UINT64_MAX - 1, UINT64_MAX, 0x8000, 5, 6}));
  EXPECT_EQ(judged.all[1].call.number, 295U);
  EXPECT_EQ(judged.all[1].call.args,
            (std::array<uint64_t, 6>{UINT32_MAX - 99, UINT32_MAX - 1, UINT32_MAX, 0x8000, 0, 0}));
}

TEST(JudgeExpectations, TheFilesAbiIsTheDefault) {
  EXPECT_EQ(Judged("policy: p.yml\narch: aarch64\nexpect:\n- {call: [63], action: allow}\n").lines, "4: passed\n")
      << "read";
  EXPECT_EQ(Judged("policy: p.yml\nexpect:\n- {call: [63], action: allow}\n", Abi::kAarch64).lines, "3: passed\n");
}

TEST(JudgeExpectations, NamesAndValuesThatTheAbiLacks) {
  const Judged judged(
      "policy: p.yml\narch: x86\nexpect:\n"
      "- {call: [raed], action: allow}\n"
      "- {call: [arm_fadvise64_64], action: allow}\n"
      "- {call: [accept], action: allow}\n"
      "- {call: [\"@network-io\"], action: allow}\n"
      "- {call: [read, 0x100000000], action: allow}\n"
      "- {call: [read, PTRACE_GETVFPREGS], action: allow}\n"
      "- {call: [read], action: allow}\n"
      "- {call: [read], action: errno, errno: ECANCELLED}\n");
  EXPECT_EQ(judged.lines, "10: passed\n");
  EXPECT_EQ(judged.problems,
            "t.yml:4:11: unknown system call 'raed' on x86; did you mean 'read'?\n"
            "t.yml:5:11: no system call 'arm_fadvise64_64' on x86; it exists on arm\n"
            "t.yml:6:11: system call 'accept' has no number on x86; write [socketcall, 5]\n"
            "t.yml:7:11: 'call' takes one call, found the set '@network-io'; give it in 'calls'\n"
            "t.yml:8:17: argument 0 does not fit in 32 bits, which is what x86 has\n"
            "t.yml:9:17: no constant 'PTRACE_GETVFPREGS' on x86\n"
            "t.yml:11:40: no errno 'ECANCELLED' on x86\n");
}

TEST(JudgeExpectations, CallsHoldForAllArgumentsAndSetsForEachMember) {
  const Judged judged(
      "policy: p.yml\nexpect:\n"
      "- {calls: [read], action: allow}\n"
      "- {calls: [write, \"@aio\"], action: errno}\n"
      "- {calls: [socket], action: allow}\n"
      "- {call: [socket], action: allow}\n"
      "- {calls: [\"@aoi\"], action: errno}\n");
  EXPECT_EQ(judged.lines,
            "3: passed\n4: passed\n"
            "4: passed\n4: passed\n4: passed\n4: passed\n4: passed\n4: passed\n4: passed\n4: passed\n4: passed\n"
            "5: expected allow for all arguments, found that it depends on them (p.yml:9)\n"
            "6: passed\n");
  EXPECT_EQ(judged.problems, "t.yml:7:12: unknown set '@aoi'; did you mean '@aio'?\n");
}

TEST(JudgeExpectations, AProgramThatTheEvaluatorContradictsFails) {
  JudgedExpectation judged;
  judged.abi = Abi::kX86_64;
  judged.expected = testing::kAllow;
  judged.evaluated = testing::kAllow;
  judged.compiled = testing::kPermission;
  EXPECT_FALSE(judged.passed());
  EXPECT_EQ(
      failure_text(judged, {}),
      "expected allow, found allow, but the compiled program gives errno EPERM, which is a fault in the compiler");
}

TEST(JudgeExpectations, APolicyThatIsTooLargeIsTheCompilersError) {
  auto source = std::make_shared<const SourceText>("t.yml", "policy: p.yml\nexpect: [{call: [read], action: allow}]\n");
  Diagnostics diagnostics(source);
  const auto expected = policy::read_expectations(source, diagnostics);
  resolve::RuleSet rules;
  rules.default_verdict = testing::kAllow;
  for (uint64_t i = 0; i < 5000; ++i) {
    if (rules.calls.empty()) rules.calls.push_back({0, {}});
    rules.calls[0].clauses.push_back(
        testing::clause(testing::kPermission, {testing::condition(policy::Operation::kEqual, 64, i << 32U | i * 7)}));
  }
  EXPECT_FALSE(
      judge_expectations(*expected, std::vector<resolve::PolicyRules>{{rules}}, Abi::kX86_64, diagnostics).ok());
}

}  // namespace
}  // namespace sandbox::compile
