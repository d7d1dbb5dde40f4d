#include "policy/yaml_tree.h"

#include <gtest/gtest.h>

#include <string>

#include "support/policy_text.h"

namespace sandbox::policy {
namespace {

using Kind = TreeNode::Kind;

/// A text and its tree, which must parse.
struct Parsed {
  explicit Parsed(std::string yaml) : text(std::move(yaml)) {
    tree = parse_yaml(text.diagnostics());
    EXPECT_EQ(text.problems(), "");
    EXPECT_EQ(tree.documents.size(), 1U);
    if (!tree.documents.empty()) root = tree.documents.front();
  }
  [[nodiscard]] std::string covered(const TreeNode& node) const { return text.covered(node.range); }

  testing::PolicyText text;
  Tree tree;
  TreeNode root;
};

const TreeNode& value_of(const Parsed& parsed, size_t entry) {
  return parsed.root.entries[entry].value;
}

TEST(YamlTree, KeepsTheOrderOfAMapping) {
  const Parsed parsed("b: 1\na: [x, y]\nc: {d: 2}\n");
  ASSERT_EQ(parsed.root.kind, Kind::kMapping);
  ASSERT_EQ(parsed.root.entries.size(), 3U);
  EXPECT_EQ(parsed.root.entries[0].key.text, "b");
  EXPECT_EQ(value_of(parsed, 0).text, "1");
  EXPECT_EQ(value_of(parsed, 1).kind, Kind::kSequence);
  EXPECT_EQ(value_of(parsed, 1).items[1].text, "y");
  EXPECT_EQ(value_of(parsed, 2).entries[0].value.text, "2");
}

TEST(YamlTree, KeepsDuplicateKeys) {
  const Parsed parsed("a: 1\na: 2\n");
  ASSERT_EQ(parsed.root.entries.size(), 2U);
  EXPECT_EQ(value_of(parsed, 0).text, "1");
  EXPECT_EQ(value_of(parsed, 1).text, "2");
}

TEST(YamlTree, GivesEveryScalarItsRange) {
  const Parsed parsed("one: two\nlist:\n- three\n- \"fo\\\"ur\"\n- 'fi''ve'\nsix: {\"seven\": '8'}\n");
  EXPECT_EQ(parsed.covered(parsed.root.entries[0].key), "one");
  EXPECT_EQ(parsed.covered(value_of(parsed, 0)), "two");
  const auto& items = value_of(parsed, 1).items;
  EXPECT_EQ(parsed.covered(items[0]), "three");
  EXPECT_EQ(parsed.covered(items[1]), "\"fo\\\"ur\"");
  EXPECT_EQ(items[1].text, "fo\"ur");
  EXPECT_EQ(parsed.covered(items[2]), "'fi''ve'");
  EXPECT_EQ(items[2].text, "fi've");
  EXPECT_EQ(parsed.covered(value_of(parsed, 2).entries[0].key), "\"seven\"");
  EXPECT_EQ(parsed.covered(value_of(parsed, 2).entries[0].value), "'8'");
}

TEST(YamlTree, FindsPlacesBehindLongCharacters) {
  const Parsed parsed("\u00e4\u20ac: \U0001F600 x\n\"\u00f6\": \"\u00fc\"\n");
  EXPECT_EQ(parsed.covered(parsed.root.entries[0].key), "\u00e4\u20ac");
  EXPECT_EQ(parsed.covered(value_of(parsed, 0)), "\U0001F600 x");
  EXPECT_EQ(parsed.covered(value_of(parsed, 1)), "\"\u00fc\"");
}

TEST(YamlTree, FindsPlacesInTextWithCrLfAndAByteOrderMark) {
  const Parsed parsed(
      "\xEF\xBB\xBF"
      "a: 1\r\nb:\r\n- 'c'\r\n- d\r\n");
  EXPECT_EQ(parsed.covered(parsed.root.entries[0].key), "a");
  EXPECT_EQ(value_of(parsed, 0).text, "1");
  EXPECT_EQ(parsed.covered(value_of(parsed, 1).items[0]), "'c'");
  EXPECT_EQ(value_of(parsed, 1).items[1].text, "d");
  EXPECT_EQ(parsed.covered(value_of(parsed, 1).items[1]), "d");
}

TEST(YamlTree, MarksPlainScalars) {
  const Parsed parsed("[plain, \"double\", 'single', 12]");
  EXPECT_TRUE(parsed.root.items[0].plain);
  EXPECT_FALSE(parsed.root.items[1].plain);
  EXPECT_FALSE(parsed.root.items[2].plain);
  EXPECT_TRUE(parsed.root.items[3].plain);
}

TEST(YamlTree, TakesMissingAndNullValuesAsNull) {
  const Parsed parsed("a:\nb: ~\nc: null\n");
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(value_of(parsed, i).kind, Kind::kNull) << i;
  EXPECT_EQ(parsed.covered(value_of(parsed, 0)), "a") << "what is missing is shown at its key";
}

TEST(YamlTree, MarksAnchorsAndAliases) {
  const Parsed parsed("a: &x one\nb: *x\nc: &y [1]\nd: &z {e: 1}\n");
  EXPECT_TRUE(value_of(parsed, 0).anchored);
  EXPECT_EQ(value_of(parsed, 1).kind, Kind::kAlias);
  EXPECT_TRUE(value_of(parsed, 2).anchored);
  EXPECT_TRUE(value_of(parsed, 3).anchored);
  EXPECT_EQ(value_of(parsed, 0).text, "one");
  EXPECT_TRUE(parsed.covered(value_of(parsed, 0)).starts_with("&")) << "the anchor is what will be complained of";
}

TEST(YamlTree, MarksExplicitTags) {
  const Parsed parsed("a: !!str 1\nb: !mine two\nc: !!seq [1]\nd: 1\ne: 'x'\n");
  EXPECT_TRUE(value_of(parsed, 0).tagged);
  EXPECT_TRUE(value_of(parsed, 1).tagged);
  EXPECT_TRUE(value_of(parsed, 2).tagged);
  EXPECT_FALSE(value_of(parsed, 3).tagged);
  EXPECT_FALSE(value_of(parsed, 4).tagged);
  EXPECT_EQ(value_of(parsed, 1).text, "two");
  EXPECT_TRUE(parsed.covered(value_of(parsed, 1)).starts_with("!")) << "the tag is what will be complained of";
}

TEST(YamlTree, ReadsAQuoteBehindTagAndAnchorOnAnotherLine) {
  const Parsed parsed("a: !!str &x\n  \"one\"\nb: 2\n");
  EXPECT_EQ(value_of(parsed, 0).text, "one");
  EXPECT_TRUE(value_of(parsed, 0).tagged);
  EXPECT_TRUE(value_of(parsed, 0).anchored);
  EXPECT_EQ(value_of(parsed, 1).text, "2");
}

TEST(YamlTree, ReadsQuotedScalarsOverSeveralLines) {
  const Parsed parsed("a: \"one\n  two\"\nb: 'three'\n");
  EXPECT_EQ(value_of(parsed, 0).text, "one two");
  EXPECT_EQ(parsed.covered(value_of(parsed, 0)), "\"one\n  two\"");
  EXPECT_EQ(value_of(parsed, 1).text, "three");
}

TEST(YamlTree, ReadsJson) {
  const Parsed parsed("{\"a\": [1, \"b\", null, true], \"c\": {\"d\": -1}}\n");
  EXPECT_EQ(value_of(parsed, 0).items.size(), 4U);
  EXPECT_EQ(value_of(parsed, 0).items[2].kind, Kind::kNull);
  EXPECT_EQ(value_of(parsed, 1).entries[0].value.text, "-1");
}

TEST(YamlTree, ReadsBlockScalarsAndLeavesCommentsOut) {
  const Parsed parsed("a: |  # a comment\n  text # none\nb: 1 # two\n");
  EXPECT_EQ(value_of(parsed, 0).text, "text # none\n");
  EXPECT_EQ(value_of(parsed, 1).text, "1");
}

TEST(YamlTree, GivesNothingForAnEmptyText) {
  for (const char* text : {"", "\n\n", "# only a comment\n", "   \n"}) {
    testing::PolicyText policy(text);
    EXPECT_TRUE(parse_yaml(policy.diagnostics()).documents.empty()) << text;
    EXPECT_EQ(policy.problems(), "") << text;
  }
}

TEST(YamlTree, AcceptsOneDocumentWithItsMarks) {
  const Parsed parsed("%YAML 1.2\n---\na: 1\n...\n");
  EXPECT_EQ(value_of(parsed, 0).text, "1");
}

TEST(YamlTree, ReadsNestingOfSomeDepth) {
  const Parsed parsed(std::string(100, '[') + std::string(100, ']'));
  size_t depth = 0;
  for (const TreeNode* node = &parsed.root; !node->items.empty(); node = &node->items[0]) ++depth;
  EXPECT_EQ(depth, 99U);
}

}  // namespace
}  // namespace sandbox::policy
