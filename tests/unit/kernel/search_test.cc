// The search for a command: PATH, permissions, and which exit status a failure has.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "kernel/target.h"
#include "support/as_nobody.h"
#include "support/temporary_directory.h"

namespace sandbox::kernel {
namespace {

using testing::AsNobody;
using testing::TemporaryDirectory;

constexpr char kScript[] = "#!/bin/sh\n";

/// "PATH", or "STATUS: MESSAGE".
std::string find(const std::string& name, const char* search_path) {
  const auto found = find_target(name, search_path);
  return found ? found->path : std::to_string(found.error().exit_status) + ": " + found.error().message;
}

/// Three directories: `empty`, and two with a program called `tool`.
class Search : public ::testing::Test {
 protected:
  [[nodiscard]] std::string in(const std::string& name) const { return directory_.path(name); }

  TemporaryDirectory directory_;
  std::string empty_ = directory_.make_directory("empty");
  std::string first_ = directory_.make_directory("first");
  std::string second_ = directory_.make_directory("second");
  std::string first_tool_ = directory_.write("first/tool", kScript, 0755);
  std::string second_tool_ = directory_.write("second/tool", kScript, 0755);
};

TEST_F(Search, TakesTheFirstInTheOrderOfPath) {
  EXPECT_EQ(find("tool", (first_ + ":" + second_).c_str()), first_tool_);
  EXPECT_EQ(find("tool", (second_ + ":" + first_).c_str()), second_tool_);
  EXPECT_EQ(find("tool", (empty_ + ":/no/such/folder:" + second_).c_str()), second_tool_);
}

TEST_F(Search, PassesOverElementsThatAreNoDirectories) {
  EXPECT_EQ(find("tool", (first_tool_ + ":" + second_).c_str()), second_tool_);
}

TEST_F(Search, SaysThatNothingWasFound) {
  EXPECT_EQ(find("tool", empty_.c_str()), "127: cannot find 'tool': no such program in PATH");
  EXPECT_EQ(find("tool", (empty_ + "::/no/such/folder").c_str()), "127: cannot find 'tool': no such program in PATH");
}

TEST_F(Search, TakesAnEmptyElementAsTheWorkingDirectory) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(first_);
  for (const std::string& path : {std::string(), empty_ + ":", ":" + empty_, empty_ + "::" + second_}) {
    EXPECT_EQ(find("tool", path.c_str()), "tool") << path;
  }
  EXPECT_EQ(find("tool", empty_.c_str()), "127: cannot find 'tool': no such program in PATH");
  std::filesystem::current_path(before);
}

TEST_F(Search, UsesTheSystemsPathWhereNoneIsSet) {
  const std::string shell = find("sh", nullptr);
  EXPECT_TRUE(shell == "/bin/sh" || shell == "/usr/bin/sh") << shell;
}

TEST_F(Search, TakesANameWithASlashAsThePath) {
  EXPECT_EQ(find(first_tool_, second_.c_str()), first_tool_);
  EXPECT_EQ(find(in("none/tool"), first_.c_str()),
            "127: cannot find '" + in("none/tool") + "': No such file or directory");
  EXPECT_EQ(find(first_tool_ + "/x", first_.c_str()), "127: cannot find '" + first_tool_ + "/x': Not a directory");
}

TEST_F(Search, RefusesAnEmptyName) {
  EXPECT_EQ(find("", first_.c_str()), "127: cannot find '': the command's name is empty");
}

TEST_F(Search, RefusesADirectory) {
  EXPECT_EQ(find(first_, nullptr), "126: cannot execute '" + first_ + "': it is a directory");
}

TEST_F(Search, PassesOverADirectoryOfTheName) {
  std::filesystem::create_directories(in("empty/tool"));
  EXPECT_EQ(find("tool", (empty_ + ":" + first_).c_str()), first_tool_);
  EXPECT_EQ(find("tool", empty_.c_str()), "126: cannot execute '" + in("empty/tool") + "': it is a directory");
}

TEST_F(Search, RefusesWhatIsNoRegularFile) {
  ASSERT_EQ(mkfifo(in("pipe").c_str(), 0777), 0);
  EXPECT_EQ(find(in("pipe"), nullptr), "126: cannot execute '" + in("pipe") + "': it is not a regular file");
  EXPECT_EQ(find("/dev/null", nullptr), "126: cannot execute '/dev/null': it is not a regular file");
}

TEST_F(Search, RefusesAFileThatNobodyMayExecute) {
  directory_.write("empty/tool", kScript, 0644);
  EXPECT_EQ(find(in("empty/tool"), nullptr),
            "126: cannot execute '" + in("empty/tool") + "': it is not executable (chmod +x?)");
}

TEST_F(Search, RemembersTheFirstRefusalButPrefersAProgramBehindIt) {
  directory_.write("empty/tool", kScript, 0644);
  const std::string third = directory_.make_directory("third");
  std::filesystem::create_directories(third + "/tool");
  EXPECT_EQ(find("tool", (empty_ + ":" + third + ":" + second_).c_str()), second_tool_);
  EXPECT_EQ(find("tool", (empty_ + ":" + third + ":/no/such/folder").c_str()),
            "126: cannot execute '" + in("empty/tool") + "': it is not executable (chmod +x?)");
}

TEST_F(Search, SaysThatPermissionIsDenied) {
  // For root a file that somebody may execute is executable; so root looks as nobody, and nobody as the owner.
  ASSERT_EQ(chmod(first_tool_.c_str(), geteuid() == 0 ? 0744 : 0055), 0);
  const AsNobody user;
  EXPECT_EQ(find(first_tool_, nullptr), "126: cannot execute '" + first_tool_ + "': permission denied");
  EXPECT_EQ(find("tool", (first_ + ":" + second_).c_str()), second_tool_);
}

// As shells say: what is in it cannot be found.
TEST_F(Search, PassesOverADirectoryThatMayNotBeSearched) {
  ASSERT_EQ(chmod(first_.c_str(), geteuid() == 0 ? 0744 : 0600), 0);
  {
    const AsNobody user;
    EXPECT_EQ(find("tool", (first_ + ":" + second_).c_str()), second_tool_);
    EXPECT_EQ(find("tool", (first_ + ":" + empty_).c_str()),
              "127: cannot find 'tool': no such program in PATH, of which '" + first_ + "' may not be searched");
    EXPECT_EQ(find(first_tool_, nullptr), "126: cannot execute '" + first_tool_ + "': Permission denied");
  }
  ASSERT_EQ(chmod(first_.c_str(), 0755), 0);
}

TEST_F(Search, FollowsSymbolicLinks) {
  std::filesystem::create_symlink(first_tool_, in("empty/tool"));
  EXPECT_EQ(find("tool", empty_.c_str()), in("empty/tool")) << "the name by which it was found, for argv[0] users";
  std::filesystem::create_symlink("loop", in("empty/loop"));
  EXPECT_EQ(find(in("empty/loop"), nullptr),
            "126: cannot execute '" + in("empty/loop") + "': Too many levels of symbolic links");
  std::filesystem::create_symlink("gone", in("empty/dangling"));
  EXPECT_EQ(find(in("empty/dangling"), nullptr),
            "127: cannot find '" + in("empty/dangling") + "': No such file or directory");
}

TEST_F(Search, MakesNamesPrintable) {
  EXPECT_EQ(find("a\x1B[2J\n", empty_.c_str()), "127: cannot find 'a\\x1b[2J\\n': no such program in PATH");
}

TEST(ExecFailureReason, IsAlwaysAText) {
  for (int number = 0; number < 4096; ++number) EXPECT_NE(exec_failure_reason(number), nullptr);
  EXPECT_STREQ(exec_failure_reason(7), "Argument list too long");
}

}  // namespace
}  // namespace sandbox::kernel
