#include "policy/text_check.h"

#include <gtest/gtest.h>

#include <string>

#include "support/policy_text.h"

namespace sandbox::policy {
namespace {

using namespace std::string_literals;

/// What is wrong with the text; empty when nothing is.
std::string check(std::string text) {
  testing::PolicyText policy(std::move(text));
  const bool good = check_text(policy.diagnostics());
  EXPECT_EQ(good, !policy.diagnostics().has_errors());
  return policy.problems();
}

TEST(CheckText, AcceptsTextWithEitherLineEnd) {
  EXPECT_EQ(check(""), "");
  EXPECT_EQ(check("a: b\n\tc\n"), "");
  EXPECT_EQ(check("a: b\r\nc: d\r\n"), "");
  EXPECT_EQ(check("# \u00e4\u20ac\U0001F600\n"), "");
  EXPECT_EQ(check("\xEF\xBB\xBF"s + "a: b"), "");
}

TEST(CheckText, RefusesNul) {
  EXPECT_EQ(check("a: op\0x65n\n"s), "1:6: error: control character U+0000 (NUL), expected text\n");
}

TEST(CheckText, RefusesOtherControlCharacters) {
  EXPECT_EQ(check("a\x1B[2J"), "1:2: error: control character U+001B, expected text\n");
  EXPECT_EQ(check("\x7F"), "1:1: error: control character U+007F, expected text\n");
  EXPECT_EQ(check("a\n\xC2\x85"), "2:1: error: control character U+0085, expected text\n");
}

// Eight bytes are looked at together: each value at each place among them.
TEST(CheckText, KnowsEveryByteAtEveryPlace) {
  for (int value = 0; value < 0x80; ++value) {
    const bool good = (value >= ' ' && value <= '~') || value == '\n' || value == '\t';
    for (size_t place = 0; place < 16; ++place) {
      std::string text(24, 'a');
      text[place] = static_cast<char>(value);
      EXPECT_EQ(check(text).empty(), good) << value << " at " << place;
    }
  }
}

TEST(CheckText, RefusesACarriageReturnAlone) {
  const std::string message = "error: carriage return without a line feed, expected lines that end in LF or CRLF\n";
  EXPECT_EQ(check("a\rb"), "1:2: " + message);
  EXPECT_EQ(check("a\r"), "1:2: " + message);
  EXPECT_EQ(check("a\r\r\n"), "1:2: " + message);
}

TEST(CheckText, RefusesInvalidUtf8) {
  EXPECT_EQ(check("a: \xE4\n"), "1:4: error: byte 0xe4 is not valid UTF-8, expected UTF-8 text\n");
  EXPECT_EQ(check("\u00e4\xC0\x80"), "1:2: error: byte 0xc0 is not valid UTF-8, expected UTF-8 text\n");
  EXPECT_EQ(check("a: \xED\xA0\x80\n"), "1:4: error: byte 0xed is not valid UTF-8, expected UTF-8 text\n");
}

TEST(CheckText, ReportsTheFirstProblemAlone) {
  EXPECT_EQ(check("\x01\x02\xFF"), "1:1: error: control character U+0001, expected text\n");
}

TEST(CheckText, NamesForeignFormats) {
  const auto message = [](const std::string& what) {
    return "1:1: error: this is " + what + ", expected a policy in YAML or JSON (UTF-8 text)\n";
  };
  EXPECT_EQ(check("\x7F" + "ELF\x02\x01"s), message("an ELF program"));
  EXPECT_EQ(check("\x1F\x8B\x08"), message("a gzip file"));
  EXPECT_EQ(check("\x28\xB5\x2F\xFD"), message("a zstd file"));
  EXPECT_EQ(check("\xFF\xFEs\0e\0"s), message("UTF-16 text"));
  EXPECT_EQ(check("\xFE\xFF\0s\0e"s), message("UTF-16 text"));
}

}  // namespace
}  // namespace sandbox::policy
