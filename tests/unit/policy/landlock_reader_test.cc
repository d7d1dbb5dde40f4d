#include "policy/landlock_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/policy_text.h"

namespace sandbox::policy {
namespace {

Policy read(std::string yaml) {
  testing::PolicyText text(std::move(yaml));
  auto policy = text.read();
  EXPECT_EQ(text.problems(), "");
  return policy.value_or(Policy{});
}

std::string problems_of(std::string yaml) {
  testing::PolicyText text(std::move(yaml));
  text.read();
  return text.problems();
}

/// The problems of a section with this rule, without their places.
std::string problems_of_rule(const std::string& rule) {
  std::string problems = problems_of("landlock: {files: [" + rule + "]}\n");
  const size_t word = problems.find("error: ");
  return word == std::string::npos ? problems : problems.substr(word);
}

/// The problems of `tcp: {connect: [PORT]}`, without their places.
std::string problems_of_port(const std::string& port, const std::string& list = "connect") {
  const std::string problems = problems_of("landlock: {tcp: {" + list + ": [" + port + "]}}\n");
  const size_t word = problems.find("error: ");
  return word == std::string::npos ? problems : problems.substr(word);
}

std::vector<std::string> texts(const std::vector<PlacedText>& placed) {
  std::vector<std::string> result;
  for (const PlacedText& one : placed) result.push_back(one.text);
  return result;
}

std::vector<uint16_t> numbers(const std::optional<std::vector<PortNumber>>& ports) {
  std::vector<uint16_t> result;
  if (!ports) return {1};
  for (const PortNumber& one : *ports) result.push_back(one.port);
  return result;
}

using Texts = std::vector<std::string>;
using Ports = std::vector<uint16_t>;

TEST(LandlockReader, ReadsAllOfASection) {
  testing::PolicyText text(R"(
landlock:
  files:
  - access: [read, execute]
    paths: ["@system"]
  - access: [write_file, ioctl]
    paths: [/var/lib/app, "~/work", .]
    optional: true
  tcp: {connect: [443, 5432], bind: [8080, 0]}
  udp: {connect: []}
  scope: [signals, abstract_unix_sockets]
  best_effort: true
)");
  const auto policy = text.read();
  EXPECT_EQ(text.problems(), "");
  ASSERT_TRUE(policy && policy->landlock && policy->landlock->files);
  const LandlockSection& section = *policy->landlock;
  EXPECT_FALSE(policy->has_filter);
  EXPECT_EQ(text.covered(section.range), "landlock");
  EXPECT_EQ(text.covered(section.files_range), "files");
  ASSERT_EQ(section.files->size(), 2U);
  EXPECT_EQ(texts(section.files->at(0).access), (Texts{"read", "execute"}));
  EXPECT_EQ(texts(section.files->at(0).paths), (Texts{"@system"}));
  EXPECT_FALSE(section.files->at(0).optional);
  EXPECT_EQ(texts(section.files->at(1).access), (Texts{"write_file", "ioctl"}));
  EXPECT_EQ(texts(section.files->at(1).paths), (Texts{"/var/lib/app", "~/work", "."}));
  EXPECT_EQ(text.covered(section.files->at(1).paths[1].range), "\"~/work\"");
  EXPECT_TRUE(section.files->at(1).optional);
  ASSERT_TRUE(section.tcp && section.udp);
  EXPECT_EQ(numbers(section.tcp->connect), (Ports{443, 5432}));
  EXPECT_EQ(numbers(section.tcp->bind), (Ports{8080, 0}));
  EXPECT_EQ(numbers(section.udp->connect), Ports{});
  EXPECT_FALSE(section.udp->bind);
  EXPECT_EQ(texts(section.scope), (Texts{"signals", "abstract_unix_sockets"}));
  EXPECT_TRUE(section.best_effort);
}

TEST(LandlockReader, StandsBesideASeccompSection) {
  const Policy policy =
      read("seccomp: {default_action: allow, syscalls: [{action: errno, names: [mount]}]}\nlandlock: {files: []}\n");
  EXPECT_TRUE(policy.has_filter);
  EXPECT_EQ(policy.groups.size(), 1U);
  ASSERT_TRUE(policy.landlock && policy.landlock->files);
  EXPECT_TRUE(policy.landlock->files->empty());
  EXPECT_FALSE(policy.landlock->tcp);
}

TEST(LandlockReader, ASectionMayBeAbsent) {
  EXPECT_FALSE(read("seccomp: {default_action: allow, syscalls: [{action: errno, names: [mount]}]}\n").landlock);
}

TEST(LandlockReader, KeysMayBeDotted) {
  const Policy policy = read("landlock.tcp: {bind: []}\nlandlock:\n  scope: [signals]\n");
  ASSERT_TRUE(policy.landlock && policy.landlock->tcp);
  EXPECT_EQ(numbers(policy.landlock->tcp->bind), Ports{});
  EXPECT_EQ(policy.landlock->scope.size(), 1U);
}

TEST(LandlockReader, JsonIsReadToo) {
  const Policy policy = read(R"({"landlock": {"files": [{"access": ["read"], "paths": ["/etc"]}]}})");
  ASSERT_TRUE(policy.landlock && policy.landlock->files);
  EXPECT_EQ(texts(policy.landlock->files->at(0).paths), Texts{"/etc"});
}

TEST(LandlockReader, WordsOfOtherProgramsAreUnderstood) {
  const auto problem = [](const std::string& word) {
    return problems_of_rule("{access: [" + word + "], paths: [/etc]}");
  };
  EXPECT_EQ(problem("ro"), "error: unknown access 'ro'; did you mean '[read]'?\n");
  EXPECT_EQ(problem("rwx"), "error: unknown access 'rwx'; did you mean '[read, write, execute]'?\n");
  EXPECT_EQ(problem("READ"), "error: unknown access 'READ'; did you mean 'read'?\n");
  EXPECT_EQ(problem("LANDLOCK_ACCESS_FS_MAKE_REG"),
            "error: unknown access 'LANDLOCK_ACCESS_FS_MAKE_REG'; did you mean 'make_reg'?\n");
  EXPECT_EQ(problem("exeucte"), "error: unknown access 'exeucte'; did you mean 'execute'?\n");
  EXPECT_EQ(problem("deny"),
            "error: unknown access 'deny'; nothing can be taken from what other rules allow: list what is allowed\n");
  EXPECT_EQ(problem("possess"),
            "error: unknown access 'possess'; expected read, write, execute, ioctl, device or connect, or a right of "
            "Landlock's such as read_file\n");
}

TEST(LandlockReader, OneWordInPlaceOfAListIsPutIntoBrackets) {
  EXPECT_EQ(problems_of_rule("{access: read, paths: [/etc]}"),
            "error: 'access' must be a list of words, found 'read'; write 'access: [read]'\n");
  EXPECT_EQ(problems_of_rule("{access: [read], paths: /etc}"),
            "error: 'paths' must be a list of paths, found '/etc'; write 'paths: [/etc]'\n");
  EXPECT_EQ(problems_of("landlock: {tcp: {bind: 80}}\n"),
            "1:24: error: 'bind' must be a list of ports, found '80'; write 'bind: [80]'\n");
}

TEST(LandlockReader, EmptyListsMeanSomethingWhereTheyDeny) {
  EXPECT_EQ(problems_of_rule("{access: [read], paths: []}"),
            "error: 'paths' is an empty list; expected at least one path\n");
  EXPECT_EQ(problems_of_rule("{access: [], paths: [/etc]}"),
            "error: 'access' is an empty list; expected at least one word\n");
  EXPECT_EQ(problems_of("landlock: {scope: []}\n"),
            "1:19: error: 'scope' is an empty list; expected at least one word\n");
  EXPECT_EQ(problems_of("landlock: {files: }\n"),
            "1:12: error: 'files' must be a list of rules, found nothing; 'files: []' denies every file\n");
  EXPECT_EQ(problems_of("landlock:\n  tcp:\n    bind:\n"),
            "3:5: error: 'bind' must be a list of ports, found nothing; 'bind: []' denies every port\n");
}

TEST(LandlockReader, ASectionThatRestrictsNothingIsAnError) {
  EXPECT_EQ(problems_of("landlock: {}\n"),
            "1:1: error: the landlock section restricts nothing: it needs 'files', 'tcp', 'udp' or 'scope'\n");
  EXPECT_EQ(problems_of("landlock: {best_effort: true}\n"),
            "1:1: error: the landlock section restricts nothing: it needs 'files', 'tcp', 'udp' or 'scope'\n");
  EXPECT_EQ(problems_of("landlock: {udp: {}}\n"),
            "1:17: error: 'udp' restricts nothing: it needs 'connect' or 'bind', lists of ports\n");
  EXPECT_EQ(problems_of("landlock:\nfiles: []\n"),
            "1:1: error: the landlock section must be a mapping, found nothing; 'files' on line 2 needs indentation\n");
}

TEST(LandlockReader, PathsAreTexts) {
  EXPECT_EQ(problems_of_rule("{access: [read], paths: [~]}"),
            "error: a plain '~' is nothing in YAML; put it in quotes\n");
  EXPECT_EQ(problems_of_rule("{access: [read], paths: ['']}"),
            "error: an entry of 'paths' must be a path, found an empty text\n");
  EXPECT_EQ(problems_of_rule("{access: [read], paths: [[/etc]]}"),
            "error: an entry of 'paths' must be a path, found a list\n");
  EXPECT_EQ(problems_of_rule("{access: [read], paths: [/" + std::string(4094, 'x') + "]}"), "");
  EXPECT_EQ(
      problems_of_rule("{access: [read], paths: [/" + std::string(4095, 'x') + "]}"),
      "error: the path '/" + std::string(39, 'x') + "...' has more than 4095 bytes, the most that a path may have\n");
}

TEST(LandlockReader, SlipsOfKeysAreUnderstood) {
  EXPECT_EQ(problems_of_rule("{acess: [read], path: [/etc]}"),
            "error: unknown key 'acess' in a rule of 'files'; did you mean 'access'?\n"
            "1:36: error: unknown key 'path' in a rule of 'files'; did you mean 'paths'?\n");
  EXPECT_EQ(problems_of("landlock: {access: [read], paths: [/etc]}\n"),
            "1:12: error: key 'access' belongs in a rule of 'files', found in the landlock section; is its indentation "
            "wrong?\n"
            "1:28: error: key 'paths' belongs in a rule of 'files', found in the landlock section; is its indentation "
            "wrong?\n");
  EXPECT_EQ(problems_of("landlok: {files: []}\n"), "1:1: error: unknown key 'landlok'; did you mean 'landlock'?\n");
  EXPECT_EQ(problems_of("landlock: {tcp: {bind: []}}\nfiles: []\n"),
            "2:1: error: key 'files' stands outside the 'landlock' section; is its indentation wrong?\n");
  EXPECT_EQ(problems_of("landlock: {tcp: [443]}\n"),
            "1:17: error: 'tcp' must be a mapping, found a list; write 'tcp: {connect: [...], bind: [...]}'\n");
  EXPECT_EQ(problems_of("landlock: {tcp: {listen: [80]}}\n"),
            "1:18: error: unknown key 'listen' in 'tcp'; did you mean 'bind'?\n");
  EXPECT_EQ(problems_of_rule("{paths: [/etc]}"),
            "error: 'access' is missing in a rule of 'files': what may be done below its paths\n");
  EXPECT_EQ(problems_of_rule("{access: [read]}"),
            "error: 'paths' is missing in a rule of 'files': what its access is for\n");
  EXPECT_EQ(problems_of("landlock: {files: [], files: []}\n"),
            "1:23: error: key 'files' is given twice in the landlock section; first on line 1\n");
}

TEST(LandlockReader, WhatIsWrittenElsewhereIsNotTaken) {
  EXPECT_EQ(problems_of("x: &a [read]\nlandlock: {files: [{access: *a, paths: [/etc]}]}\n"),
            "2:29: error: an alias cannot be used for 'access'; write the value out\n");
  EXPECT_EQ(problems_of("x: &a {files: []}\nlandlock:\n  <<: *a\n"),
            "3:3: error: merge keys ('<<') are not taken in the landlock section; write the keys out\n");
}

TEST(LandlockReader, PortsHaveARange) {
  EXPECT_EQ(problems_of_port("65535"), "");
  EXPECT_EQ(problems_of_port("0", "bind"), "");
  EXPECT_EQ(problems_of_port("0"),
            "error: an entry of 'connect' must be a port from 1 to 65535, found '0'; nothing can be sent to port 0\n");
  EXPECT_EQ(problems_of_port("65536", "bind"),
            "error: an entry of 'bind' must be a port from 0 to 65535, found '65536'\n");
  EXPECT_EQ(problems_of_port("-1"), "error: an entry of 'connect' must be a port from 1 to 65535, found '-1'\n");
  EXPECT_EQ(problems_of_port("0443"), "error: an entry of 'connect' must be a port from 1 to 65535, found '0443'\n");
  EXPECT_EQ(problems_of_port("https"),
            "error: an entry of 'connect' must be a port from 1 to 65535, found 'https'; did you mean 443?\n");
  EXPECT_EQ(problems_of_port("8000-8010", "bind"),
            "error: an entry of 'bind' must be a port from 0 to 65535, found '8000-8010'; there are no ranges here: "
            "list the ports\n");
  EXPECT_EQ(problems_of_port("any"),
            "error: an entry of 'connect' must be a port from 1 to 65535, found 'any'; without 'connect' every port is "
            "allowed\n");
}

TEST(LandlockReader, ScopesHaveTwoWords) {
  EXPECT_EQ(problems_of("landlock: {scope: [signal, LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, files]}\n"),
            "1:20: error: unknown scope 'signal'; did you mean 'signals'?\n"
            "1:28: error: unknown scope 'LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET'; did you mean 'abstract_unix_sockets'?\n"
            "1:65: error: unknown scope 'files'; expected abstract_unix_sockets or signals\n");
}

TEST(LandlockReader, WhatIsListedTwiceIsAWarning) {
  EXPECT_EQ(problems_of("landlock: {files: [{access: [read, read], paths: [/a, /a]}], tcp: {bind: [1, 1]}, scope: "
                        "[signals, signals]}\n"),
            "1:36: warning: access 'read' is listed twice\n"
            "1:55: warning: path '/a' is listed twice\n"
            "1:78: warning: port 1 is listed twice\n"
            "1:100: warning: scope 'signals' is listed twice\n");
}

TEST(LandlockReader, ContainerProfilesAndUnitsHaveNoSection) {
  constexpr const char* kAdvice =
      " has no landlock section; write it into a policy file, and give that with another --policy\n";
  EXPECT_EQ(problems_of(R"({"defaultAction": "SCMP_ACT_ALLOW", "landlock": {"files": []}})"),
            std::string("1:37: error: a container profile") + kAdvice);
  EXPECT_EQ(problems_of("apiVersion: v1\nkind: SeccompProfile\nlandlock: {files: []}\nspec: {}\n"),
            std::string("3:1: error: a container profile") + kAdvice);
  EXPECT_EQ(problems_of("[Service]\nSystemCallFilter=read\n[Landlock]\nfiles=\n"),
            std::string("3:1: error: a systemd unit") + kAdvice);
}

TEST(LandlockReader, HasALimitOfPaths) {
  std::string text = "landlock:\n  files:\n  - access: [read]\n    paths:\n";
  for (size_t i = 0; i < kMaxLandlockPaths; ++i) text += "    - /p" + std::to_string(i) + "\n";
  EXPECT_EQ(problems_of(text), "");
  text += "    - /one\n    - /two\n";
  EXPECT_EQ(problems_of(text),
            "4101:7: error: with this path the landlock section has more than 4096 paths, the most that it may have; "
            "give folders in place of their files\n");
}

}  // namespace
}  // namespace sandbox::policy
