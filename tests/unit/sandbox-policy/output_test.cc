// Text for people: columns, wrapped words, colours.
#include "sandbox-policy/output.h"

#include <gtest/gtest.h>

namespace sandbox::tool {
namespace {

TEST(Output, AlignsColumnsByWhatIsSeen) {
  Output out(false, 80);
  out.table({{"a", "long", "x"}, {"bcd", "", "y"}, {"\xC3\xA9", "s"}});
  EXPECT_EQ(out.text(), "  a    long  x\n  bcd        y\n  \xC3\xA9    s\n");
  Output coloured(true, 80);
  coloured.table({{Cell("a", Colour::kRed), "b"}, {"ccc", "d"}}, 0);
  EXPECT_EQ(coloured.text(), "\x1b[31ma\x1b[0m    b\nccc  d\n");
}

TEST(Output, WrapsWordsAtItsWidth) {
  Output out(false, 20);
  out.words("head", 6, {"one", "two", "three", "four", "a-word-that-is-longer-than-a-line", "x"});
  EXPECT_EQ(out.text(), "head  one two three\n      four\n      a-word-that-is-longer-than-a-line\n      x\n");
}

TEST(Output, WrapsTheWidestColumnOfATable) {
  Output out(false, 50);
  out.wrapped_table({{"clone", "if arg0 has no bit of CLONE_NEWNS|CLONE_NEWUSER", "line 1"}, {"", "otherwise"}});
  EXPECT_EQ(out.text(),
            "  clone  if arg0 has no bit of      line 1\n         CLONE_NEWNS|CLONE_NEWUSER\n         otherwise\n");
  Output narrow(false, 30);
  narrow.wrapped_table({{"CLONE_NEWNS|CLONE_NEWUSER|CLONE_NEWNET", "x"}}, 0);
  EXPECT_EQ(narrow.text(), "CLONE_NEWNS|CLONE_NEWUSER|  x\nCLONE_NEWNET\n") << "no constant is broken";
  Output wide(false, 80);
  wide.wrapped_table({{"a b", "c"}});
  EXPECT_EQ(wide.text(), "  a b  c\n");
}

TEST(Output, AHeadThatIsLongPushesTheWordsOn) {
  Output out(false, 20);
  out.words("a-long-head", 6, {"one", "two", "three"});
  EXPECT_EQ(out.text(), "a-long-head one two\n      three\n");
}

TEST(Output, TheColourOfAVerdictIsWhatItDoes) {
  EXPECT_EQ(colour_of(policy::Action::kAllow), Colour::kGreen);
  EXPECT_EQ(colour_of(policy::Action::kLog), Colour::kCyan);
  EXPECT_EQ(colour_of(policy::Action::kErrno), Colour::kYellow);
  EXPECT_EQ(colour_of(policy::Action::kKillThread), Colour::kRed);
  EXPECT_EQ(Output(false, 80).paint(Colour::kRed, "x"), "x");
}

TEST(Output, PrintsNothingBeforeItsEnd) {
  ::testing::internal::CaptureStdout();
  Output out(false, 80);
  out.line("text");
  std::fflush(stdout);
  const std::string before = ::testing::internal::GetCapturedStdout();
  ::testing::internal::CaptureStdout();
  EXPECT_TRUE(out.finish());
  EXPECT_EQ(before, "");
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "text\n");
  EXPECT_EQ(out.text(), "");
}

}  // namespace
}  // namespace sandbox::tool
