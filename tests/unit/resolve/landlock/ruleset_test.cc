#include "resolve/landlock/ruleset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "resolve/landlock/path_sets.h"
#include "support/policy_text.h"

namespace sandbox::resolve {
namespace {

using namespace arch::file_right;

constexpr arch::FileRights kRead = kReadFile | kReadDir;

PathEnvironment environment_in(std::string directory, std::string home = "/home/u") {
  return {"/etc/policies", std::move(directory), std::move(home)};
}

struct Resolved {
  std::optional<Ruleset> ruleset;
  std::string problems;
};

Resolved resolve(std::string yaml, const PathEnvironment& environment = environment_in("/srv/work")) {
  testing::PolicyText text(std::move(yaml));
  const auto policy = text.read();
  Resolved resolved;
  if (policy) resolved.ruleset = resolve_landlock(*policy, environment, text.diagnostics());
  resolved.problems = text.problems();
  return resolved;
}

/// Of a section whose only rule reads this path.
Resolved resolve_path(const std::string& path, const PathEnvironment& environment = environment_in("/srv/work")) {
  return resolve("landlock: {files: [{access: [read], paths: [" + path + "]}]}\n", environment);
}

std::string path_of(const std::string& path, const PathEnvironment& environment = environment_in("/srv/work")) {
  const Resolved resolved = resolve_path(path, environment);
  if (!resolved.problems.empty()) return resolved.problems;
  return resolved.ruleset->paths.size() == 1 ? resolved.ruleset->paths[0].path : "not one path";
}

const PathRule* rule_for(const Ruleset& ruleset, std::string_view path) {
  const auto found = std::ranges::find(ruleset.paths, path, &PathRule::path);
  return found == ruleset.paths.end() ? nullptr : &*found;
}

TEST(Ruleset, APolicyWithoutASectionHasNone) {
  const Resolved resolved = resolve("seccomp: {default_action: allow, syscalls: [{action: errno, names: [mount]}]}\n");
  EXPECT_FALSE(resolved.ruleset);
  EXPECT_EQ(resolved.problems, "");
}

TEST(Ruleset, WhatIsMentionedIsHandled) {
  const Ruleset files = *resolve("landlock: {files: []}\n").ruleset;
  EXPECT_EQ(files.handled_files, kAll);
  EXPECT_EQ(files.handled_ports, 0U);
  EXPECT_EQ(files.scopes, 0U);
  EXPECT_EQ(files.named_files, 0U);
  EXPECT_TRUE(files.paths.empty());
  const Ruleset ports = *resolve("landlock: {tcp: {bind: []}, udp: {connect: [53]}, scope: [signals]}\n").ruleset;
  EXPECT_EQ(ports.handled_files, 0U);
  EXPECT_EQ(ports.handled_ports, arch::port_right::kBindTcp | arch::port_right::kConnectSendUdp);
  EXPECT_EQ(ports.scopes, arch::scope::kSignals);
}

TEST(Ruleset, APortHasAllOfItsRightsOnce) {
  const Ruleset ruleset = *resolve("landlock: {tcp: {connect: [443, 80], bind: [80]}, udp: {bind: [80, 0]}}\n").ruleset;
  ASSERT_EQ(ruleset.ports.size(), 3U);
  EXPECT_EQ(ruleset.ports[0].port, 0);
  EXPECT_EQ(ruleset.ports[0].rights, arch::port_right::kBindUdp);
  EXPECT_EQ(ruleset.ports[1].port, 80);
  EXPECT_EQ(ruleset.ports[1].rights,
            arch::port_right::kConnectTcp | arch::port_right::kBindTcp | arch::port_right::kBindUdp);
  EXPECT_EQ(ruleset.ports[2].rights, arch::port_right::kConnectTcp);
}

TEST(Ruleset, PathsAreMadeAbsolute) {
  EXPECT_EQ(path_of("/etc/app.conf"), "/etc/app.conf");
  EXPECT_EQ(path_of("data/in"), "/etc/policies/data/in");
  EXPECT_EQ(path_of("../x"), "/etc/policies/../x");
  EXPECT_EQ(path_of("./x"), "/etc/policies/./x");
  EXPECT_EQ(path_of("."), "/srv/work");
  EXPECT_EQ(path_of("./"), "/srv/work");
  EXPECT_EQ(path_of("'@cwd'"), "/srv/work");
  EXPECT_EQ(path_of("'~'"), "/home/u");
  EXPECT_EQ(path_of("~/work"), "/home/u/work");
  EXPECT_EQ(path_of("x", {"/", "/", "/root"}), "/x");
}

TEST(Ruleset, PathsThatCannotBeMeantAreErrors) {
  const auto problem = [](const std::string& path) { return resolve_path(path).problems.substr(6); };
  EXPECT_EQ(problem("/etc/*.conf"),
            "error: no globs here: '/etc/*.conf' has '*'; give the folder, or list its files\n");
  EXPECT_EQ(problem("~alice/x"),
            "error: no homes of other users here: '~alice/x'; '~' alone stands for HOME, write out others\n");
  EXPECT_EQ(problem("$HOME/x"),
            "error: no variables here: '$HOME/x'; '~' stands for HOME, '@cwd' for the working directory\n");
  EXPECT_EQ(problem("'!/etc/shadow'"),
            "error: nothing can be taken from what other rules allow, as '!/etc/shadow' would: list what is allowed, "
            "in place of a folder above it\n");
  EXPECT_EQ(problem("\"/a\\0b\""), "error: the path '/a\\x00b' has a NUL in it\n");
  EXPECT_EQ(problem("'@sytem'"), "error: unknown set of paths '@sytem'; did you mean '@system'?\n");
  EXPECT_EQ(problem("'@everything'"),
            "error: unknown set of paths '@everything'; expected @cwd, @devices, @etc, @proc, @pty, @shm, @system, "
            "@tmp; a file of this name is './@everything'\n");
  EXPECT_EQ(resolve_path("~/x", environment_in("/srv", "")).problems,
            "1:45: error: '~' stands for HOME, which is not set; write out the path\n");
  EXPECT_EQ(resolve_path("x", {"", "", "/root"}).problems,
            "1:45: error: 'x' is relative to the working directory, which cannot be known\n");
}

TEST(Ruleset, TheWorkingDirectoryMustNotGiveAwayAHome) {
  const auto problem = [](const std::string& directory, const std::string& home) {
    return resolve_path("'@cwd'", environment_in(directory, home)).problems;
  };
  constexpr const char* kAdvice = "; change to another directory, or write out the paths that the program needs\n";
  EXPECT_EQ(problem("/home/u/work", "/home/u"), "");
  EXPECT_EQ(problem("/home/u2", "/home/u"), "");
  EXPECT_EQ(problem("/home/u", "/home/u2"), "");
  EXPECT_EQ(problem("/", ""), std::string("1:45: error: '@cwd' is the working directory, and that is /") + kAdvice);
  EXPECT_EQ(
      problem("/home/u", "/home/u/"),
      std::string("1:45: error: '@cwd' is the working directory, '/home/u', which is the home directory") + kAdvice);
  EXPECT_EQ(problem("/home", "/home/u"),
            std::string("1:45: error: '@cwd' is the working directory, '/home', which holds the home directory "
                        "'/home/u'") +
                kAdvice);
  EXPECT_EQ(problem("/home/u", ""),
            std::string("1:45: error: '@cwd' is the working directory, '/home/u', which may be a home directory, and "
                        "HOME is not set") +
                kAdvice);
  EXPECT_EQ(problem("/home/u/x", ""), "");
  EXPECT_EQ(problem("", "/home/u"), "1:45: error: '@cwd' is the working directory, which cannot be known\n");
  EXPECT_EQ(resolve_path(".", environment_in("/root", "/root")).problems,
            std::string("1:45: error: '.' is the working directory, '/root', which is the home directory") + kAdvice);
}

TEST(Ruleset, WordsBecomeRights) {
  const Resolved resolved = resolve(
      "landlock: {files: [{access: [read], paths: [/a]}, {access: [write, make_char], paths: [/b], optional: "
      "true}]}\n");
  EXPECT_EQ(resolved.problems, "");
  const Ruleset& ruleset = *resolved.ruleset;
  ASSERT_EQ(ruleset.paths.size(), 2U);
  EXPECT_EQ(ruleset.paths[0].rights, kRead);
  EXPECT_FALSE(ruleset.paths[0].optional);
  EXPECT_EQ(ruleset.paths[1].rights & (kWriteFile | kTruncate | kMakeReg | kRefer | kMakeChar | kReadFile | kIoctlDev),
            kWriteFile | kTruncate | kMakeReg | kRefer | kMakeChar);
  EXPECT_EQ(ruleset.paths[1].on_devices, kIoctlDev);
  EXPECT_TRUE(ruleset.paths[1].optional);
  EXPECT_EQ(ruleset.named_files & (kRead | kMakeChar | kMakeBlock | kIoctlDev), kRead | kMakeChar);
}

TEST(Ruleset, MembersOfASetHaveWhatTheRuleAsksFor) {
  const Ruleset all = *resolve("landlock: {files: [{access: [read, execute], paths: ['@system']}]}\n").ruleset;
  ASSERT_NE(rule_for(all, "/usr"), nullptr);
  EXPECT_EQ(rule_for(all, "/usr")->rights, kRead | kExecute);
  EXPECT_EQ(rule_for(all, "/usr")->written, "@system");
  EXPECT_TRUE(rule_for(all, "/usr")->optional);
  EXPECT_FALSE(rule_for(all, "/usr")->pattern);
  EXPECT_EQ(rule_for(all, "/etc/hosts")->rights, kRead);
  EXPECT_TRUE(rule_for(all, "/lib*")->pattern);
  EXPECT_EQ(rule_for(all, "/etc"), nullptr);

  const Ruleset read = *resolve("landlock: {files: [{access: [read], paths: ['@system']}]}\n").ruleset;
  EXPECT_EQ(rule_for(read, "/usr")->rights, kRead);
  const Ruleset run = *resolve("landlock: {files: [{access: [execute], paths: ['@system']}]}\n").ruleset;
  EXPECT_EQ(rule_for(run, "/usr")->rights, kExecute);
  EXPECT_EQ(rule_for(run, "/etc/hosts"), nullptr);
  const Ruleset twice =
      *resolve("landlock: {files: [{access: [execute], paths: ['@system']}, {access: [read], paths: ['@system']}]}\n")
           .ruleset;
  EXPECT_EQ(rule_for(twice, "/usr")->rights, kRead | kExecute);
  EXPECT_EQ(twice.paths.size(), all.paths.size());

  const Ruleset devices = *resolve("landlock: {files: [{access: [read, write], paths: ['@devices']}]}\n").ruleset;
  EXPECT_EQ(rule_for(devices, "/dev/tty")->rights, kReadFile | kWriteFile | kTruncate | kIoctlDev);
  EXPECT_EQ(rule_for(devices, "/dev/urandom")->rights, kReadFile);
}

TEST(Ruleset, AWordThatASetNeverGivesIsAWarning) {
  EXPECT_EQ(resolve("landlock: {files: [{access: [read, write], paths: ['@system']}]}\n").problems,
            "1:52: warning: '@system' never gives 'write', which is in 'access'; list the paths that need it\n");
}

TEST(Ruleset, SetsHaveAbsolutePathsAndRights) {
  for (const PathSet& set : path_sets()) {
    EXPECT_TRUE(set.name.starts_with('@')) << set.name;
    EXPECT_EQ(set.members.empty(), set.name == "@cwd") << set.name;
    for (const PathSet::Member& member : set.members) {
      EXPECT_TRUE(member.path.starts_with('/')) << member.path;
      EXPECT_EQ(member.path.substr(0, member.path.size() - 1).find_first_of("*?["), std::string_view::npos);
      EXPECT_NE(member.rights, 0U) << member.path;
    }
  }
}

/// What a set for all programs must not open.
TEST(Ruleset, SystemKeepsSecretsClosed) {
  const auto sets = path_sets();
  const PathSet& system = *std::ranges::find(sets, "@system", &PathSet::name);
  for (const std::string_view secret : {"/etc/shadow", "/etc/ssl/private/key", "/etc/ssh/ssh_host_rsa_key",
                                        "/etc/machine-id", "/run/user/1000", "/tmp/x", "/home/u", "/root"}) {
    for (const PathSet::Member& member : system.members) {
      const std::string_view path = member.path.substr(0, member.path.find('*'));
      EXPECT_FALSE(secret.starts_with(path)) << secret << " is below " << member.path;
    }
  }
}

}  // namespace
}  // namespace sandbox::resolve
