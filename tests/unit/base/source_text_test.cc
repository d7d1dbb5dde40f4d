#include "base/source_text.h"

#include <gtest/gtest.h>

namespace sandbox {

static bool operator==(const LineColumn& a, const LineColumn& b) {
  return a.line == b.line && a.column == b.column;
}
static void PrintTo(const LineColumn& place, std::ostream* out) {  // NOLINT: GoogleTest's name.
  *out << place.line << ':' << place.column;
}

namespace {

TEST(SourceText, LocatesEveryByteOfTwoLines) {
  const SourceText source("a.yml", "ab\ncd\n");
  EXPECT_EQ(source.locate(0), (LineColumn{1, 1}));
  EXPECT_EQ(source.locate(1), (LineColumn{1, 2}));
  EXPECT_EQ(source.locate(2), (LineColumn{1, 3})) << "the line's end belongs to the line";
  EXPECT_EQ(source.locate(3), (LineColumn{2, 1}));
  EXPECT_EQ(source.locate(5), (LineColumn{2, 3}));
  EXPECT_EQ(source.locate(6), (LineColumn{3, 1})) << "behind the last line feed";
}

TEST(SourceText, CountsAnOffsetPastTheEndAsTheEnd) {
  const SourceText source("a.yml", "ab\ncd");
  EXPECT_EQ(source.locate(5), (LineColumn{2, 3}));
  EXPECT_EQ(source.locate(1000), (LineColumn{2, 3}));
  EXPECT_EQ(source.line_at(1000), "cd");
}

TEST(SourceText, LocatesInAnEmptyText) {
  const SourceText source("a.yml", "");
  EXPECT_EQ(source.locate(0), (LineColumn{1, 1}));
  EXPECT_EQ(source.line_at(0), "");
  EXPECT_EQ(source.offset_of(0, 0), 0U);
}

TEST(SourceText, CountsColumnsInCodePoints) {
  const SourceText source("a.yml", "\u00e4\u20ac\U0001F600x");  // 2, 3 and 4 bytes.
  EXPECT_EQ(source.locate(2), (LineColumn{1, 2}));
  EXPECT_EQ(source.locate(5), (LineColumn{1, 3}));
  EXPECT_EQ(source.locate(9), (LineColumn{1, 4}));
}

TEST(SourceText, LeavesTheCarriageReturnOutOfTheLine) {
  const SourceText source("a.yml", "ab\r\ncd\r\n");
  EXPECT_EQ(source.line_at(0), "ab");
  EXPECT_EQ(source.locate(4), (LineColumn{2, 1}));
  EXPECT_EQ(source.line_at(4), "cd");
  EXPECT_EQ(source.line_at(8), "");
}

TEST(SourceText, DropsAByteOrderMark) {
  const SourceText source("a.yml", "\xEF\xBB\xBFseccomp:");
  EXPECT_EQ(source.text(), "seccomp:");
  EXPECT_EQ(source.locate(0), (LineColumn{1, 1}));
}

TEST(SourceText, DropsAByteOrderMarkAtTheStartOnlyAndOnce) {
  const SourceText source("a.yml", "\xEF\xBB\xBF\xEF\xBB\xBFx\xEF\xBB\xBF");
  EXPECT_EQ(source.text(), "\xEF\xBB\xBFx\xEF\xBB\xBF");
}

TEST(SourceText, GivesTheOffsetOfALineAndByteColumn) {
  const SourceText source("a.yml", "\u00e4b\ncd\n");
  EXPECT_EQ(source.offset_of(0, 0), 0U);
  EXPECT_EQ(source.offset_of(0, 2), 2U) << "the column is in bytes";
  EXPECT_EQ(source.offset_of(1, 1), 5U);
}

TEST(SourceText, ClampsOffsetsToTheText) {
  const SourceText source("a.yml", "ab\ncd");
  EXPECT_EQ(source.offset_of(1, 99), 5U);
  EXPECT_EQ(source.offset_of(7, 0), 5U);
}

TEST(SourceText, GivesTheLineThatHoldsAnOffset) {
  const SourceText source("a.yml", "ab\n\ncd");
  EXPECT_EQ(source.line_at(2), "ab") << "at the line feed";
  EXPECT_EQ(source.line_at(3), "") << "an empty line";
  EXPECT_EQ(source.line_at(4), "cd") << "a last line without a line feed";
}

TEST(SourceText, CountsTheColumnsOfLongLines) {
  std::string text = "short\n";
  for (int i = 0; i < 10'000; ++i) text += "\u00e4b";
  text += "\nlast";
  const SourceText source("a.yml", text);
  for (const size_t column : {size_t{0}, size_t{1}, size_t{2'000}, size_t{10'001}, size_t{19'999}}) {
    const LineColumn place = source.locate(6 + column / 2 * 3 + column % 2 * 2);
    EXPECT_EQ(place.line, 2U);
    EXPECT_EQ(place.column, column + 1);
  }
  EXPECT_EQ(source.locate(text.size()).line, 3U);
  EXPECT_EQ(source.locate(text.size()).column, 5U);
  EXPECT_EQ(source.locate(3).column, 4U);
}

}  // namespace
}  // namespace sandbox
