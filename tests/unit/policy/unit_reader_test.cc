// Units are read as systemd.exec(5) says.
#include "policy/unit_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "support/policy_text.h"

namespace sandbox::policy {
namespace {

using arch::Abi;

/// What a call gets: "allow", "EPERM", "13", "kill_process".
class Unit {
 public:
  explicit Unit(const std::string& lines, Abi machine = Abi::kX86_64) : text_("[Service]\n" + lines) {
    Environment environment;
    environment.native = machine;
    policy_ = text_.read(environment);
    problems_ = text_.problems();
  }

  [[nodiscard]] const std::string& problems() const { return problems_; }
  [[nodiscard]] const Policy& policy() const { return *policy_; }

  [[nodiscard]] std::string operator[](const std::string& call) const {
    for (const Group& group : policy_->groups) {
      const auto named = [&](const Name& name) { return name.text == call; };
      if (std::ranges::any_of(group.names, named)) return word(group.action, group.error);
    }
    return word(policy_->default_action, policy_->default_error);
  }

  [[nodiscard]] std::vector<Abi> abis() const {
    std::vector<Abi> abis;
    for (const ListedAbi& listed : policy_->architectures) abis.push_back(listed.abi);
    return abis;
  }

  /// The text that the name of a call was taken from.
  [[nodiscard]] std::string written(const std::string& call) const {
    for (const Group& group : policy_->groups) {
      for (const Name& name : group.names) {
        if (name.text == call) return text_.covered(name.range);
      }
    }
    return "";
  }

 private:
  static std::string word(Action action, const ErrnoValue& error) {
    if (action != Action::kErrno) return std::string(name_of(action));
    return error.name.empty() ? std::to_string(error.number) : error.name;
  }

  testing::PolicyText text_;
  std::optional<Policy> policy_;
  std::string problems_;
};

using Abis = std::vector<Abi>;

TEST(UnitReader, AnAllowListKillsWhatItDoesNotList) {
  const Unit unit("SystemCallFilter=mkdir @sync\n");
  EXPECT_EQ(unit.problems(), "");
  EXPECT_EQ(unit.policy().format, Format::kSystemd);
  EXPECT_EQ(unit["mkdir"], "allow");
  EXPECT_EQ(unit["fsync"], "allow") << "a member of @sync";
  EXPECT_EQ(unit["execve"], "allow") << "@default is in every allow list";
  EXPECT_EQ(unit["rmdir"], "kill_process");
  EXPECT_EQ(unit.written("fsync"), "@sync");
  EXPECT_EQ(unit.written("mkdir"), "mkdir");
}

TEST(UnitReader, ADenyListAllowsWhatItDoesNotList) {
  const Unit unit("SystemCallFilter=~mkdir rmdir:EACCES unlink:13 rename:kill\nSystemCallErrorNumber=ENOENT\n");
  EXPECT_EQ(unit.problems(), "");
  EXPECT_EQ(unit["mkdir"], "ENOENT");
  EXPECT_EQ(unit["rmdir"], "EACCES");
  EXPECT_EQ(unit["unlink"], "13");
  EXPECT_EQ(unit["rename"], "kill_process");
  EXPECT_EQ(unit["execve"], "allow");
}

TEST(UnitReader, LinesAreMergedInOrder) {
  const Unit unit(
      "SystemCallFilter=mkdir rmdir unlink rename link\n"
      "SystemCallFilter=~rmdir unlink:EACCES @chown\n"
      "SystemCallFilter=~execve\n"
      "SystemCallFilter=chown link:EPERM\n"
      "SystemCallErrorNumber=EPERM\n");
  EXPECT_EQ(unit["mkdir"], "allow");
  EXPECT_EQ(unit["rmdir"], "EPERM") << "taken out";
  EXPECT_EQ(unit["unlink"], "EACCES") << "taken out, with an errno of its own";
  EXPECT_EQ(unit["execve"], "EPERM");
  EXPECT_EQ(unit["chown"], "allow");
  EXPECT_EQ(unit["link"], "allow");
  EXPECT_EQ(unit["fchown"], "EPERM");
  EXPECT_EQ(unit.problems(),
            "5:24: warning: systemd ignores 'link:EPERM': only what a list with '~' denies can have an errno\n");

  const Unit deny("SystemCallFilter=~@chown\nSystemCallFilter=chown\nSystemCallFilter=~ mkdir\n");
  EXPECT_EQ(deny.problems(), "");
  EXPECT_EQ(deny["chown"], "allow");
  EXPECT_EQ(deny["fchown"], "kill_process");
  EXPECT_EQ(deny["mkdir"], "kill_process");
  EXPECT_EQ(deny["rmdir"], "allow");
}

TEST(UnitReader, AnEmptyAssignmentResets) {
  const Unit unit(
      "SystemCallFilter=~mkdir\nSystemCallErrorNumber=EPERM\nSystemCallArchitectures=x86\nSystemCallLog=read\n"
      "SystemCallFilter=\nSystemCallErrorNumber=\nSystemCallArchitectures=\nSystemCallLog=\n"
      "SystemCallFilter=rmdir\nSystemCallArchitectures=native\n");
  EXPECT_EQ(unit["mkdir"], "kill_process");
  EXPECT_EQ(unit["rmdir"], "allow");
  EXPECT_EQ(unit["read"], "kill_process");
  EXPECT_EQ(unit.abis(), Abis{Abi::kX86_64});
  EXPECT_EQ(Unit("SystemCallFilter=mkdir\nSystemCallFilter=\n")["rmdir"], "allow") << "no filter at all";
}

TEST(UnitReader, LogsWhatIsAllowed) {
  const Unit unit("SystemCallFilter=~mkdir\nSystemCallLog=mkdir rmdir @sync\nSystemCallLog=~fsync\n");
  EXPECT_EQ(unit["mkdir"], "kill_process");
  EXPECT_EQ(unit["rmdir"], "log");
  EXPECT_EQ(unit["sync"], "log");
  EXPECT_EQ(unit["fsync"], "allow");
  EXPECT_EQ(unit["read"], "allow");

  const Unit all("SystemCallFilter=mkdir read\nSystemCallLog=~read\n");
  EXPECT_EQ(all["mkdir"], "log");
  EXPECT_EQ(all["read"], "allow");
  EXPECT_EQ(all["rmdir"], "kill_process");
  EXPECT_EQ(Unit("SystemCallLog=~read\n")["rmdir"], "log");
}

TEST(UnitReader, AnEmptyListOfWhatIsNotLoggedLogsNothing) {  // As systemd 252 was seen to do.
  EXPECT_EQ(Unit("SystemCallLog=~\n")["read"], "allow");
  EXPECT_EQ(Unit("SystemCallLog=~nosuchcall\n")["read"], "allow");
  const Unit emptied("SystemCallLog=~read\nSystemCallLog=read\n");
  EXPECT_EQ(emptied["read"], "allow");
  EXPECT_EQ(emptied["rmdir"], "allow");
  EXPECT_EQ(Unit("SystemCallLog=~read\nSystemCallLog=read\nSystemCallLog=~write\n")["read"], "log");
}

TEST(UnitReader, AUnitHasOneSectionThatExecutes) {
  EXPECT_EQ(Unit("SystemCallFilter=~mount\n[Socket]\nSystemCallFilter=\n").problems(),
            "3:1: error: a unit has [Service] or [Socket]: systemd ignores the one that is not of its type\n");
  EXPECT_EQ(Unit("ExecStart=/bin/true\n[Mount]\nSystemCallFilter=~mount\n[Service]\n").problems(),
            "3:1: error: a unit has [Service] or [Mount]: systemd ignores the one that is not of its type\n");
  EXPECT_EQ(Unit("SystemCallFilter=~mount\n[Install]\nWantedBy=x\n[Service]\nSystemCallLog=read\n").problems(), "");
}

TEST(UnitReader, MachinesAreThoseOfSystemCallArchitectures) {
  for (const std::string name : {"loongarch64", "sparc", "arm-be", "m68k"}) {
    EXPECT_EQ(
        Unit("SystemCallArchitectures=" + name + "\n").problems(),
        "2:25: error: unknown architecture '" + name + "'; expected 'native', or a name such as x86-64 or arm64\n");
  }
}

TEST(UnitReader, ABackslashInANameIsAnError) {
  EXPECT_EQ(Unit("SystemCallFilter=~mo\\unt read\nSystemCallErrorNumber=EP\\ERM\n").problems(),
            "2:18: error: a backslash in '~mo\\unt': systemd takes what is behind it as a character of the name\n"
            "3:23: error: a backslash in 'EP\\ERM': systemd takes what is behind it as a character of the name\n");
}

TEST(UnitReader, CoversWhatTheMachineHas) {
  EXPECT_EQ(Unit("SystemCallFilter=read\n").abis(), (Abis{Abi::kX86_64, Abi::kX86, Abi::kX32}));
  EXPECT_EQ(Unit("SystemCallFilter=read\n", Abi::kAarch64).abis(), (Abis{Abi::kAarch64, Abi::kArm}));
  EXPECT_EQ(Unit("SystemCallFilter=read\n", Abi::kRiscv64).abis(), Abis{Abi::kRiscv64});
  const Unit some("SystemCallArchitectures=x86 parisc\nSystemCallArchitectures=arm64 x86\n");
  EXPECT_EQ(some.problems(), "");
  EXPECT_EQ(some.abis(), (Abis{Abi::kX86_64, Abi::kX86})) << "its own is always there, that of another machine never";
}

TEST(UnitReader, LinesGoOn) {
  testing::PolicyText text(
      "# A comment.\n"
      "[Unit]\n"
      "Description=x \\\n"
      "  SystemCallFilter=not here\n"
      "[Service]\n"
      "ExecStart=/bin/true %i\n"
      "  SystemCallFilter = ~mkdir \\\n"
      "# between two lines of one value\n"
      "  ; and another\n"
      "\trmdir\\\n"
      "  unlink\n"
      "SystemCallErrorNumber=EPERM\\\n"
      "\n"
      "Environment=A=\\\\\n"
      "SystemCallFilter=~rename");
  const auto policy = text.read();
  ASSERT_TRUE(policy);
  EXPECT_EQ(text.problems(), "");
  ASSERT_EQ(policy->groups.size(), 1U);
  std::vector<std::string> names;
  for (const Name& name : policy->groups[0].names) {
    names.push_back(name.text);
    EXPECT_EQ(text.covered(name.range), name.text);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"mkdir", "rmdir", "unlink", "rename"}));
  EXPECT_EQ(text.source().locate(policy->groups[0].names[2].range.offset).line, 11U);
}

TEST(UnitReader, SaysWhatSystemdIgnores) {
  const Unit unit("SystemCallFilter=~mkdri @network @nothing-like-it\nSysCallFilter=read\nSystemCallLog=read:EPERM\n");
  EXPECT_EQ(unit.problems(),
            "2:19: warning: unknown system call 'mkdri', which systemd ignores; did you mean 'mkdir'?\n"
            "2:25: warning: unknown set '@network', which systemd ignores; did you mean '@network-io'?\n"
            "2:34: warning: unknown set '@nothing-like-it', which systemd ignores\n"
            "3:1: warning: systemd ignores the key 'SysCallFilter'; did you mean 'SystemCallFilter'?\n"
            "4:15: warning: systemd ignores 'read:EPERM': what is logged has no errno\n");
}

TEST(UnitReader, WhatLeavesLessDeniedIsAnError) {
  const Unit unit(
      "SystemCallFilter=~mkdir:EPREM rmdir:0 unlink: %i\n"
      "SystemCallFilter=~rmdir:0 unlink:\n"
      "SystemCallErrorNumber=4096\n"
      "SystemCallErrorNumber=EPERM EACCES\n"
      "SystemCallArchitectures=x86_64 x86-46 nonsense\n"
      "just words\n"
      "[Install]\n"
      "SystemCallFilter=read\n"
      "[Broken\n");
  EXPECT_EQ(unit.problems(),
            "2:47: error: a specifier, which systemd does not resolve in SystemCallFilter=: '%i'\n"
            "3:25: error: the errno of 'rmdir' must be a name or a number from 1 to 4095, found '0'; 0 would make a "
            "denied call look done\n"
            "3:33: error: unknown errno ''; expected a name such as EPERM, or a number from 1 to 4095\n"
            "4:23: error: SystemCallErrorNumber= must be a name or a number from 1 to 4095, found '4096'\n"
            "5:29: error: SystemCallErrorNumber= takes one errno, found 'EACCES'\n"
            "6:25: error: unknown architecture 'x86_64'; systemd's name for it is 'x86-64'\n"
            "6:32: error: unknown architecture 'x86-46'; did you mean 'x86-64'?\n"
            "6:39: error: unknown architecture 'nonsense'; expected 'native', or a name such as x86-64 or arm64\n"
            "7:1: error: expected KEY=VALUE, found 'just words'; does the line before it end in '\\'?\n"
            "9:1: error: SystemCallFilter= stands in the section [Install], where systemd ignores it; expected "
            "[Service], [Socket], [Mount] or [Swap]\n"
            "10:1: error: expected a section such as [Service], found '[Broken'\n");
}

TEST(UnitReader, AUnitWithoutAFilterIsAnError) {
  testing::PolicyText text("[Unit]\nDescription=x\n[Service]\nExecStart=/bin/true\nSystemCallErrorNumber=EPERM\n");
  text.read();
  EXPECT_EQ(text.problems(), "") << "one of the keys is there";
  testing::PolicyText none("[Unit]\nDescription=x\n[Service]\nExecStart=/bin/true\n");
  none.read();
  EXPECT_EQ(none.problems(),
            "1:1: error: a systemd unit without SystemCallFilter=, SystemCallArchitectures= and SystemCallLog=: "
            "systemd filters no system calls for it\n");
}

TEST(UnitReader, NamesAreLimited) {
  std::string words;
  while (words.size() < 100'000) words += "@known ";
  const Unit unit("SystemCallFilter=" + words + "\n");
  EXPECT_NE(
      unit.problems().find(": error: with this word the unit names more than 1000000 calls, counted for each time; "
                           "the most that a unit may name\n"),
      std::string::npos);
  EXPECT_EQ(std::ranges::count(unit.problems(), '\n'), 1);
}

}  // namespace
}  // namespace sandbox::policy
