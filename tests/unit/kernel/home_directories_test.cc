#include "kernel/home_directories.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "kernel/landlock.h"
#include "support/temporary_directory.h"

namespace sandbox::kernel {
namespace {

TEST(HomeInPasswd, IsFoundByTheNumberOfTheUser) {
  constexpr const char* kText =
      "root:x:0:0:root:/root:/bin/bash\n"
      "# comment\n"
      "short:x:7\n"
      "u:x:1000:1000:A User,,,:/home/u:/bin/sh\n"
      "relative:x:1001:1001::home:/bin/sh\n"
      "last:x:1002:1002::/srv/last";
  EXPECT_EQ(home_in_passwd(kText, "0"), "/root");
  EXPECT_EQ(home_in_passwd(kText, "1000"), "/home/u");
  EXPECT_EQ(home_in_passwd(kText, "1001"), "");
  EXPECT_EQ(home_in_passwd(kText, "1002"), "/srv/last");
  EXPECT_EQ(home_in_passwd(kText, "7"), "");
  EXPECT_EQ(home_in_passwd(kText, "100"), "");
  EXPECT_EQ(home_in_passwd("", "0"), "");
}

/// With another HOME as long as it lives.
class WithHome {
 public:
  explicit WithHome(const std::string& home) : before_(std::getenv("HOME") != nullptr ? std::getenv("HOME") : "") {
    setenv("HOME", home.c_str(), 1);
  }
  ~WithHome() { setenv("HOME", before_.c_str(), 1); }
  WithHome(const WithHome&) = delete;
  WithHome& operator=(const WithHome&) = delete;

 private:
  std::string before_;
};

std::string described(const std::string& path) {
  const auto opened = open_path(path);
  return opened ? HomeDirectories().describe(opened->id).value_or("nothing") : "not opened";
}

TEST(HomeDirectories, AreFoundByAnyName) {
  const testing::TemporaryDirectory directory;
  const std::string above = directory.make_directory("above");
  const std::string home = directory.make_directory("above/home");
  const std::string work = directory.make_directory("above/home/work");
  const std::string link = directory.path("link");
  ASSERT_EQ(symlink(home.c_str(), link.c_str()), 0);
  const WithHome with(link);
  EXPECT_EQ(described(home), "is the home directory '" + link + "'");
  EXPECT_EQ(described(link), "is the home directory '" + link + "'");
  EXPECT_EQ(described(above), "holds the home directory '" + link + "'");
  EXPECT_EQ(described(work), "nothing");
  EXPECT_EQ(described(work + "/../.."), described(above));
  EXPECT_EQ(described("/"), "is the root directory");
  EXPECT_EQ(described("/usr"), "nothing");
}

TEST(HomeDirectories, OneThatIsMissingIsLeftOut) {
  const testing::TemporaryDirectory directory;
  const WithHome with(directory.path("missing"));
  EXPECT_EQ(described(directory.path(".")), "nothing");
}

}  // namespace
}  // namespace sandbox::kernel
