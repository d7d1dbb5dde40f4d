// The problems of a whole text, collected: their wording is what the command-line tests assert.
#include "policy/reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "support/policy_text.h"

namespace sandbox::policy {
namespace {

/// The lines on which problems were found.
std::vector<uint32_t> problem_lines(testing::PolicyText& text) {
  text.diagnostics().sort();
  std::vector<uint32_t> lines;
  for (const Diagnostic& problem : text.diagnostics().all()) {
    lines.push_back(problem.range ? text.source().locate(problem.range->offset).line : 0);
  }
  return lines;
}

using Lines = std::vector<uint32_t>;

TEST(Reader, FindsAllProblemsAtOnce) {
  testing::PolicyText text(
      "seccomp:\n"
      "  enabled: maybe\n"        // 2
      "  default_action: alow\n"  // 3
      "  defalt_errno: EPERM\n"   // 4
      "  syscalls:\n"
      "  - action: errno\n"
      "    errno: 0\n"       // 7
      "    names: []\n"      // 8
      "  - names: [read]\n"  // 9: no action
      "  - action: allow\n"  // 10: no names
      "  - action: log\n"
      "    names_with_args:\n"
      "    - name: socket\n"
      "      arguments:\n"
      "      - {argument: 6, operation: Equal}\n"  // 15
      "      - {operation: Equals, value: x}\n"    // 16, twice
      "    - just text\n");                        // 17
  text.read();
  EXPECT_EQ(problem_lines(text), (Lines{2, 3, 4, 7, 8, 9, 10, 15, 16, 16, 17})) << text.problems();
}

TEST(Reader, ShowsProblemsBeforeASyntaxErrorOnly) {
  testing::PolicyText text(
      "seccomp:\n"
      "  default_action: alow\n"  // 2
      "  syscalls:\n"
      "  - action: kil\n"  // 4
      "    names: [read]\n"
      "  - action: allow: x\n"  // 6: the syntax error
      "    names: [read]\n"
      "  - action: nonsense\n"
      "    names: []\n");
  text.read();
  EXPECT_EQ(problem_lines(text), (Lines{2, 4, 6})) << text.problems();
}

TEST(Reader, MissesNothingThatASyntaxErrorMayHide) {
  // Neither `default_action` nor the group's names are said to be missing: they may stand behind the error.
  testing::PolicyText text(
      "seccomp:\n"
      "  syscalls:\n"
      "  - action: errno\n"
      "    errno: @x\n");
  text.read();
  EXPECT_EQ(problem_lines(text), Lines{4}) << text.problems();
}

TEST(Reader, ReturnsWhatCouldBeReadInSpiteOfErrors) {
  testing::PolicyText text(
      "seccomp:\n  default_action: alow\n  syscalls:\n  - action: errno\n    names: [no_such_call, {a: b}, fork]\n");
  const auto policy = text.read();
  EXPECT_EQ(problem_lines(text), (Lines{2, 5}));
  ASSERT_TRUE(policy.has_value());
  ASSERT_EQ(policy->groups.at(0).names.size(), 2U);
  EXPECT_EQ(policy->groups[0].names[1].text, "fork");
}

TEST(Reader, KeepsTheSourceWithThePolicy) {
  testing::PolicyText text("seccomp: {default_action: allow, syscalls: [{action: log, names: [read]}]}\n");
  const auto policy = text.read();
  ASSERT_TRUE(policy.has_value());
  EXPECT_EQ(policy->source->name(), "p.yml");
}

TEST(Reader, ParsesNothingThatIsNoText) {
  testing::PolicyText text(std::string("seccomp: {\0}", 12));
  EXPECT_FALSE(text.read().has_value());
  EXPECT_EQ(text.diagnostics().all().size(), 1U);
}

TEST(Reader, WantsASection) {
  for (const char* yaml : {"", "a: b\n", "- seccomp\n", "seccomp\n", "~\n", "{}\n", "seccomps: {}\n", "Seccomp: {}\n",
                           "default_action: allow\nsyscalls: []\n", "seccomp: {}\ndefaultAction: SCMP_ACT_ALLOW\n"}) {
    testing::PolicyText text(yaml);
    EXPECT_FALSE(text.read().has_value()) << yaml;
    EXPECT_EQ(text.diagnostics().all().size(), 1U) << yaml << text.problems();
    EXPECT_TRUE(text.diagnostics().has_errors()) << yaml;
  }
}

TEST(Reader, ReadsASectionInFlowStyleAsYaml) {
  for (const char* yaml :
       {R"({"seccomp": {"default_action": "allow", "syscalls": [{"action": "log", "names": ["read"]}]}})",
        "{seccomp: {default_action: allow, syscalls: [{action: log, names: [read]}]}}\n",
        "  {\n  # SCMP_ACT_ALLOW and \"defaultAction\" would be a container profile's\n  \"seccomp\": "
        "{'default_action': allow,"
        " syscalls: [{action: log, names: [read],},],}}\n",
        R"({"seccomp": {"default_action": "\x61llow", "syscalls": [{"action": "log", "names": ["read"]}]}})"}) {
    testing::PolicyText text(yaml);
    const auto policy = text.read();
    EXPECT_EQ(text.problems(), "") << yaml;
    ASSERT_TRUE(policy.has_value());
    EXPECT_EQ(policy->format, Format::kBeats);
    EXPECT_EQ(policy->default_action, Action::kAllow);
    EXPECT_EQ(policy->groups.size(), 1U);
  }
}

TEST(Reader, ReadsAProfileInBracesAsJson) {
  const auto problems = [](const char* json) {
    testing::PolicyText text(json);
    text.read();
    return text.problems();
  };
  EXPECT_EQ(problems("\n\t{\"defaultAction\": \"SCMP_ACT_ALLOW\"}\n"), "") << "tabs are no YAML there";
  EXPECT_EQ(problems("{defaultAction: SCMP_ACT_ALLOW}"),
            "1:2: error: expected a key in double quotes, found 'defaultAction'\n");
  EXPECT_EQ(
      problems("{\"syscalls\": [], # \n\"defaultAction\": \"SCMP_ACT_ALLOW\"}"),
      "1:18: error: expected a key in double quotes, found '#'; JSON has no comments: put the text into a key such "
      "as \"_comment\"\n");
  EXPECT_EQ(problems("{\"defaultAction\": \"SCMP_ACT_ALOW\",}"),
            "1:19: error: unknown action 'SCMP_ACT_ALOW'; did you mean 'SCMP_ACT_ALLOW'?\n"
            "1:35: error: expected a key in double quotes, found '}'; JSON has no comma before '}'\n");
}

TEST(Reader, TellsTheFormatsApart) {
  testing::PolicyText oci("defaultAction: SCMP_ACT_ALLOW\nsyscalls: []\n");
  const auto profile = oci.read();
  EXPECT_EQ(oci.problems(), "");
  ASSERT_TRUE(profile.has_value());
  EXPECT_EQ(profile->format, Format::kOci);
  testing::PolicyText beats("seccomp: {default_action: allow, syscalls: [{action: log, names: [read]}]}\n");
  const auto policy = beats.read();
  ASSERT_TRUE(policy.has_value());
  EXPECT_EQ(policy->format, Format::kBeats);
}

TEST(Reader, RefusesEveryKindOfValueThatIsNotASection) {
  for (const char* value : {"", "~", "text", "[]", "12", "{}"}) {
    testing::PolicyText text(std::string("seccomp: ") + value + "\n");
    text.read();
    EXPECT_TRUE(text.diagnostics().has_errors()) << value;
  }
}

TEST(Reader, TakesNoProfileWhoseFirstKeyIsObscure) {
  for (const char* key : {"! defaultAction", "&a defaultAction", "!!str defaultAction"}) {
    testing::PolicyText text(std::string("{") + key + ": SCMP_ACT_ALLOW}\n");
    text.read();
    EXPECT_TRUE(text.diagnostics().has_errors()) << key;
  }
}

/// A small policy in which every collection and scalar of the section can be replaced by something else.
TEST(Reader, RefusesAnyNodeOfTheSectionThatIsReplaced) {
  const std::string good =
      "seccomp: {default_action: allow, syscalls: [{action: errno, names: [read], names_with_args: [{name: socket, "
      "arguments: [{operation: Equal, value: 17}]}]}]}\n";
  {
    testing::PolicyText text(good);
    ASSERT_TRUE(text.read().has_value());
    ASSERT_EQ(text.problems(), "");
  }
  for (const char* part : {" allow", " errno", " [read]", " socket", " Equal", " 17"}) {
    for (const char* other : {" {}", " {a: b}", " []", " [[x]]", " ~", " *x", " &y 1", " !!str 1"}) {
      std::string yaml = "x: &x 1\n" + good;
      yaml.replace(yaml.find(part), std::string(part).size(), other);
      testing::PolicyText text(yaml);
      text.read();
      EXPECT_TRUE(text.diagnostics().has_errors()) << yaml;
    }
  }
}

}  // namespace
}  // namespace sandbox::policy
