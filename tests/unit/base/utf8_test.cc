#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace sandbox {
namespace {

using namespace std::string_view_literals;

void expect_code_point(std::string_view text, uint32_t value) {
  const CodePoint point = decode_utf8(text, 0);
  EXPECT_EQ(point.value, value);
  EXPECT_EQ(point.length, text.size());
}

void expect_invalid(std::string_view text) {
  EXPECT_EQ(decode_utf8(text, 0).length, 0U) << ::testing::PrintToString(text);
}

TEST(Utf8, DecodesTheSmallestAndLargestOfEveryLength) {
  expect_code_point("\0"sv, 0);
  expect_code_point("\x7F", 0x7F);
  expect_code_point("\xC2\x80", 0x80);
  expect_code_point("\xDF\xBF", 0x7FF);
  expect_code_point("\xE0\xA0\x80", 0x800);
  expect_code_point("\xEF\xBF\xBF", 0xFFFF);
  expect_code_point("\xF0\x90\x80\x80", 0x10000);
  expect_code_point("\xF4\x8F\xBF\xBF", 0x10FFFF);
}

TEST(Utf8, DecodesAtAnOffset) {
  const CodePoint point = decode_utf8("a\xC3\xA4z", 1);
  EXPECT_EQ(point.value, 0xE4U);
  EXPECT_EQ(point.length, 2U);
}

TEST(Utf8, RefusesOverlongForms) {
  expect_invalid("\xC0\x80");
  expect_invalid("\xC1\xBF");
  expect_invalid("\xE0\x80\x80");
  expect_invalid("\xE0\x9F\xBF");
  expect_invalid("\xF0\x80\x80\x80");
  expect_invalid("\xF0\x8F\xBF\xBF");
}

TEST(Utf8, RefusesSurrogates) {
  expect_code_point("\xED\x9F\xBF", 0xD7FF);
  expect_invalid("\xED\xA0\x80");
  expect_invalid("\xED\xBF\xBF");
  expect_code_point("\xEE\x80\x80", 0xE000);
}

TEST(Utf8, RefusesWhatLiesAboveTheLastCodePoint) {
  expect_invalid("\xF4\x90\x80\x80");
  expect_invalid("\xF5\x80\x80\x80");
  expect_invalid("\xF8\x88\x80\x80\x80");
  expect_invalid("\xFE");
  expect_invalid("\xFF");
}

TEST(Utf8, RefusesTruncatedSequences) {
  expect_invalid("\xC3");
  expect_invalid("\xE2\x82");
  expect_invalid("\xF0\x9F\x98");
  expect_invalid("\xE2\x82x");
  expect_invalid("\xC3\xC3");
}

TEST(Utf8, RefusesAContinuationByteAlone) {
  expect_invalid("\x80");
  expect_invalid("\xBF");
}

TEST(Utf8, KnowsTheControlCharacters) {
  for (const uint32_t control : {0x00U, 0x09U, 0x1BU, 0x1FU, 0x7FU, 0x80U, 0x9BU, 0x9FU}) {
    EXPECT_TRUE(is_control(control)) << control;
  }
  for (const uint32_t character : {0x20U, 0x7EU, 0xA0U, 0xE4U, 0x10FFFFU}) {
    EXPECT_FALSE(is_control(character)) << character;
  }
}

}  // namespace
}  // namespace sandbox
