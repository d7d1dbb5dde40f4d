#include "base/trusted_path.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "support/temporary_directory.h"

namespace sandbox {
namespace {

/// A file in a folder in a folder, all of the user's own.
class TrustedPath : public ::testing::Test {
 protected:
  [[nodiscard]] std::string why() const { return distrust(file_, geteuid()).value_or(""); }

  testing::TemporaryDirectory directory_;
  std::string folder_ = directory_.make_directory("folder");
  std::string file_ = directory_.write("folder/file", "text");
};

TEST_F(TrustedPath, TheUsersOwn) {
  EXPECT_EQ(why(), "");
  EXPECT_EQ(distrust("/etc/passwd", geteuid()), std::nullopt) << "root's";
}

TEST_F(TrustedPath, WhatOthersMayWrite) {
  for (const mode_t mode : {0664, 0646}) {
    ASSERT_EQ(chmod(file_.c_str(), mode), 0);
    EXPECT_EQ(why(), "'" + file_ + "' may be written by other users (chmod go-w '" + file_ + "')");
  }
  ASSERT_EQ(chmod(file_.c_str(), 0644), 0);
  for (const mode_t mode : {0775, 0757}) {
    ASSERT_EQ(chmod(folder_.c_str(), mode), 0);
    EXPECT_EQ(why(), "'" + folder_ + "' may be written by other users (chmod go-w '" + folder_ + "')");
  }
}

// As /tmp, in which this folder stands: others may add files, but not replace this one.
TEST_F(TrustedPath, AStickyFolder) {
  ASSERT_EQ(chmod(folder_.c_str(), 01777), 0);
  EXPECT_EQ(why(), "");
  ASSERT_EQ(chmod(file_.c_str(), 01666), 0);
  EXPECT_NE(why(), "") << "the bit means nothing on a file";
}

TEST_F(TrustedPath, AnotherUsers) {
  EXPECT_EQ(distrust(file_, geteuid() + 1).value_or(""),
            geteuid() == 0 ? "" : "'" + file_ + "' belongs to another user (" + std::to_string(geteuid()) + ")");
  if (geteuid() != 0) return;
  ASSERT_EQ(chown(file_.c_str(), 65534, 65534), 0);
  EXPECT_EQ(why(), "'" + file_ + "' belongs to another user (65534)");
  ASSERT_EQ(chown(file_.c_str(), 0, 0), 0);
  ASSERT_EQ(chown(folder_.c_str(), 65534, 65534), 0);
  EXPECT_EQ(why(), "'" + folder_ + "' belongs to another user (65534)");
}

TEST_F(TrustedPath, ALinkCountsWithWhereItLeadsAndWhereItStands) {
  const std::string open = directory_.make_directory("open");
  ASSERT_EQ(chmod(open.c_str(), 0777), 0);
  const std::string file = directory_.write("open/file", "text");
  std::filesystem::create_symlink(file, folder_ + "/to_open");
  std::filesystem::create_symlink(file_, open + "/from_open");
  const std::string expected = "'" + open + "' may be written by other users (chmod go-w '" + open + "')";
  EXPECT_EQ(distrust(folder_ + "/to_open", geteuid()), expected);
  EXPECT_EQ(distrust(open + "/from_open", geteuid()), expected);
}

// Such as HOME/.config, where HOME is another user's still: who owns the link could turn it round after the check.
TEST_F(TrustedPath, ALinkOnTheWayCountsAsWell) {
  const std::string open = directory_.make_directory("open");
  std::filesystem::create_symlink("../folder", open + "/way");
  const std::string path = open + "/way/../folder/./file";
  EXPECT_EQ(distrust(path, geteuid()), std::nullopt);
  ASSERT_EQ(chmod(open.c_str(), 0777), 0);
  EXPECT_EQ(distrust(path, geteuid()), "'" + open + "' may be written by other users (chmod go-w '" + open + "')");
  ASSERT_EQ(chmod(open.c_str(), 01777), 0);
  EXPECT_EQ(distrust(path, geteuid()), std::nullopt);
  if (geteuid() != 0) return;
  ASSERT_EQ(lchown((open + "/way").c_str(), 65534, 65534), 0);
  EXPECT_EQ(distrust(path, geteuid()), "'" + open + "/way' belongs to another user (65534)");
}

TEST_F(TrustedPath, LinksThatLeadNowhere) {
  std::filesystem::create_symlink("loop", folder_ + "/loop");
  EXPECT_EQ(distrust(folder_ + "/loop", geteuid()), "'" + folder_ + "/loop': Too many levels of symbolic links");
  std::filesystem::create_symlink("none", folder_ + "/to_none");
  EXPECT_EQ(distrust(folder_ + "/to_none", geteuid()), "'" + folder_ + "/none': No such file or directory");
}

TEST_F(TrustedPath, ARelativePath) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder_);
  EXPECT_EQ(distrust("file", geteuid()), std::nullopt);
  EXPECT_EQ(distrust("none", geteuid()), "'" + folder_ + "/none': No such file or directory");
  std::filesystem::current_path(before);
}

TEST_F(TrustedPath, WhatIsNotThere) {
  EXPECT_EQ(distrust(folder_ + "/none", geteuid()), "'" + folder_ + "/none': No such file or directory");
}

}  // namespace
}  // namespace sandbox
