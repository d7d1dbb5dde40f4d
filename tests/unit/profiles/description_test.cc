#include "profiles/description.h"

#include <gtest/gtest.h>

#include "profiles/profiles.h"

namespace sandbox::profiles {
namespace {

TEST(Description, IsReadFromTheComment) {
  const Description read = describe(
      "# Serves pages.\r\n"
      "#\n"
      "# For:    servers of\n"
      "#         pages\n"
      "# Allows: sockets\n"
      "# Denies: all else\n"
      "# Files:  --ro /srv\n"
      "#         --rw /tmp\n"
      "#\n"
      "# Denies nothing more, by the way.\n"
      "seccomp:\n"
      "# Allows: no such thing\n");
  EXPECT_EQ(read.summary, "Serves pages.");
  EXPECT_EQ(read.for_whom, "servers of pages");
  EXPECT_EQ(read.allows, "sockets");
  EXPECT_EQ(read.denies, "all else");
  EXPECT_EQ(read.files, "--ro /srv --rw /tmp");
}

TEST(Description, OfATextThatSaysNothing) {
  for (const char* text : {"", "seccomp:\n", "\n# late\n"}) EXPECT_EQ(describe(text).summary, "") << text;
  EXPECT_EQ(describe("# only this").summary, "only this");
  EXPECT_EQ(describe("# only this").files, "");
  EXPECT_EQ(describe("#\n# Denies: x").denies, "x");
}

TEST(Description, EachProfileSaysWhatItIsFor) {
  for (const Profile& profile : all_profiles()) {
    const Description read = describe(profile.text);
    EXPECT_EQ(read.summary, profile.summary);
    EXPECT_FALSE(read.for_whom.empty() || read.allows.empty() || read.denies.empty()) << profile.name;
  }
}

}  // namespace
}  // namespace sandbox::profiles
