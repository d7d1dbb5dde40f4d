#include "policy/json_tree.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "support/policy_text.h"

namespace sandbox::policy {
namespace {

using Kind = TreeNode::Kind;

/// A text and its tree, which must parse.
struct Parsed {
  explicit Parsed(std::string json) : text(std::move(json)) {
    JsonDocument document = parse_json(text.diagnostics());
    EXPECT_EQ(text.problems(), "");
    EXPECT_TRUE(document.valid);
    root = document.root;
    memory = std::move(document.memory);
  }
  [[nodiscard]] std::string covered(const TreeNode& node) const { return text.covered(node.range); }

  testing::PolicyText text;
  std::unique_ptr<TreeMemory> memory;
  TreeNode root;
};

/// The problems of a text that is no JSON.
std::string problems(std::string json) {
  testing::PolicyText text(std::move(json));
  EXPECT_FALSE(parse_json(text.diagnostics()).valid);
  return text.problems();
}

TEST(JsonTree, KeepsOrderAndDuplicates) {
  const Parsed parsed(R"({"b": 1, "a": [true, null], "b": {"c": "d"}})");
  ASSERT_EQ(parsed.root.kind, Kind::kMapping);
  ASSERT_EQ(parsed.root.entries.size(), 3U);
  EXPECT_EQ(parsed.root.entries[0].key.text, "b");
  EXPECT_EQ(parsed.root.entries[1].value.items[0].text, "true");
  EXPECT_EQ(parsed.root.entries[1].value.items[1].kind, Kind::kNull);
  EXPECT_EQ(parsed.root.entries[2].key.text, "b");
  EXPECT_EQ(parsed.root.entries[2].value.entries[0].value.text, "d");
}

TEST(JsonTree, GivesEveryTokenItsRange) {
  const Parsed parsed(
      "{\r\n\t\"k\\\"1\" :\t-1.5e3 ,\"k2\":[ \"\\\\\",\"\", false,{ } ] , \"k\u00e4\":\"\\u00e4,:\"}\n");
  const auto& entries = parsed.root.entries;
  EXPECT_EQ(parsed.root.range.offset, 0U);
  EXPECT_EQ(parsed.covered(entries[0].key), "\"k\\\"1\"");
  EXPECT_EQ(entries[0].key.text, "k\"1");
  EXPECT_EQ(parsed.covered(entries[0].value), "-1.5e3");
  EXPECT_EQ(entries[0].value.text, "-1.5e3");
  EXPECT_TRUE(entries[0].value.plain);
  EXPECT_EQ(parsed.covered(entries[1].value), "[");
  EXPECT_EQ(parsed.covered(entries[1].value.items[0]), "\"\\\\\"");
  EXPECT_EQ(entries[1].value.items[0].text, "\\");
  EXPECT_FALSE(entries[1].value.items[0].plain);
  EXPECT_EQ(parsed.covered(entries[1].value.items[1]), "\"\"");
  EXPECT_EQ(parsed.covered(entries[1].value.items[2]), "false");
  EXPECT_EQ(parsed.covered(entries[1].value.items[3]), "{");
  EXPECT_EQ(parsed.covered(entries[2].key), "\"k\u00e4\"");
  EXPECT_EQ(parsed.covered(entries[2].value), "\"\\u00e4,:\"");
  EXPECT_EQ(entries[2].value.text, "\u00e4,:");
}

// A string with escapes is longer as it is written, and a quote may stand where it would end without them.
TEST(JsonTree, FindsTheEndOfAStringWithEscapes) {
  for (const char* const written : {R"("\"")", R"("ab\"")", R"("\"\"")", R"("\\")", R"("\\\"")", R"("a\u00e4\"")"}) {
    const Parsed parsed("{\"k\": [" + std::string(written) + ", 1, \"\", true]}");
    const auto& items = parsed.root.entries[0].value.items;
    ASSERT_EQ(items.size(), 4U) << written;
    EXPECT_EQ(parsed.covered(items[0]), written);
    EXPECT_EQ(parsed.covered(items[1]), "1") << written;
    EXPECT_EQ(parsed.covered(items[2]), "\"\"") << written;
    EXPECT_EQ(parsed.covered(items[3]), "true") << written;
  }
}

TEST(JsonTree, KeepsNumbersAsTheyAreWritten) {
  const Parsed parsed("[18446744073709551615, 0, -0, 123456789012345678901234567890, 1E40, -0.5]");
  EXPECT_EQ(parsed.root.items[0].text, "18446744073709551615");
  EXPECT_EQ(parsed.root.items[2].text, "-0");
  EXPECT_EQ(parsed.root.items[3].text, "123456789012345678901234567890");
  EXPECT_EQ(parsed.root.items[4].text, "1E40");
}

TEST(JsonTree, SaysWhatIsNotJson) {
  EXPECT_EQ(problems("{\"a\": 1,\n \"b\": 2,}"),
            "2:9: error: expected a key in double quotes, found '}'; JSON has no comma before '}'\n");
  EXPECT_EQ(problems("[1, 2,]"), "1:7: error: expected a value, found ']'; JSON has no comma before ']'\n");
  EXPECT_EQ(
      problems("{\"a\": 1 # why\n}"),
      "1:9: error: the object that '{' opened on line 1 does not end before this; expected ',' or '}'; JSON has no "
      "comments: put the text into a key such as \"_comment\"\n");
  EXPECT_EQ(
      problems("{\n// why\n}"),
      "2:1: error: expected a key in double quotes, found '//'; JSON has no comments: put the text into a key such "
      "as \"_comment\"\n");
  EXPECT_EQ(problems("{'a': 1}"),
            "1:2: error: expected a key in double quotes, found ''a''; JSON has double quotes only\n");
  EXPECT_EQ(problems("{a: 1}"), "1:2: error: expected a key in double quotes, found 'a'\n");
  EXPECT_EQ(problems("{\"a\" 1}"), "1:6: error: expected ':' behind the key, found '1'\n");
  EXPECT_EQ(problems("{\"a\": }"), "1:7: error: expected a value, found '}'\n");
  EXPECT_EQ(problems("{\"a\": yes}"), "1:7: error: expected a value, found 'yes'\n");
  EXPECT_EQ(problems("{\"a\": [1 2]}"),
            "1:10: error: the list that '[' opened on line 1 does not end before this; expected ',' or ']'\n");
  EXPECT_EQ(problems("{} {}"), "1:4: error: the document has ended before this; a policy file has one\n");
}

TEST(JsonTree, SaysWhatIsWrongWithAString) {
  EXPECT_EQ(problems("[\"a"), "1:4: error: the closing quote (\") is missing\n");
  EXPECT_EQ(problems("[\"a\nb\"]"),
            "1:4: error: a line end or a tab in a string; the closing quote (\") may be missing\n");
  EXPECT_EQ(problems("[\"a\tb\"]"),
            "1:4: error: a line end or a tab in a string; the closing quote (\") may be missing\n");
  EXPECT_EQ(problems("[\"\\x41\"]"),
            "1:3: error: unknown escape in a string; JSON has \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\uXXXX\n");
  EXPECT_EQ(problems("[\"\\u00g0\"]"), "1:3: error: expected four hexadecimal digits behind '\\u'\n");
  EXPECT_EQ(problems("[\"\\ud800x\"]"),
            "1:3: error: half a character: a surrogate ('\\ud800' to '\\udfff') without the other one\n");
}

TEST(JsonTree, SaysWhatIsCutOff) {
  EXPECT_EQ(problems(""), "1:1: error: expected a JSON object, found nothing\n");
  EXPECT_EQ(problems("{\"a\": [1,"), "1:10: error: expected a value, found the end of the text\n");
  EXPECT_EQ(problems("{\"a\""), "1:5: error: expected ':' behind the key, found the end of the text\n");
  EXPECT_EQ(problems("{\"a\": 1"),
            "1:8: error: the object that '{' opened on line 1 does not end before this; expected ',' or '}'\n");
  EXPECT_EQ(problems("[1E400]"), "1:2: error: a number that is too large\n");
  EXPECT_EQ(problems("[1.]"), "1:4: error: a number that is cut off\n");
  EXPECT_EQ(problems("[01]"),
            "1:3: error: the list that '[' opened on line 1 does not end before this; expected ',' or ']'\n");
}

TEST(JsonTree, KeepsWhatStandsBeforeASyntaxError) {
  testing::PolicyText text(R"({"a": [1, {"b": x}]})");
  const JsonDocument document = parse_json(text.diagnostics());
  EXPECT_FALSE(document.valid);
  EXPECT_FALSE(document.root.complete);
  const TreeNode& list = document.root.entries[0].value;
  EXPECT_FALSE(list.complete);
  EXPECT_EQ(list.items[0].text, "1");
  EXPECT_EQ(list.items[1].entries[0].key.text, "b");
  EXPECT_FALSE(list.items[1].entries[0].value.complete);
}

TEST(JsonTree, BoundsTheDepth) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(Parsed(nested(500)).root.kind, Kind::kSequence);
  EXPECT_EQ(problems(nested(501)), "1:501: error: the nesting is too deep\n");
  EXPECT_EQ(problems(std::string(1'000'000, '[')), "1:501: error: the nesting is too deep\n");
}

}  // namespace
}  // namespace sandbox::policy
