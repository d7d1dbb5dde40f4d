#include "base/diagnostic.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace sandbox {
namespace {

/// The excerpt of a range of a text.
std::string excerpt(std::string text, SourceRange range) {
  return format_excerpt(SourceText("a.yml", std::move(text)), {Severity::kError, range, "message"});
}

TEST(FormatDiagnostic, NamesFileLineAndColumn) {
  const SourceText source("beat.yml", "seccomp:\n  \u00e4: x\n");
  EXPECT_EQ(format_diagnostic(source, {Severity::kError, SourceRange{14, 1}, "unknown key"}),
            "beat.yml:2:5: unknown key");
}

TEST(FormatDiagnostic, NamesTheFileAloneWithoutAPlace) {
  const SourceText source("beat.yml", "");
  EXPECT_EQ(format_diagnostic(source, {Severity::kError, std::nullopt, "is empty"}), "beat.yml: is empty");
}

TEST(FormatDiagnostic, MakesTheFileNamePrintable) {
  const SourceText source("evil\x1B[2J\n.yml", "x");
  EXPECT_EQ(format_diagnostic(source, {Severity::kWarning, SourceRange{0, 1}, "message"}),
            "evil\\x1b[2J\\n.yml:1:1: message");
}

TEST(FormatExcerpt, UnderlinesTheRange) {
  EXPECT_EQ(excerpt("a: 1\n  key: value\nb: 2\n", {12, 5}),
            "  key: value\n"
            "       ^~~~~");
}

TEST(FormatExcerpt, ShowsACaretAloneForOneCharacter) {
  EXPECT_EQ(excerpt("ab", {1, 1}),
            "ab\n"
            " ^");
}

TEST(FormatExcerpt, IsEmptyWithoutAPlace) {
  EXPECT_EQ(format_excerpt(SourceText("a.yml", "ab"), {Severity::kError, std::nullopt, "message"}), "");
}

TEST(FormatExcerpt, EndsTheUnderlineAtTheLinesEnd) {
  EXPECT_EQ(excerpt("  \"abc\r\ndef\"\n", {2, 10}),
            "  \"abc\n"
            "  ^~~~");
}

TEST(FormatExcerpt, PointsBehindTheLastCharacterAtTheEndOfTheText) {
  EXPECT_EQ(excerpt("abc", {3, 1}),
            "abc\n"
            "   ^");
  EXPECT_EQ(excerpt("abc", {400, 1}),
            "abc\n"
            "   ^");
  EXPECT_EQ(excerpt("abc\n", {4, 1}),
            "\n"
            "^");
}

TEST(FormatExcerpt, KeepsTabsAboveAndBelow) {
  EXPECT_EQ(excerpt("\tab\tcd", {4, 2}),
            "\tab\tcd\n"
            "\t  \t^~");
}

TEST(FormatExcerpt, CountsCodePointsNotBytes) {
  EXPECT_EQ(excerpt("\u00e4\u00f6: \u20ac\u20ac!", {6, 6}),
            "\u00e4\u00f6: \u20ac\u20ac!\n"
            "    ^~");
}

TEST(FormatExcerpt, ShowsAQuestionMarkForWhatMayDriveATerminal) {
  EXPECT_EQ(excerpt("a\x1B[2Jb\xC2\x9B\xFFz", {1, 1}),
            "a?[2Jb??z\n"
            " ^");
}

TEST(FormatExcerpt, ShowsLinesOf160CodePointsWhole) {
  const std::string line(160, 'x');
  EXPECT_EQ(excerpt(line, {159, 1}), line + "\n" + std::string(159, ' ') + "^");
}

TEST(FormatExcerpt, CutsLongerLinesAroundTheRange) {
  const std::string text = std::string(300, 'a') + "KEY" + std::string(300, 'b');
  EXPECT_EQ(excerpt(text, {300, 3}),
            std::string(80, 'a') + "KEY" + std::string(77, 'b') + "\n" + std::string(80, ' ') + "^~~");
}

TEST(FormatExcerpt, CutsLongLinesAtTheirStart) {
  const std::string text = "KEY" + std::string(300, 'b');
  EXPECT_EQ(excerpt(text, {0, 3}), "KEY" + std::string(157, 'b') + "\n^~~");
}

TEST(FormatExcerpt, CutsNoCodePointInTwo) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "\u20ac";
  const std::string cut = excerpt(text + "x", {300, 3});
  const std::string line = cut.substr(0, cut.find('\n'));
  EXPECT_EQ(line.find('?'), std::string::npos) << line;
  EXPECT_EQ(line.size() % 3, 0U) << "whole characters of three bytes";
  const std::string marks = cut.substr(cut.find('\n') + 1);
  EXPECT_EQ(marks.find('^'), marks.size() - 1);
}

// Bytes that only continue a code point were taken to have no width: a long line of them was cut to nothing, and
// sandbox-run ended by an exception where it should say what is wrong with the policy.
TEST(FormatExcerpt, CutsALineThatIsNotUtf8) {
  const std::string text = std::string(100, 'a') + std::string(400, '\x88') + "b";
  EXPECT_EQ(excerpt(text, {100, 1}), std::string(80, 'a') + std::string(80, '?') + "\n" + std::string(80, ' ') + "^");
  EXPECT_EQ(excerpt(text, {300, 3}), std::string(160, '?') + "\n" + std::string(80, ' ') + "^~~");
  EXPECT_EQ(excerpt(std::string(400, '\x88'), {10, 1}), std::string(160, '?') + "\n" + std::string(10, ' ') + "^");
  EXPECT_EQ(excerpt("\x88\x88\xe2\x82 x", {5, 1}), "???? x\n     ^");
}

TEST(FormatExcerpt, EndsTheUnderlineWhereALongLineIsCut) {
  const std::string cut = excerpt(std::string(1000, 'a'), {0, 1000});
  EXPECT_EQ(cut, std::string(160, 'a') + "\n^" + std::string(159, '~'));
}

class DiagnosticsTest : public ::testing::Test {
 protected:
  Diagnostics diagnostics_{std::make_shared<const SourceText>("a.yml", "0123456789")};

  std::string messages() {
    std::string text;
    for (const Diagnostic& diagnostic : diagnostics_.all()) text += diagnostic.message + " ";
    return text;
  }
};

TEST_F(DiagnosticsTest, HasErrorsOnlyWithErrors) {
  EXPECT_FALSE(diagnostics_.has_errors());
  diagnostics_.warning({0, 1}, "careful");
  EXPECT_FALSE(diagnostics_.has_errors());
  diagnostics_.error({0, 1}, "wrong");
  EXPECT_TRUE(diagnostics_.has_errors());
}

TEST_F(DiagnosticsTest, SortsByPlaceAndKeepsTheOrderOfEquals) {
  diagnostics_.error({5, 1}, "c");
  diagnostics_.warning({2, 1}, "a");
  diagnostics_.error({2, 1}, "b");
  diagnostics_.error("first");
  diagnostics_.sort();
  EXPECT_EQ(messages(), "first a b c ");
}

TEST_F(DiagnosticsTest, SaysEqualProblemsAtOnePlaceOnce) {
  diagnostics_.error({2, 1}, "a");
  diagnostics_.error({2, 1}, "a");
  diagnostics_.error({3, 1}, "a");
  diagnostics_.warning({3, 1}, "a");
  diagnostics_.sort();
  EXPECT_EQ(messages(), "a a a ");
}

TEST_F(DiagnosticsTest, TakesNothingBehindASyntaxError) {
  diagnostics_.ignore_from(5);
  diagnostics_.error({4, 1}, "before");
  diagnostics_.error({5, 1}, "at");
  diagnostics_.warning({9, 1}, "behind");
  diagnostics_.error("of the file");
  EXPECT_EQ(messages(), "before of the file ");
}

TEST_F(DiagnosticsTest, KeepsTenThousandErrorsAndAsManyWarnings) {
  for (uint32_t i = 0; i < 30'000; ++i) diagnostics_.warning({0, 1}, std::to_string(i));
  EXPECT_FALSE(diagnostics_.has_errors());
  for (uint32_t i = 0; i < 30'000; ++i) diagnostics_.error({1, 1}, std::to_string(i));
  EXPECT_TRUE(diagnostics_.has_errors());
  diagnostics_.sort();
  ASSERT_EQ(diagnostics_.all().size(), 20'002U);
  EXPECT_EQ(diagnostics_.all()[9'999].message, "9999");
  EXPECT_EQ(diagnostics_.all()[10'000].message, "more than 10000 warnings; this one and further ones are left out");
  EXPECT_EQ(diagnostics_.all()[20'001].message, "more than 10000 errors; this one and further ones are left out");
}

}  // namespace
}  // namespace sandbox
