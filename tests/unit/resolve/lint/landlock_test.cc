#include "resolve/lint/landlock.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/policy_text.h"

namespace sandbox::resolve {
namespace {

/// A section for the user "u", and what is known of the files of its rules.
class Linted {
 public:
  explicit Linted(const std::string& section) : text_("landlock:\n" + section) {
    const auto policy = text_.read();
    if (policy) ruleset_ = resolve_landlock(*policy, environment_, text_.diagnostics());
    if (!ruleset_) return;
    for (size_t i = 0; i < ruleset_->paths.size(); ++i) {
      facts_.push_back({i, ruleset_->paths[i].path, true, true, {}, std::nullopt});
    }
  }

  PathFacts& fact(size_t index) { return facts_.at(index); }

  std::string warnings(const std::string& policy_path = "") {
    lint_landlock({*ruleset_, environment_, facts_, policy_path}, text_.diagnostics());
    text_.diagnostics().sort();
    std::string all;
    for (const Diagnostic& one : text_.diagnostics().all()) {
      all += std::to_string(text_.source().locate(one.range->offset).line) + ": " + one.message + " [" +
             std::string(one.id) + "]\n";
    }
    return all;
  }

 private:
  testing::PolicyText text_;
  PathEnvironment environment_ = {"/etc/app", "/srv/work", "/home/u"};
  std::optional<Ruleset> ruleset_;
  std::vector<PathFacts> facts_;
};

std::string rule(const std::string& access, const std::string& paths) {
  return "  - {access: [" + access + "], paths: [" + paths + "]}\n";
}

std::string warnings_of(const std::string& rules) {
  return Linted("  files:\n" + rules).warnings();
}

TEST(LandlockLint, AGoodSectionHasNoWarning) {
  EXPECT_EQ(warnings_of(rule("read, execute", "'@system'") + rule("read, write", "/var/lib/app, '@devices', ~/work") +
                        rule("read", "/etc/app.conf")),
            "");
}

TEST(LandlockLint, WhatCanBeWrittenAndExecuted) {
  EXPECT_EQ(warnings_of(rule("read, write", "/srv") + rule("execute", "/srv/app/bin")),
            "4: '/srv/app/bin' can be written and executed: the program can make a program of its own and execute it "
            "[landlock-write-execute]\n");
  EXPECT_EQ(warnings_of(rule("read, write", "/srv/data") + rule("execute", "/srv/data2")), "");
}

TEST(LandlockLint, APlainFileIsReplaced) {
  Linted linted("  files:\n" + rule("write", "/var/lib/app/state") + rule("read", "/var/lib/app/other"));
  linted.fact(0).directory = false;
  linted.fact(1).directory = false;
  EXPECT_EQ(linted.warnings(),
            "3: '/var/lib/app/state' is a file: programs that replace it, as editors and 'sed -i' do, fail; give its "
            "directory [landlock-write-file]\n");
}

TEST(LandlockLint, WholeTrees) {
  EXPECT_EQ(warnings_of(rule("read", "/")),
            "3: '/' is every file of the machine: list the directories that the program needs [landlock-whole]\n");
  EXPECT_EQ(warnings_of(rule("read", "'~'")),
            "3: '~' is the home directory, with keys, start-up files and other work: list the directories that the "
            "program needs [landlock-whole]\n");
  EXPECT_EQ(warnings_of(rule("read", "/home")),
            "3: '/home' holds the home directory, with keys, start-up files and other work: list the directories that "
            "the program needs [landlock-whole]\n");
}

TEST(LandlockLint, FilesThatOtherProgramsTakeCommandsFrom) {
  EXPECT_EQ(warnings_of(rule("write", "~/.config/fish")),
            "3: in '~/.config/fish' the program can change '~/.config/fish/config.fish', from which programs outside "
            "of the sandbox take commands [landlock-commands-writable]\n");
  EXPECT_EQ(warnings_of(rule("write_file", "~/.bashrc")),
            "3: in '~/.bashrc' the program can change '~/.bashrc', from which programs outside of the sandbox take "
            "commands [landlock-commands-writable]\n");
  EXPECT_EQ(warnings_of(rule("read", "~/.config")), "");
  Linted linted("  files:\n" + rule("write", "/srv/project"));
  linted.fact(0).commands = {".git/hooks", ".git/config"};
  EXPECT_EQ(linted.warnings(),
            "3: in '/srv/project' the program can change '.git/hooks' and '.git/config', from which programs outside "
            "of the sandbox take commands [landlock-commands-writable]\n");
}

TEST(LandlockLint, ThePolicyItself) {
  Linted linted("  files:\n" + rule("read, write", "/srv/app"));
  EXPECT_EQ(linted.warnings("/srv/app/app.yml"),
            "3: in '/srv/app' the program can change this policy, for the next time that it is used "
            "[landlock-policy-writable]\n");
  EXPECT_EQ(Linted("  files:\n" + rule("read, write", "/srv/app")).warnings("/etc/app/app.yml"), "");
  EXPECT_EQ(Linted("  files:\n" + rule("make_reg", "/srv/app") + rule("write_file", "/srv/app/x"))
                .warnings("/srv/app/app.yml"),
            "3: make_reg without write_file: in '/srv/app' a file is made, and then cannot be opened to be written "
            "[landlock-make-unwritten]\n"
            "3: in '/srv/app' the program can change this policy, for the next time that it is used "
            "[landlock-policy-writable]\n");
}

TEST(LandlockLint, PathsThatOthersReplace) {
  Linted linted("  files:\n" + rule("read", "/srv/x"));
  linted.fact(0).distrust = "'/srv' may be written by its group (chmod go-w '/srv')";
  EXPECT_EQ(linted.warnings(),
            "3: other users can replace '/srv/x', or what is in it: '/srv' may be written by its group (chmod go-w "
            "'/srv') [landlock-others-replace]\n");
}

TEST(LandlockLint, SocketsOfServices) {
  EXPECT_EQ(warnings_of(rule("read, write", "/run/docker.sock")),
            "3: '/run/docker.sock' has sockets of services that act for the program, with rights of their own: Docker "
            "[landlock-services]\n");
  EXPECT_EQ(warnings_of(rule("connect", "/run/user/1000/bus")),
            "3: '/run/user/1000/bus' has sockets of services that act for the program, with rights of their own: the "
            "user's D-Bus, systemd and agents [landlock-services]\n");
  EXPECT_EQ(warnings_of(rule("read", "/run")), "");
}

TEST(LandlockLint, SetsThatOpenMoreThanOneThinks) {
  EXPECT_EQ(warnings_of(rule("read, write", "'@pty'")),
            "3: '@pty': the terminals of the user's other processes are below /dev/pts, too [landlock-set-opens]\n");
}

TEST(LandlockLint, SendingByUdpNeedsAFreePort) {
  EXPECT_EQ(Linted("  udp: {connect: [53], bind: [5353]}\n").warnings(),
            "2: a program that sends by UDP without bind(2) gets a free port, which needs 'bind: [0]' where 'bind' is "
            "given [landlock-udp-bind]\n");
  EXPECT_EQ(Linted("  udp: {connect: [53], bind: [0]}\n").warnings(), "");
  EXPECT_EQ(Linted("  udp: {connect: [53]}\n").warnings(), "");
  EXPECT_EQ(Linted("  udp: {connect: [], bind: []}\n").warnings(), "");
}

}  // namespace
}  // namespace sandbox::resolve
