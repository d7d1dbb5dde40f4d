#include "base/edit_distance.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace sandbox {
namespace {

using Names = std::array<std::string_view, 4>;

constexpr Names kCalls = {"open", "openat", "openat2", "socket"};

TEST(EditDistance, CountsEachKindOfEditOnce) {
  EXPECT_EQ(edit_distance("openat", "openat"), 0U);
  EXPECT_EQ(edit_distance("openat", "opnat"), 1U);
  EXPECT_EQ(edit_distance("openat", "openatt"), 1U);
  EXPECT_EQ(edit_distance("openat", "openit"), 1U);
  EXPECT_EQ(edit_distance("openat", "opneat"), 1U) << "a swap of neighbours";
}

TEST(EditDistance, IsSymmetric) {
  EXPECT_EQ(edit_distance("socketpair", "socket"), 4U);
  EXPECT_EQ(edit_distance("socket", "socketpair"), 4U);
}

TEST(EditDistance, OfAnEmptyNameIsTheOthersLength) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "read"), 4U);
  EXPECT_EQ(edit_distance("read", ""), 4U);
}

TEST(EditDistance, IgnoresTheCaseOfAsciiLetters) {
  EXPECT_EQ(edit_distance("BitsSet", "bitsset"), 0U);
  EXPECT_EQ(edit_distance("@", "`"), 1U) << "32 apart like a letter's cases, but no letters";
}

TEST(EditDistance, EditsNoPlaceTwice) {
  EXPECT_EQ(edit_distance("ca", "abc"), 3U) << "optimal string alignment; 2 if a swapped pair could be split again";
}

TEST(NearestName, FindsTheNearest) {
  EXPECT_EQ(nearest_name("opnat", kCalls), "openat");
  EXPECT_EQ(nearest_name("opena2", kCalls), "openat") << "as near as openat2: the first of equals";
  EXPECT_EQ(nearest_name("openat22", kCalls), "openat2");
}

TEST(NearestName, GivesTheCandidateItselfAtDistanceZero) {
  EXPECT_EQ(nearest_name("SOCKET", kCalls), "socket");
}

TEST(NearestName, IsNoneBeyondAThirdOfTheLongerName) {
  constexpr std::array<std::string_view, 1> kName = {"abcdef"};
  EXPECT_EQ(nearest_name("abcdxx", kName), "abcdef");
  EXPECT_EQ(nearest_name("abcxxx", kName), std::nullopt);
  constexpr std::array<std::string_view, 1> kShort = {"dup"};
  EXPECT_EQ(nearest_name("dap", kShort), "dup");
  EXPECT_EQ(nearest_name("da", kShort), std::nullopt);
}

TEST(NearestName, IsNoneBeyondThreeEdits) {
  constexpr std::array<std::string_view, 1> kName = {"abcdefghijklmnop"};
  EXPECT_EQ(nearest_name("xxxdefghijklmnop", kName), "abcdefghijklmnop");
  EXPECT_EQ(nearest_name("xxxxefghijklmnop", kName), std::nullopt);
}

TEST(NearestName, IsNoneForEmptyAndOverlongNames) {
  EXPECT_EQ(nearest_name("", kCalls), std::nullopt);
  const std::string longest(64, 'a');
  const std::string longer(65, 'a');
  const std::array<std::string_view, 1> candidate = {longest};
  EXPECT_EQ(nearest_name(longest, candidate), longest);
  EXPECT_EQ(nearest_name(longer, candidate), std::nullopt);
}

TEST(NearestName, IsNoneWithoutCandidates) {
  EXPECT_EQ(nearest_name("open", {}), std::nullopt);
}

TEST(Suggestions, LooksUpTwentyNamesAndEachOnce) {
  Suggestions suggestions;
  EXPECT_EQ(suggestions.nearest("calls", "opnat", kCalls), "openat");
  size_t asked = 1;
  const auto candidates = [&] {
    ++asked;
    return std::vector<std::string_view>(kCalls.begin(), kCalls.end());
  };
  for (int i = 0; i < 100; ++i) suggestions.nearest("calls", "sockt" + std::to_string(i), candidates);
  EXPECT_EQ(asked, Suggestions::kMaxCount);
  EXPECT_EQ(suggestions.nearest("calls", "sockt7", candidates), "socket") << "known";
  EXPECT_EQ(suggestions.nearest("calls", "opnat", candidates), "openat") << "known";
  EXPECT_EQ(suggestions.nearest("calls", "openatt", candidates), std::nullopt) << "one too many";
  EXPECT_EQ(asked, Suggestions::kMaxCount);
}

TEST(Suggestions, TellsListsApart) {
  constexpr std::array<std::string_view, 1> kOther = {"opnat2"};
  Suggestions suggestions;
  EXPECT_EQ(suggestions.nearest("calls", "opnat", kCalls), "openat");
  EXPECT_EQ(suggestions.nearest("others", "opnat", kOther), "opnat2");
}

}  // namespace
}  // namespace sandbox
