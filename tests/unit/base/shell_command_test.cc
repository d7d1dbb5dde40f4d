// Words as a shell reads them, by a shell.
#include "base/shell_command.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>

namespace sandbox {
namespace {

TEST(ShellCommand, PlainWordsStandAsTheyAre) {
  EXPECT_EQ(shell_command({"ls", "-l", "/tmp/a_b.c", "--colour=auto", "x@y:1,2%+"}),
            "ls -l /tmp/a_b.c --colour=auto x@y:1,2%+");
  EXPECT_EQ(shell_command({}), "");
}

TEST(ShellCommand, WhatAShellWouldChangeIsQuoted) {
  EXPECT_EQ(shell_command({"sh", "-c", "echo $HOME; ls *"}), "sh -c 'echo $HOME; ls *'");
  EXPECT_EQ(shell_command({"printf", ""}), "printf ''");
  EXPECT_EQ(shell_command({"echo", "it's", "{a,b}", "[a]"}), R"(echo 'it'\''s' '{a,b}' '[a]')");
}

// "A=b" in front of a command is an assignment, behind it a word.
TEST(ShellCommand, TheFirstWordIsNoAssignment) {
  EXPECT_EQ(shell_command({"A=b", "A=b"}), "'A=b' A=b");
}

TEST(ShellCommand, AShellReadsTheWordsBack) {
  const std::string every = [] {
    std::string text;
    for (char c = 1; c > 0; ++c) {
      text += c;
      if (c == 127) break;
    }
    return text;
  }();
  const std::string command = shell_command({"printf", "%s|", every, "'", "", "a b", "$(exit 3)", "`x`", "~", "#"});
  FILE* pipe = popen(command.c_str(), "re");
  ASSERT_NE(pipe, nullptr);
  std::array<char, 512> bytes = {};
  const size_t size = fread(bytes.data(), 1, bytes.size(), pipe);
  EXPECT_EQ(pclose(pipe), 0);
  EXPECT_EQ(std::string(bytes.data(), size), every + "|'||a b|$(exit 3)|`x`|~|#|");
}

}  // namespace
}  // namespace sandbox
