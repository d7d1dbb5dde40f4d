#include "command_line/help_text.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace sandbox::command_line {
namespace {

TEST(HelpText, WrapsAtTheWidth) {
  EXPECT_EQ(wrapped("one two three four", 9), "one two\nthree\nfour\n");
  EXPECT_EQ(wrapped("one two", 7), "one two\n");
  EXPECT_EQ(wrapped("one two", 6), "one\ntwo\n");
  EXPECT_EQ(wrapped("", 10), "\n");
}

TEST(HelpText, LineBreaksAreSpaces) {
  EXPECT_EQ(wrapped("one\ntwo\n  three\n", 20), "one two three\n");
}

TEST(HelpText, BreaksNoWord) {
  EXPECT_EQ(wrapped("a longer-than-that b", 6, 2), "a\n  longer-than-that\n  b\n");
}

TEST(HelpText, RowsHaveTheirDescriptionsBelowOneAnother) {
  EXPECT_EQ(help_row("  --one", "what it does for you", 12, 24), "  --one     what it does\n            for you\n");
  EXPECT_EQ(help_row("  --longer-one N", "what it does", 12, 24), "  --longer-one N  what\n            it does\n");
}

/// In a pipe or a file, where no one sees how wide the terminal is.
TEST(HelpText, EightyColumnsWithoutATerminal) {
  if (isatty(STDOUT_FILENO) != 0) GTEST_SKIP() << "there is a terminal";
  EXPECT_EQ(terminal_width(), 80U);
}

}  // namespace
}  // namespace sandbox::command_line
