// What yaml-cpp lets pass or says badly, and what is left of a text behind a syntax error.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "policy/yaml_tree.h"
#include "support/policy_text.h"

namespace sandbox::policy {
namespace {

/// The problems of a text that is not one YAML document.
std::string problems(std::string yaml) {
  testing::PolicyText text(std::move(yaml));
  parse_yaml(text.diagnostics());
  return text.problems();
}

/// The places of the problems alone, where the wording is the command-line tests' affair.
std::string places(std::string yaml) {
  testing::PolicyText text(std::move(yaml));
  parse_yaml(text.diagnostics());
  std::string found;
  for (const Diagnostic& problem : text.diagnostics().all()) {
    const LineColumn place = text.source().locate(problem.range->offset);
    found += std::to_string(place.line) + ":" + std::to_string(place.column) + " ";
  }
  return found;
}

TEST(YamlSyntax, RefusesQuotesThatDoNotEnd) {
  EXPECT_EQ(problems("a: \"one\n"), "1:4: error: the closing quote (\") is missing\n");
  EXPECT_EQ(problems("a: 'one"), "1:4: error: the closing quote (') is missing\n");
  EXPECT_EQ(problems("a: 'one''"), "1:4: error: the closing quote (') is missing\n");
  EXPECT_EQ(problems("a: \"one\\\"\n"), "1:4: error: the closing quote (\") is missing\n");
  EXPECT_EQ(problems("a: 1\nb:\n- x\n- \"y\nc: 2\n"), "4:3: error: the closing quote (\") is missing\n");
  EXPECT_EQ(problems("\"abc"), "1:1: error: the closing quote (\") is missing\n");
  EXPECT_EQ(problems("a: \""), "1:4: error: the closing quote (\") is missing\n");
}

TEST(YamlSyntax, RefusesQuotesThatDoNotEndBehindATagOrAnAnchor) {
  for (const char* yaml : {"a: !!str \"one\n", "a: &x 'one\n", "a: &x\n  'one\n", "a: !!str # comment\n  \"one\n"}) {
    const std::string found = problems(yaml);
    EXPECT_NE(found.find("the closing quote"), std::string::npos) << yaml << found;
  }
}

TEST(YamlSyntax, RefusesASecondDocument) {
  const std::string message = "error: a second document starts here; a policy file has one\n";
  EXPECT_EQ(problems("a: 1\n---\nb: 2\n"), "2:1: " + message);
  EXPECT_EQ(problems("---\na: 1\n---\n"), "3:1: " + message);
  EXPECT_EQ(problems("a: 1\n...\n---\nb: 2\n"), "3:1: " + message);
}

TEST(YamlSyntax, RefusesWhatYamlCppTakesForASecondDocument) {
  EXPECT_EQ(places("  a: 1\nb: 2\n"), "2:1 ");
}

TEST(YamlSyntax, RefusesAnAliasThatNothingGave) {
  EXPECT_EQ(places("a: *x\n"), "1:4 ");
  EXPECT_EQ(places("a: *x\nb: &x 1\n"), "1:4 ");
}

TEST(YamlSyntax, RefusesNestingThatIsTooDeep) {
  const std::string brackets = problems(std::string(100'000, '['));
  EXPECT_TRUE(brackets.ends_with(": error: the nesting is too deep\n")) << brackets;
  std::string mappings;
  for (int i = 0; i < 5000; ++i) mappings += "{a: ";
  EXPECT_TRUE(problems(mappings).ends_with(": error: the nesting is too deep\n"));
  std::string lists;
  for (int i = 0; i < 5000; ++i) lists += "- ";
  EXPECT_TRUE(problems(lists + "x").ends_with(": error: the nesting is too deep\n"));
}

TEST(YamlSyntax, ReadsTenThousandAliasesInNoTime) {
  // An alias bomb: nothing expands it, so it is as cheap as its text.
  std::string text = "a: &a0 [x]\n";
  for (int i = 1; i < 10'000; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    text += "b: &a" + std::to_string(i) + " [" + last + "," + last + "," + last + "," + last + "]\n";
  }
  EXPECT_EQ(problems(text), "");
}

TEST(YamlSyntax, KeepsWhatStandsBeforeTheError) {
  testing::PolicyText text("a: 1\nb:\n- x\n- y\nc: d: e\n");
  const Tree tree = parse_yaml(text.diagnostics());
  ASSERT_EQ(tree.documents.size(), 1U);
  const TreeNode& root = tree.documents.front();
  EXPECT_FALSE(root.complete);
  ASSERT_GE(root.entries.size(), 2U);
  EXPECT_EQ(root.entries[0].value.text, "1");
  EXPECT_TRUE(root.entries[1].value.complete);
  EXPECT_EQ(root.entries[1].value.items.size(), 2U);
}

TEST(YamlSyntax, SurvivesASecondErrorInWhatIsCutShort) {
  // Found by the fuzzer: closing the open collections behind an error must not raise the next one.
  EXPECT_NE(places("a: b\n: c:\n  - d\n---\n"), "");
  EXPECT_NE(places("seccomp:\n  a: b\n: calls:\n  - action2 errno\n    names:\n     - execve\n---\n"), "");
}

TEST(YamlSyntax, MarksCollectionsThatAreCutShort) {
  testing::PolicyText text("a:\n- x\n- [y, z\nb: 1\n");
  const Tree tree = parse_yaml(text.diagnostics());
  ASSERT_TRUE(text.diagnostics().has_errors());
  ASSERT_EQ(tree.documents.size(), 1U);
  const TreeNode& root = tree.documents.front();
  EXPECT_FALSE(root.complete);
  ASSERT_EQ(root.entries.size(), 1U);
  EXPECT_FALSE(root.entries[0].value.complete);
}

TEST(YamlSyntax, TakesNoProblemsFromBehindTheError) {
  testing::PolicyText text("a: 1\nb: 2\nc: d: e\nf: 3\n");
  parse_yaml(text.diagnostics());
  const auto at = [&](const char* key) { return static_cast<uint32_t>(text.source().text().find(key)); };
  text.diagnostics().error({at("a:"), 1}, "before");
  text.diagnostics().error({at("c:"), 1}, "on the line");
  text.diagnostics().error({at("f:"), 1}, "behind");
  const std::string found = text.problems();
  EXPECT_TRUE(found.starts_with("1:1: error: before\n3:5: error: ")) << found;
  EXPECT_EQ(std::count(found.begin(), found.end(), '\n'), 2) << found;
}

TEST(YamlSyntax, TrustsNothingInAFlowCollectionThatIsStillOpen) {
  testing::PolicyText text("a: 1\nb: [x,\n  y,\n  z: {\nc: 2\n");
  parse_yaml(text.diagnostics());
  text.diagnostics().error({static_cast<uint32_t>(text.source().text().find('x')), 1}, "inside");
  text.diagnostics().error({0, 1}, "before");
  const std::string found = text.problems();
  EXPECT_TRUE(found.starts_with("1:1: error: before\n")) << found;
  EXPECT_EQ(found.find("inside"), std::string::npos) << found;
}

TEST(YamlSyntax, RefusesTenThousandOpenBracketsWhereverTheyStand) {
  const std::string quoted = "a: '" + std::string(10'000, '[') + "'\n";
  EXPECT_EQ(problems(quoted), "");
  EXPECT_EQ(problems(quoted + "# [\n"), "2:3: error: more than 10000 opening brackets without a closing one\n");
  std::string closed = "a:\n";
  for (int i = 0; i < 20'000; ++i) closed += "- []\n";
  EXPECT_EQ(problems(closed), "");
}

}  // namespace
}  // namespace sandbox::policy
