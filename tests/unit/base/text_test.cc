#include "base/text.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sandbox {
namespace {

using namespace std::string_view_literals;

TEST(Join, PutsTheSeparatorBetween) {
  EXPECT_EQ(join(std::vector<std::string>{"read", "write", "exit"}), "read, write, exit");
  EXPECT_EQ(join(std::set<std::string_view>{"a", "b"}, " and "), "a and b");
  EXPECT_EQ(join(std::array<std::string, 1>{"alone"}), "alone");
  EXPECT_EQ(join(std::vector<std::string>{}), "");
}

TEST(Join, KeepsEmptyParts) {
  EXPECT_EQ(join(std::vector<std::string>{"", "", "x"}, "|"), "||x");
}

TEST(Join, ProjectsWhatIsNoText) {
  EXPECT_EQ(join(std::array{1, 2, 3}, "+", [](int number) { return std::to_string(number); }), "1+2+3");
}

TEST(JoinWithAnd, AsASentenceHasThem) {
  EXPECT_EQ(join_with_and(std::vector<std::string>{"x86", "arm", "s390"}), "x86, arm and s390");
  EXPECT_EQ(join_with_and(std::vector<std::string>{"x86", "arm"}), "x86 and arm");
  EXPECT_EQ(join_with_and(std::vector<std::string>{"x86"}), "x86");
  EXPECT_EQ(join_with_and(std::vector<std::string>{}), "");
  EXPECT_EQ(join_with_and(std::array{1, 2, 3}, [](int number) { return std::to_string(number); }), "1, 2 and 3");
}

TEST(Plural, OneAndMany) {
  EXPECT_EQ(plural(0, "call"), "0 calls");
  EXPECT_EQ(plural(1, "call"), "1 call");
  EXPECT_EQ(plural(UINT64_MAX, "process"), "18446744073709551615 processes");
}

TEST(Hex, WithZerosInFront) {
  EXPECT_EQ(hex(0), "0x0");
  EXPECT_EQ(hex(UINT64_MAX), "0xffffffffffffffff");
  EXPECT_EQ(hex(0x3e, 8), "0x0000003e");
  EXPECT_EQ(hex(0x123, 2), "0x123");
}

TEST(Printable, EscapesControlCharacters) {
  EXPECT_EQ(printable("a\nb\tc\rd\x1B\x7F\0e"sv), "a\\nb\\tc\\x0dd\\x1b\\x7f\\x00e");
}

TEST(Printable, EscapesC1ControlsByteByByte) {
  EXPECT_EQ(printable("\xC2\x9B"), "\\xc2\\x9b");
}

TEST(Printable, EscapesInvalidUtf8AndKeepsValid) {
  EXPECT_EQ(printable("\u00e4\xFF\xE2\x82z"), "\u00e4\\xff\\xe2\\x82z");
}

TEST(Printable, ShortensWhatIsLongerThanTheLimit) {
  EXPECT_EQ(printable("abcde", 5), "abcde");
  EXPECT_EQ(printable("abcdef", 5), "abcde...");
  EXPECT_EQ(printable(std::string(120, 'x')), std::string(120, 'x'));
  EXPECT_EQ(printable(std::string(121, 'x')), std::string(120, 'x') + "...");
}

TEST(Quoted, PutsThePrintableTextBetweenQuotes) {
  EXPECT_EQ(in_quotes("op\nen"), "'op\\nen'");
  EXPECT_EQ(in_quotes("abcdef", 3), "'abc...'");
  EXPECT_EQ(in_quotes(""), "''");
}

TEST(PrintablePath, KeepsWhatAFileCanBeCalled) {
  const std::string longest(4096, 'x');
  EXPECT_EQ(printable_path(longest), longest);
  EXPECT_EQ(printable_path(longest + "y"), longest + "...");
  EXPECT_EQ(printable_path("a\nb.yml"), "a\\nb.yml");
}

}  // namespace
}  // namespace sandbox
