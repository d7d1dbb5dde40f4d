#include "kernel/landlock_account.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdarg>
#include <string>

#include "support/temporary_directory.h"

namespace {
size_t opened = 0;
}  // namespace

/// In place of the C library's: how much an account costs is counted.
extern "C" int openat(int directory, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = va_arg(arguments, unsigned);
  va_end(arguments);
  ++opened;
  return static_cast<int>(syscall(SYS_openat, directory, path, flags, mode));
}

namespace sandbox::kernel {
namespace {

using arch::file_right::kMakeDir;
using arch::file_right::kReadFile;
using report::LandlockCall;

// tests/differential/landlock_account_test.cc compares the account with the kernel. Here is what it costs at most: the
// program decides how deep its files lie, and everything else that it calls waits meanwhile.
class LandlockAccountLimits : public ::testing::Test {
 protected:
  LandlockAccountLimits() : before_(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    EXPECT_EQ(chdir(directory_.path("").c_str()), 0);
  }
  ~LandlockAccountLimits() override { EXPECT_EQ(fchdir(before_.get()), 0); }

  /// Makes directories, one in the other, and stays in the last.
  static void go_down(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      ASSERT_EQ(mkdir("d", 0777), 0);
      ASSERT_EQ(chdir("d"), 0);
    }
  }

  /// The errno of the account of the call, 0 for none; `opened` is how many files it has opened.
  static int error_of(const LandlockCall& call) {
    resolve::PlacedRuleset layer;
    layer.handled_files = kReadFile | kMakeDir;
    const CallerFiles caller(gettid());
    opened = 0;
    EXPECT_FALSE(is_plainly_allowed(caller, call, {&layer, 1}));
    const auto account = account_of(caller, call, {&layer, 1});
    return account ? 0 : account.error();
  }

  static int error_of_mkdir(const std::string& path) {
    LandlockCall call;
    call.kind = LandlockCall::Kind::kMake;
    call.rights = kMakeDir;
    call.path.text = path;
    return error_of(call);
  }

  testing::TemporaryDirectory directory_;
  UniqueFd before_;
};

constexpr size_t kMaxOpened = kMaxSteps + 10;

TEST_F(LandlockAccountLimits, DirectoriesAboveAFile) {
  go_down(kMaxSteps - 10);
  EXPECT_EQ(error_of_mkdir("new"), 0);
  EXPECT_GT(opened, kMaxSteps - 10);
  EXPECT_LT(opened, kMaxOpened);
  go_down(100);
  EXPECT_EQ(error_of_mkdir("new"), kTooFar);
  EXPECT_LT(opened, kMaxOpened);
}

TEST_F(LandlockAccountLimits, ComponentsOfAPathAndOfItsLinks) {
  std::string path;
  for (size_t i = 0; i < kMaxSteps + 1; ++i) path += "./";
  EXPECT_EQ(error_of_mkdir(path + "new"), kTooFar);
  EXPECT_LT(opened, kMaxOpened);

  ASSERT_EQ(mkdir("d", 0777), 0);
  path.clear();
  for (size_t i = 0; i < 50; ++i) path += "d/../";
  ASSERT_EQ(symlink((path + "d").c_str(), "once"), 0);
  ASSERT_EQ(symlink((path + "once").c_str(), "twice"), 0);
  EXPECT_EQ(error_of_mkdir("once/new"), 0);
  EXPECT_EQ(error_of_mkdir("twice/new"), kTooFar);
  EXPECT_LT(opened, kMaxOpened);
}

TEST_F(LandlockAccountLimits, LongAbsolutePaths) {
  LandlockCall call;
  for (size_t i = 0; i < kMaxSteps + 1; ++i) call.path.text += "/d";
  EXPECT_EQ(error_of(call), 0);  // There is none, and the kernel denies nothing.
  call.path.text = std::string(2 * kMaxSteps, '/') + "proc";
  for (size_t i = 0; i < kMaxSteps; ++i) call.path.text += "/../proc";
  EXPECT_EQ(error_of(call), kTooFar);
  EXPECT_LT(opened, kMaxOpened);
}

}  // namespace
}  // namespace sandbox::kernel
