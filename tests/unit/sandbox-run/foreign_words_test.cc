#include "sandbox-run/foreign_words.h"

#include <gtest/gtest.h>

namespace sandbox::launcher {
namespace {

std::string option(std::string_view name, std::string_view value = "") {
  return foreign_option(name, value).value_or("unknown");
}

TEST(ForeignWords, OptionsOfOthers) {
  const std::string no_network = "; type: sandbox-run --no-network -- PROGRAM";
  EXPECT_EQ(option("--net", "none"), " (firejail's)" + no_network);
  EXPECT_EQ(option("--unshare-net"), " (bubblewrap's)" + no_network);
  EXPECT_EQ(option("--network", "none"), " (docker's)" + no_network);
  EXPECT_EQ(option("--seccomp", "10"), " (bubblewrap's); type: sandbox-run --bpf /dev/fd/10 -- PROGRAM");
  EXPECT_EQ(
      option("--seccomp", "mount,clone"),
      " (firejail's); a filter is installed without an option; to deny more, type: sandbox-run --deny NAME,... -- "
      "PROGRAM");
  EXPECT_EQ(option("--seccomp.drop", "mount,clone"), " (firejail's); type: sandbox-run --deny mount,clone -- PROGRAM");
  EXPECT_EQ(option("--security-opt", "seccomp=d.json"), " (docker's); type: sandbox-run --policy d.json -- PROGRAM");
  EXPECT_EQ(option("--security-opt", "seccomp=unconfined"),
            " (docker's); without a filter, PROGRAM is run by itself: PROGRAM");
  EXPECT_EQ(option("--ro-bind", "/srv"), " (bubblewrap's); type: sandbox-run --rox /srv -- PROGRAM");
  EXPECT_EQ(option("--ro", "/srv"), "unknown");
  EXPECT_EQ(option("--chdir", "a\nb"), " (bubblewrap's); type: env -C a\\nb sandbox-run -- PROGRAM");
  EXPECT_EQ(option("-e"), " (a Beat's); options of a Beat stand behind it: sandbox-run -p beat.yml -- ./packetbeat -e");
  EXPECT_EQ(option("--frobnicate"), "unknown");
  EXPECT_EQ(option("--ne", "none"), "unknown");
}

TEST(ForeignWords, SettingsOfUnits) {
  const auto policy = [](std::string_view value) { return foreign_policy(value).value_or("a file"); };
  EXPECT_EQ(policy("SystemCallFilter=~@mount  ptrace"),
            "a setting of systemd's; type: sandbox-run --deny @mount,ptrace -- PROGRAM");
  EXPECT_EQ(policy("SystemCallFilter=@system-service"),
            "a setting of systemd's; an allow list is a policy; to make one, type: sandbox-policy record -o my.yml -- "
            "PROGRAM");
  EXPECT_EQ(policy("PrivateNetwork=yes"), "a setting of systemd's; type: sandbox-run --no-network -- PROGRAM");
  EXPECT_EQ(policy("MemoryMax=1G"), "a setting of systemd's; type: systemd-run OPTIONS sandbox-run -- PROGRAM");
  for (const char* file : {"beat.yml", "a=b.yml", "/x/A=b", "A.yml", "=", "", "Policies/x=y"}) {
    EXPECT_EQ(policy(file), "a file") << file;
  }
}

TEST(ForeignWords, WordsInThePlaceOfAProgram) {
  const auto program = [](std::string_view name, bool report = false) {
    return foreign_program(name, report).value_or("nothing");
  };
  EXPECT_EQ(program("ls -l"), "it is one word; did you mean: sandbox-run -- ls -l");
  EXPECT_EQ(program("cd"), "it is a word of the shell's: sandbox-run -- sh -c 'cd ...'");
  EXPECT_EQ(program("source"), "it is a word of the shell's: sandbox-run -- sh -c 'source ...'");
  EXPECT_EQ(program("FOO=2"), "for a variable, sandbox-run -- env FOO=2 PROGRAM");
  EXPECT_EQ(program("FOO=a b"), "for a variable, sandbox-run -- env FOO=a b PROGRAM");
  EXPECT_EQ(program("2=x"), "nothing");
  EXPECT_EQ(program("beat.yml"), "for a policy, --policy beat.yml");
  EXPECT_EQ(program("help", false), "sandbox-run --help lists the options");
  EXPECT_EQ(program("json", true), "a report is JSON in a file: --report=FILE");
  EXPECT_EQ(program("a.json", true), "the file of a report stands behind '=': --report=a.json");
  EXPECT_EQ(program("json"), "nothing");
  EXPECT_EQ(program("lss"), "nothing");
}

}  // namespace
}  // namespace sandbox::launcher
