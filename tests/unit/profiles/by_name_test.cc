#include "profiles/by_name.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/as_nobody.h"
#include "support/temporary_directory.h"

namespace sandbox::profiles {
namespace {

using Folders = std::vector<std::string>;

TEST(Places, AreTheUsersFolderAndTheMachines) {
  EXPECT_EQ(places(nullptr, "/home/u", 1000).folders, (Folders{"/home/u/.config/sandbox-run", "/etc/sandbox-run"}));
  EXPECT_EQ(places("/c", "/home/u", 1000).folders, (Folders{"/c/sandbox-run", "/etc/sandbox-run"}));
  EXPECT_EQ(places("/c", "/home/u", 1000).user, 1000U);
  EXPECT_EQ(places(nullptr, nullptr, 1000).folders, Folders{"/etc/sandbox-run"});
}

TEST(Places, AreAbsolute) {
  EXPECT_EQ(places("c", "u", 1000).folders, Folders{"/etc/sandbox-run"});
  EXPECT_EQ(places("", "", 1000).folders, Folders{"/etc/sandbox-run"});
  EXPECT_EQ(places("c", "/home/u", 1000).folders, (Folders{"/home/u/.config/sandbox-run", "/etc/sandbox-run"}));
}

TEST(Places, OfRootAreTheMachinesAlone) {
  EXPECT_EQ(places("/c", "/root", 0).folders, Folders{"/etc/sandbox-run"});
}

/// Two folders, of which the first comes first.
class ByName : public ::testing::Test {
 protected:
  /// "built in", a path below the directory, or the error.
  std::string find(std::string_view name) {
    const auto found = find_by_name(name, places_);
    if (!found) return found.error();
    if (found->built_in != nullptr) return "built in " + std::string(found->built_in->name);
    return found->path.substr(directory_.path("").size());
  }

  testing::TemporaryDirectory directory_;
  std::string first_ = directory_.make_directory("first");
  std::string second_ = directory_.make_directory("second");
  Places places_ = {{first_, second_}, geteuid()};
};

TEST_F(ByName, TheFirstPlaceThatHasItCounts) {
  EXPECT_EQ(find("default"), "built in default");
  directory_.write("second/default.yml", "");
  EXPECT_EQ(find("default"), "second/default.yml");
  directory_.write("first/default.yml", "");
  EXPECT_EQ(find("default"), "first/default.yml");
  directory_.write("second/web.yml", "");
  EXPECT_EQ(find("web"), "second/web.yml");
  EXPECT_EQ(find("no-exec"), "built in no-exec");
}

TEST_F(ByName, ANameIsNoPath) {
  const std::string expected = "' cannot be a profile's name: letters, digits, '.', '_' and '-'";
  EXPECT_EQ(find("../x"), "'../x" + expected + "; for a file, --policy ../x");
  EXPECT_EQ(find("/etc/passwd"), "'/etc/passwd" + expected + "; for a file, --policy /etc/passwd");
  EXPECT_EQ(find(""), "'" + expected);
  EXPECT_EQ(find("a b"), "'a b" + expected);
  EXPECT_EQ(find("d\u00e9faut"), "'d\u00e9faut" + expected);
  EXPECT_EQ(find(std::string("web\0x", 5)), "'web\\x00x" + expected);
}

TEST_F(ByName, AnUnknownNameIsAnswered) {
  directory_.write("first/web.yml", "");
  EXPECT_EQ(find("wep"), "unknown profile 'wep'; did you mean 'web'?");
  EXPECT_EQ(find("defalt"), "unknown profile 'defalt'; did you mean 'default'?");
  EXPECT_EQ(find("server.yml"), "unknown profile 'server.yml'; for a file, --policy server.yml");
  EXPECT_EQ(find("server"), "unknown profile 'server'; sandbox-run --list-profiles shows those there are");
}

// As sshd and sudo do with their files: an error, and no look at the places behind it.
TEST_F(ByName, WhatOthersMayWriteIsAnError) {
  const std::string file = directory_.write("first/default.yml", "", 0666);
  EXPECT_EQ(find("default"), file.substr(0) + ": is not used as a profile, since '" + file +
                                 "' may be written by other users (chmod go-w '" + file + "')")
      << file;
  ASSERT_EQ(chmod(file.c_str(), 0644), 0);
  ASSERT_EQ(chmod(first_.c_str(), 0777), 0);
  EXPECT_EQ(find("default"), file + ": is not used as a profile, since '" + first_ +
                                 "' may be written by other users (chmod go-w '" + first_ + "')");
}

// It would be waited for.
TEST_F(ByName, APipeIsAnError) {
  const std::string pipe = directory_.path("first/default.yml");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(find("default"), pipe + ": is not used as a profile, since it is no regular file");
}

// HOME is often root's still, where root has started a program as another user.
TEST_F(ByName, AHomeThatIsClosedIsPassedOver) {
  if (geteuid() != 0) GTEST_SKIP() << "needs another user's folder";
  ASSERT_EQ(chmod(first_.c_str(), 0), 0);
  const testing::AsNobody nobody;
  places_.user = geteuid();
  places_.folders = {first_ + "/.config/sandbox-run", second_};
  EXPECT_EQ(find("default"), "built in default");
}

// A profile of the user's own is not passed over since its folder was closed, as by a program that may call chmod.
TEST_F(ByName, AHomeOfTheUsersOwnThatIsClosedIsAnError) {
  ASSERT_TRUE(geteuid() != 0 || chown(first_.c_str(), 65534, 65534) == 0);
  ASSERT_EQ(chmod(first_.c_str(), 0), 0);
  places_.folders = {first_ + "/.config/sandbox-run", second_};
  std::string answer;
  {
    const testing::AsNobody nobody;
    places_.user = geteuid();
    answer = find("default");
  }
  ASSERT_EQ(chmod(first_.c_str(), 0755), 0);
  EXPECT_EQ(answer, first_ + "/.config/sandbox-run/default.yml: cannot be read: Permission denied");
}

TEST_F(ByName, AMachinesFolderThatIsClosedIsAnError) {
  ASSERT_EQ(chmod(second_.c_str(), 0), 0);
  std::string answer;
  {
    const testing::AsNobody nobody;
    answer = find("default");
  }
  ASSERT_EQ(chmod(second_.c_str(), 0755), 0);
  EXPECT_EQ(answer, second_ + "/default.yml: cannot be read: Permission denied");
}

TEST_F(ByName, AllAreListed) {
  directory_.write("second/default.yml", "");
  directory_.write("first/web.yml", "");
  directory_.write("first/readme.txt", "");
  directory_.write("first/a b.yml", "");
  std::string listed;
  for (const Listed& one : list_all(places_)) {
    listed += one.name + (one.found.built_in != nullptr ? " built in" : " file") + (one.hidden ? " hidden\n" : "\n");
  }
  // By their names.
  std::string expected;
  for (const Profile& profile : all_profiles()) {
    if (profile.name == kDefaultProfile) expected += "default file\ndefault built in hidden\n";
    if (profile.name != kDefaultProfile) expected += std::string(profile.name) + " built in\n";
  }
  EXPECT_EQ(listed, expected + "web file\n");
}

}  // namespace
}  // namespace sandbox::profiles
