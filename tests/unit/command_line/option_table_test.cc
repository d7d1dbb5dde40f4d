// How a row of a table of options reads what was given of it.
#include "command_line/option_table.h"

#include <gtest/gtest.h>

namespace sandbox::command_line {
namespace {

struct Sample {
  bool quiet = false;
  std::string output;
  std::optional<std::string> filter;
  std::vector<std::string> policies;
  bool report = false;
  std::optional<std::string> report_file;
  size_t size = 0;
  size_t total = 0;
};

using Row = Option<Sample>;

std::optional<std::string> read_size(std::string_view value, Sample& sample) {
  sample.size = value.size();
  return value == "bad" ? std::optional<std::string>("not a size") : std::nullopt;
}

std::optional<std::string> add_size(std::string_view value, Sample& sample) {
  sample.total += value.size();
  return value == "bad" ? std::optional<std::string>("not a size") : std::nullopt;
}

constexpr Row kQuiet = {"--quiet", 'q', "", "less", &Sample::quiet};
constexpr Row kOutput = {"--output", 'o', "OUT", "where to", &Sample::output};
constexpr Row kFilter = {"--filter", 0, "FILE", "a filter", &Sample::filter};
constexpr Row kPolicy = {"--policy", 'p', "FILE", "a policy", &Sample::policies};
constexpr Row kReport = {"--report", 0, "[=FILE]", "a report",
                         Row::WithOrWithout{&Sample::report, &Sample::report_file}};
constexpr Row kSize = {"--size", 0, "N", "a size", Row::Once{read_size}};
constexpr Row kTotal = {"--total", 0, "N", "a size", Row::Each{add_size}};

Given given(std::vector<std::string> values) {
  return {values.size(), std::move(values)};
}

/// What is wrong with the values of an option; empty: nothing.
std::string error_of(const Row& row, const Given& values) {
  Sample sample;
  return store(row, values, sample).value_or("");
}

TEST(OptionTable, PutsWhatIsGivenIntoItsPlace) {
  Sample sample;
  EXPECT_EQ(store(kQuiet, {1, {}}, sample), std::nullopt);
  EXPECT_EQ(store(kOutput, given({"a"}), sample), std::nullopt);
  EXPECT_EQ(store(kFilter, given({"b"}), sample), std::nullopt);
  EXPECT_EQ(store(kPolicy, given({"c", "d"}), sample), std::nullopt);
  EXPECT_EQ(store(kSize, given({"four"}), sample), std::nullopt);
  EXPECT_EQ(store(kTotal, given({"1", "22", "333"}), sample), std::nullopt);
  EXPECT_TRUE(sample.quiet);
  EXPECT_EQ(sample.output, "a");
  EXPECT_EQ(sample.filter, "b");
  EXPECT_EQ(sample.policies, (std::vector<std::string>{"c", "d"}));
  EXPECT_EQ(sample.size, 4U);
  EXPECT_EQ(sample.total, 6U);
  EXPECT_FALSE(sample.report);
}

TEST(OptionTable, LeavesAloneWhatIsNotGiven) {
  Sample sample;
  sample.output = "before";
  for (const Row& row : {kQuiet, kOutput, kFilter, kPolicy, kReport, kSize, kTotal}) {
    EXPECT_EQ(store(row, {}, sample), std::nullopt);
  }
  EXPECT_FALSE(sample.quiet || sample.report || sample.filter || sample.report_file);
  EXPECT_EQ(sample.output, "before");
}

TEST(OptionTable, AnOptionMayStandWithoutItsValueOnlyIfItSaysSo) {
  Sample sample;
  EXPECT_EQ(store(kReport, {1, {}}, sample), std::nullopt);
  EXPECT_TRUE(sample.report);
  EXPECT_EQ(sample.report_file, std::nullopt);
  EXPECT_EQ(store(kReport, {2, {"file"}}, sample), std::nullopt);
  EXPECT_EQ(sample.report_file, "file");
  for (const Row& row : {kOutput, kFilter, kPolicy, kSize, kTotal}) {
    EXPECT_EQ(error_of(row, {1, {}}), "option '" + std::string(row.name) + "' needs a value");
  }
}

TEST(OptionTable, NoValueIsEmpty) {
  for (const Row& row : {kOutput, kFilter, kPolicy, kReport, kSize, kTotal}) {
    EXPECT_EQ(error_of(row, given({""})), "option '" + std::string(row.name) + "' needs a value");
  }
  EXPECT_EQ(error_of(kPolicy, given({"a", ""})), "option '--policy' needs a value");
}

TEST(OptionTable, OneValueIsNotTwo) {
  for (const Row& row : {kOutput, kFilter, kReport, kSize}) {
    EXPECT_EQ(error_of(row, given({"a", "b"})), "option '" + std::string(row.name) + "' is given more than once");
  }
  EXPECT_EQ(error_of(kQuiet, {2, {}}), "");
}

TEST(OptionTable, AnErrorOfAReaderIsReported) {
  EXPECT_EQ(error_of(kSize, given({"bad"})), "not a size");
  EXPECT_EQ(error_of(kTotal, given({"good", "bad"})), "not a size");
}

TEST(OptionTable, RowsAreHeldAgainstOneAnother) {
  constexpr Row kGood[] = {kQuiet, kOutput, kFilter, kPolicy, kReport, kSize, kTotal};
  EXPECT_TRUE(is_consistent(kGood));
  constexpr Row kSameMember[] = {kOutput, {"--target", 0, "OUT", "where to", &Sample::output}};
  EXPECT_FALSE(is_consistent(kSameMember));
  constexpr Row kSameReader[] = {kSize, {"--length", 0, "N", "a size", Row::Once{read_size}}};
  EXPECT_FALSE(is_consistent(kSameReader));
  constexpr Row kSameName[] = {kOutput, {"--output", 0, "FILE", "a filter", &Sample::filter}};
  EXPECT_FALSE(is_consistent(kSameName));
  constexpr Row kSameLetter[] = {kOutput, {"--filter", 'o', "FILE", "a filter", &Sample::filter}};
  EXPECT_FALSE(is_consistent(kSameLetter));
  constexpr Row kFlagWithType[] = {{"--quiet", 0, "N", "less", &Sample::quiet}};
  EXPECT_FALSE(is_consistent(kFlagWithType));
  constexpr Row kValueWithoutType[] = {{"--output", 0, "", "where to", &Sample::output}};
  EXPECT_FALSE(is_consistent(kValueWithoutType));
  constexpr Row kNeededInBrackets[] = {{"--output", 0, "[=OUT]", "where to", &Sample::output}};
  EXPECT_FALSE(is_consistent(kNeededInBrackets));
  constexpr Row kWithoutDashes[] = {{"quiet", 0, "", "less", &Sample::quiet}};
  EXPECT_FALSE(is_consistent(kWithoutDashes));
}

}  // namespace
}  // namespace sandbox::command_line
