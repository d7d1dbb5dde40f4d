#include "profiles/profiles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

namespace sandbox::profiles {
namespace {

std::string file_text(const std::string& name) {
  std::ifstream file(std::string(SANDBOX_RUN_POLICIES "/") + name, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(Profiles, HoldTheirFilesByteForByte) {
  for (const Profile& profile : all_profiles()) {
    EXPECT_EQ(profile.text, file_text(std::string(profile.name) + ".yml")) << profile.name;
  }
}

TEST(Profiles, AreSummedUpByTheirFirstComment) {
  for (const Profile& profile : all_profiles()) {
    EXPECT_FALSE(profile.summary.empty()) << profile.name;
    EXPECT_TRUE(profile.text.starts_with("# " + std::string(profile.summary) + "\n")) << profile.name;
  }
}

TEST(Profiles, AreSortedByName) {
  const auto profiles = all_profiles();
  EXPECT_TRUE(std::is_sorted(profiles.begin(), profiles.end(),
                             [](const Profile& a, const Profile& b) { return a.name < b.name; }));
}

TEST(Profiles, ACombinationIsFoundByItsNamesInOrder) {
  const std::string_view names[] = {"default", "no-network", "no-exec"};
  const Profile* combination = find_combination(names);
  ASSERT_NE(combination, nullptr);
  EXPECT_EQ(combination->name, "default+no-network+no-exec");
  const std::string_view others[] = {"no-exec", "default"};
  EXPECT_EQ(find_combination(others), nullptr);
  EXPECT_EQ(find_profile("default+no-exec"), nullptr) << "it is no profile that can be named";
}

TEST(Profiles, AreFoundByName) {
  for (const Profile& profile : all_profiles()) EXPECT_EQ(find_profile(profile.name), &profile);
  EXPECT_NE(find_profile(kDefaultProfile), nullptr);
  EXPECT_EQ(find_profile("Default"), nullptr);
  EXPECT_EQ(find_profile(""), nullptr);
}

}  // namespace
}  // namespace sandbox::profiles
