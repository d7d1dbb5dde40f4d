// Files of expectations: what is read from them, and every error's whole text.
#include "policy/expectations.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace sandbox::policy {
namespace {

/// A text that is read, and its problems as a user would see them.
struct ReadText {
  explicit ReadText(std::string yaml, std::string name = "t.yml")
      : source(std::make_shared<const SourceText>(std::move(name), std::move(yaml))), diagnostics(source) {
    expectations = read_expectations(source, diagnostics);
    diagnostics.sort();
    for (const Diagnostic& diagnostic : diagnostics.all()) problems += format_diagnostic(*source, diagnostic) + "\n";
  }

  std::shared_ptr<const SourceText> source;
  Diagnostics diagnostics;
  std::optional<Expectations> expectations;
  std::string problems;
};

std::string problems_of_entry(const std::string& entry) {
  return ReadText("policy: p.yml\nexpect:\n- " + entry + "\n").problems;
}

TEST(Expectations, ReadsWhatTheManualShows) {
  const ReadText text(
      "policy: no-network.yml\n"
      "arch: x86_64\n"
      "expect:\n"
      "- {call: [read, 0, 0, 4096], action: allow}\n"
      "- {call: [socket, AF_INET, SOCK_STREAM|SOCK_CLOEXEC, 0], action: errno, errno: EACCES}\n"
      "- {call: [0x40000000, 0], action: Errno, errno: 38}\n"
      "- {call: [getpid], arch: i386, action: kill_process}\n"
      "- {call: [exit, -1], action: errno}\n");
  EXPECT_EQ(text.problems, "");
  ASSERT_TRUE(text.expectations);
  const Expectations& read = *text.expectations;
  ASSERT_EQ(read.policies.size(), 1U);
  EXPECT_EQ(read.policies[0].text, "no-network.yml");
  EXPECT_TRUE(read.profiles.empty());
  EXPECT_EQ(read.abi->abi, arch::Abi::kX86_64);
  ASSERT_EQ(read.expect.size(), 5U);
  EXPECT_EQ(read.expect[0].call.text, "read");
  EXPECT_FALSE(read.expect[0].number);
  ASSERT_EQ(read.expect[0].arguments.size(), 3U);
  EXPECT_EQ(read.expect[0].arguments[2].terms.at(0).integer.magnitude, 4096U);
  EXPECT_EQ(read.expect[0].action, Action::kAllow);
  EXPECT_EQ(read.expect[1].arguments[1].terms.at(1).constant, "SOCK_CLOEXEC");
  EXPECT_EQ(read.expect[1].error.name, "EACCES");
  EXPECT_EQ(read.expect[2].number, 0x40000000U);
  EXPECT_EQ(read.expect[2].error.number, 38);
  EXPECT_EQ(read.expect[3].abi->abi, arch::Abi::kX86);
  EXPECT_TRUE(read.expect[3].arguments.empty());
  EXPECT_TRUE(read.expect[4].arguments.at(0).terms.at(0).integer.negative);
  EXPECT_EQ(read.expect[4].error.name, "EPERM") << "as in a policy";
  EXPECT_EQ(text.source->locate(read.expect[4].range.offset).line, 8U);
}

TEST(Expectations, ThePolicyStandsBesideTheFile) {
  const auto path = [](const std::string& own, const std::string& policy) {
    const ReadText text("policy: " + policy + "\nexpect: [{call: [read], action: allow}]\n", own);
    return policy_path(*text.expectations, text.expectations->policies.front());
  };
  EXPECT_EQ(path("t.yml", "p.yml"), "p.yml");
  EXPECT_EQ(path("a/b/t.yml", "p.yml"), "a/b/p.yml");
  EXPECT_EQ(path("/a/t.yml", "../p.yml"), "/a/../p.yml");
  EXPECT_EQ(path("a/t.yml", "/etc/p.yml"), "/etc/p.yml");
}

TEST(Expectations, AProfileByItsName) {
  const ReadText text("profile: default\nexpect: [{call: [read], action: allow}]\n");
  EXPECT_EQ(text.problems, "");
  ASSERT_EQ(text.expectations->profiles.size(), 1U);
  EXPECT_EQ(text.expectations->profiles[0].text, "default");
  EXPECT_TRUE(text.expectations->policies.empty());
}

TEST(Expectations, ShowsAllErrorsAtOnce) {
  EXPECT_EQ(ReadText("polcy: p.yml\n"
                     "arch: x86-64\n"
                     "expect:\n"
                     "- {call: [read, AF_INTE], action: alow}\n"
                     "- {cal: [read], action: allow, errno: EPERM}\n"
                     "- read\n")
                .problems,
            "t.yml:1:1: unknown key 'polcy' in an expectations file; did you mean 'policy'?\n"
            "t.yml:2:7: unknown ABI 'x86-64'; did you mean 'x86_64'?\n"
            "t.yml:4:17: unknown constant 'AF_INTE'; did you mean 'AF_INET'?\n"
            "t.yml:4:35: unknown action 'alow'; did you mean 'allow'?\n"
            "t.yml:5:4: unknown key 'cal' in an expectation; did you mean 'call'?\n"
            "t.yml:5:32: 'errno' goes with 'action: errno' only, found 'action: allow'\n"
            "t.yml:6:3: an expectation must be a mapping such as {call: [read, 0], action: allow}, found 'read'\n");
}

TEST(Expectations, TheFileNeedsAPolicyAndExpectations) {
  EXPECT_EQ(ReadText("").problems, "t.yml: is empty: expected a mapping with the key 'expect'\n");
  EXPECT_EQ(ReadText("- read\n").problems,
            "t.yml:1:1: no expectations here: expected a mapping with the key 'expect', found a list\n");
  EXPECT_EQ(ReadText("arch: x86\n").problems,
            "t.yml:1:1: 'policy' is missing: the file with the policy (or 'profile', the name of a built-in one)\n"
            "t.yml:1:1: 'expect' is missing: the list of expectations\n");
  EXPECT_EQ(ReadText("policy: p.yml\nprofile: default\nexpect: []\n").problems,
            "t.yml:3:9: 'expect' is an empty list; expected at least one expectation\n");
  EXPECT_EQ(ReadText("policy: {a: p.yml}\nexpect: {call: [read]}\n").problems,
            "t.yml:1:9: 'policy' must be the name of a file, found a mapping\n"
            "t.yml:2:9: 'expect' must be a list of expectations, found a mapping\n");
  EXPECT_EQ(ReadText("policy: ''\nexpect:\n- {call: [read], action: allow}\n").problems,
            "t.yml:1:9: 'policy' must be the name of a file, found ''\n");
  EXPECT_EQ(ReadText("policy: p.yml\npolicy: q.yml\nexpect:\n- {call: [read], action: allow}\n").problems,
            "t.yml:2:1: key 'policy' is given twice in an expectations file; first on line 1\n");
  EXPECT_EQ(
      ReadText("policy: p.yml\ncall: [read]\nexpect:\n- {call: [read], action: allow}\n").problems,
      "t.yml:2:1: key 'call' belongs in an expectation, found in an expectations file; is its indentation wrong?\n");
  EXPECT_EQ(ReadText("policy: p.yml\ntests:\n- {call: [read], action: allow}\n").problems,
            "t.yml:2:1: unknown key 'tests' in an expectations file; did you mean 'expect'?\n");
}

TEST(Expectations, SeveralPoliciesApplyTogether) {
  const ReadText text("policy: [a.yml, ../b.yml]\nprofile: [default]\nexpect: [{call: [read], action: allow}]\n");
  EXPECT_EQ(text.problems, "");
  ASSERT_EQ(text.expectations->policies.size(), 2U);
  EXPECT_EQ(text.expectations->policies[1].text, "../b.yml");
  ASSERT_EQ(text.expectations->profiles.size(), 1U);
  EXPECT_EQ(ReadText("policy: []\nexpect: [{call: [read], action: allow}]\n").problems,
            "t.yml:1:9: 'policy' is an empty list; expected the name of a file\n");
}

TEST(Expectations, CapabilitiesOfTheFileAndOfAnEntry) {
  const ReadText text(
      "policy: p.json\ncap: docker\nkernel: \"5.10\"\nexpect:\n"
      "- {call: [read], action: allow}\n"
      "- {call: [read], cap: none, action: allow}\n"
      "- {call: [read], cap: [net_raw, CAP_KILL], action: allow}\n"
      "- {call: [read], cap: own, action: allow}\n");
  EXPECT_EQ(text.problems, "");
  const Expectations& read = *text.expectations;
  EXPECT_EQ(read.capabilities->names.size(), 14U);
  EXPECT_EQ(read.kernel, (arch::KernelVersion{5, 10}));
  EXPECT_FALSE(read.expect[0].capabilities) << "those of the file";
  EXPECT_TRUE(read.expect[1].capabilities->names.empty());
  EXPECT_EQ(read.expect[2].capabilities->names, (std::set<std::string>{"CAP_KILL", "CAP_NET_RAW"}));
  EXPECT_TRUE(read.expect[3].capabilities->own);
  EXPECT_EQ(ReadText("policy: p.json\ncap: dokcer\nkernel: new\nexpect:\n"
                     "- {call: [read], cap: [kill, net_rew], action: allow}\n")
                .problems,
            "t.yml:2:6: unknown capability 'dokcer'; did you mean 'docker'?\n"
            "t.yml:3:9: 'kernel' must be a Linux version such as \"6.1\", found 'new'\n"
            "t.yml:5:30: unknown capability 'net_rew'; did you mean 'CAP_NET_RAW'?\n");
}

TEST(Expectations, ListsOfCalls) {
  const ReadText text(
      "policy: p.yml\nexpect:\n"
      "- {calls: [read, \"@aio\"], action: errno, errno: ENOENT}\n"
      "- {calls: write, arch: x86, action: allow}\n");
  EXPECT_EQ(text.problems, "");
  const Expectations& read = *text.expectations;
  ASSERT_EQ(read.expect.size(), 3U);
  EXPECT_EQ(read.expect[1].call.text, "@aio");
  EXPECT_TRUE(read.expect[1].any_arguments);
  EXPECT_EQ(read.expect[1].error.name, "ENOENT");
  EXPECT_EQ(text.source->locate(read.expect[1].range.offset).column, 18U) << "the place of the name";
  EXPECT_EQ(read.expect[2].call.text, "write");
  EXPECT_TRUE(read.expect[2].abi.has_value());
  EXPECT_EQ(ReadText("policy: p.yml\nexpect:\n"
                     "- {calls: [], action: allow}\n"
                     "- {call: [read], calls: [read], action: allow}\n"
                     "- {calls: [[read]], action: allow}\n")
                .problems,
            "t.yml:3:11: 'calls' is an empty list; expected the name of a system call or a set\n"
            "t.yml:4:18: both 'call' and 'calls'; give one of them\n"
            "t.yml:5:12: an entry of 'calls' must be the name of a system call or a set, found a list\n");
}

TEST(Expectations, AnEntryNeedsACallAndAnAction) {
  EXPECT_EQ(problems_of_entry("{call: [read]}"),
            "t.yml:3:3: 'action' is missing in an expectation: what the call should get\n");
  EXPECT_EQ(problems_of_entry("{action: allow}"),
            "t.yml:3:3: 'call' is missing in an expectation: a list of the system call and its arguments; for a file "
            "'path', for a port 'port'\n");
  EXPECT_EQ(problems_of_entry("{call: read, action: allow}"),
            "t.yml:3:10: 'call' must be a list of a system call and its arguments, such as [read, 0], found 'read'\n");
  EXPECT_EQ(problems_of_entry("{call: [], action: allow}"),
            "t.yml:3:10: 'call' must be a list of a system call and its arguments, such as [read, 0], found an empty "
            "list\n");
  EXPECT_EQ(problems_of_entry("{call: [[read]], action: allow}"),
            "t.yml:3:11: the first entry of 'call' must be a system call's name or number, found a list\n");
  EXPECT_EQ(problems_of_entry("{call: [read], action: allow, args: 1}"),
            "t.yml:3:33: unknown key 'args' in an expectation; expected call, calls, path, port, access, arch, cap, "
            "action or "
            "errno\n");
  EXPECT_EQ(problems_of_entry("{call: [read], arch: [x86], action: allow}"),
            "t.yml:3:24: 'arch' must be the name of an ABI, found a list\n");
}

TEST(Expectations, FilesAndPorts) {
  const ReadText text(
      "policy: p.yml\n"
      "expect:\n"
      "- {path: /etc/shadow, access: [read, write_file], action: deny}\n"
      "- {port: 443, access: connect_tcp, action: allow}\n"
      "- {call: [read], action: allow}\n");
  EXPECT_EQ(text.problems, "");
  ASSERT_TRUE(text.expectations);
  EXPECT_EQ(text.expectations->expect.size(), 1U);
  ASSERT_EQ(text.expectations->accesses.size(), 2U);
  const AccessExpectation& file = text.expectations->accesses[0];
  EXPECT_EQ(file.path.text, "/etc/shadow");
  EXPECT_FALSE(file.port);
  ASSERT_EQ(file.access.size(), 2U);
  EXPECT_EQ(file.access[1].text, "write_file");
  EXPECT_FALSE(file.allowed);
  const AccessExpectation& port = text.expectations->accesses[1];
  EXPECT_EQ(port.port, 443);
  EXPECT_TRUE(port.allowed);
  EXPECT_EQ(port.access.at(0).text, "connect_tcp");
}

TEST(Expectations, WhatIsWrongWithFilesAndPorts) {
  EXPECT_EQ(problems_of_entry("{path: /x, access: [raed], action: deny}"),
            "t.yml:3:23: unknown access 'raed'; did you mean 'read'?\n");
  EXPECT_EQ(problems_of_entry("{port: 1, access: [read], action: deny}"),
            "t.yml:3:22: unknown access 'read'; expected bind_tcp, connect_tcp, bind_udp or connect_send_udp\n");
  EXPECT_EQ(problems_of_entry("{path: /x, access: [read], action: errno}"),
            "t.yml:3:38: 'action' must be allow or deny for a file or a port, found 'errno'\n");
  EXPECT_EQ(problems_of_entry("{path: /x, access: [read]}"),
            "t.yml:3:3: 'action' is missing in an expectation: allow or deny\n");
  EXPECT_EQ(problems_of_entry("{path: /x, action: deny}"),
            "t.yml:3:3: 'access' is missing in an expectation: what is done with the file\n");
  EXPECT_EQ(problems_of_entry("{path: /x, access: [], action: deny}"),
            "t.yml:3:22: 'access' is an empty list; expected at least one word\n");
  EXPECT_EQ(problems_of_entry("{path: /x, call: [read], access: [read], action: deny}"),
            "t.yml:3:14: 'call' is for system calls, and does not go with 'path'\n");
  EXPECT_EQ(problems_of_entry("{path: /x, port: 1, access: [read], action: deny}"),
            "t.yml:3:14: both 'path' and 'port'; give one of them\n");
  EXPECT_EQ(problems_of_entry("{port: 65536, access: [bind_tcp], action: deny}"),
            "t.yml:3:10: 'port' must be from 0 to 65535, found '65536'\n");
  EXPECT_EQ(problems_of_entry("{call: [read], access: [read], action: allow}"),
            "t.yml:3:18: 'access' goes with 'path' or 'port'\n");
}

TEST(Expectations, NumbersAndArguments) {
  EXPECT_EQ(problems_of_entry("{call: [-1], action: allow}"),
            "t.yml:3:11: a system call's number must be from 0 to 0xffffffff, found '-1'\n");
  EXPECT_EQ(problems_of_entry("{call: [0x100000000], action: allow}"),
            "t.yml:3:11: a system call's number must be from 0 to 0xffffffff, found '0x100000000'\n");
  EXPECT_EQ(problems_of_entry("{call: [1read], action: allow}"),
            "t.yml:3:11: a system call's number must be an integer such as 17, 0x11 or 0o21, found '1read'\n");
  EXPECT_EQ(problems_of_entry("{call: [0xffffffff, 1, 2, 3, 4, 5, 6], action: allow}"), "");
  EXPECT_EQ(problems_of_entry("{call: [read, 1, 2, 3, 4, 5, 6, 7], action: allow}"),
            "t.yml:3:35: a system call has at most 6 arguments, found 7\n");
  EXPECT_EQ(problems_of_entry("{call: [read, [1], 010], action: allow}"),
            "t.yml:3:17: an argument in 'call' must be an integer or a constant's name, found a list\n"
            "t.yml:3:22: an argument in 'call' has a leading zero: '010'; write 0o10 for octal, or 10\n");
  EXPECT_EQ(problems_of_entry("{call: [read], action: errno, errno: EPREM}"),
            "t.yml:3:40: unknown errno 'EPREM'; did you mean 'EPERM'?\n");
}

TEST(Expectations, ASyntaxErrorHidesWhatFollows) {
  const ReadText text("policy: p.yml\nexpect:\n- {call: [read], action: alow}\n- {call: [read], action: \"allow}\n");
  EXPECT_EQ(text.problems,
            "t.yml:3:26: unknown action 'alow'; did you mean 'allow'?\n"
            "t.yml:4:26: the closing quote (\") is missing\n");
}

}  // namespace
}  // namespace sandbox::policy
