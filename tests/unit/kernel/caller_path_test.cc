#include "kernel/caller_path.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "support/temporary_directory.h"

namespace sandbox::kernel {
namespace {

// tests/differential/landlock_account_test.cc tries random paths of other processes; here is what each option means.
class CallerPath : public ::testing::Test {
 protected:
  CallerPath() {
    directory_.make_directory("a/b");
    directory_.write("a/file", "text");
    EXPECT_EQ(symlink("file", at("a/link").c_str()), 0);
    EXPECT_EQ(symlink("nowhere", at("a/dangling").c_str()), 0);
  }

  [[nodiscard]] std::string at(const std::string& name) const { return directory_.path(name); }

  /// The path that is found, with "!" in front of what is missing; the errno's name else.
  [[nodiscard]] std::string found(const std::string& path, const LookupOptions& options = {},
                                  int from = AT_FDCWD) const {
    const auto result = find_path(caller_, from, path, options);
    if (!result) return strerrorname_np(result.error());
    std::string text = path_text(*result);
    const std::string base = at("");
    if (text.starts_with(base)) text.erase(0, base.size());
    return (result->status ? "" : "!") + text;
  }

  testing::TemporaryDirectory directory_;
  CallerFiles caller_{gettid()};
};

TEST_F(CallerPath, FollowsLinksAsAsked) {
  EXPECT_EQ(found(at("a/link")), "a/file");
  EXPECT_EQ(found(at("a/link"), {.follow = false}), "a/link");
  EXPECT_EQ(found(at("a/link/"), {.follow = false}), "ENOTDIR");
  EXPECT_EQ(found(at("a/link/"), {.follow = false, .entry = true}), "a/link");
  EXPECT_EQ(found(at("a/b/../link")), "a/file");
  EXPECT_EQ(found(at("a/file/x")), "ENOTDIR");
}

TEST_F(CallerPath, OfWhatIsMissingTheDirectoryIsThere) {
  EXPECT_EQ(found(at("a/new")), "ENOENT");
  EXPECT_EQ(found(at("a/new"), {.may_lack = true}), "!a/new");
  EXPECT_EQ(found(at("a/dangling"), {.may_lack = true}), "!a/nowhere");
  EXPECT_EQ(found(at("missing/new"), {.may_lack = true}), "ENOENT");
}

TEST_F(CallerPath, BeginsAtDescriptors) {
  const UniqueFd folder(open(at("a").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  EXPECT_EQ(found("link", {}, folder.get()), "a/file");
  EXPECT_EQ(found("", {}, folder.get()), "ENOENT");
  EXPECT_EQ(found("", {.empty_path = true}, folder.get()), "a");
  EXPECT_EQ(found("link", {}, 9999), "EBADF");
  EXPECT_EQ(found("/proc/self/fd/" + std::to_string(folder.get()) + "/b"), "a/b");
  EXPECT_EQ(found("/proc/thread-self/fd/" + std::to_string(folder.get())), "a");
}

TEST_F(CallerPath, KeepsToWhatOpenat2IsTold) {
  const UniqueFd folder(open(at("a").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  EXPECT_EQ(found("b/../..", {.resolve = RESOLVE_BENEATH}, folder.get()), "EXDEV");
  EXPECT_EQ(found("/b", {.resolve = RESOLVE_BENEATH}, folder.get()), "EXDEV");
  EXPECT_EQ(found("/../b", {.resolve = RESOLVE_IN_ROOT}, folder.get()), "a/b");
  EXPECT_EQ(found("link", {.resolve = RESOLVE_NO_SYMLINKS}, folder.get()), "ELOOP");
  EXPECT_EQ(found("/proc/self/cwd", {.resolve = RESOLVE_NO_MAGICLINKS}), "ELOOP");
  EXPECT_EQ(found("/proc/self", {.resolve = RESOLVE_NO_XDEV}), "EXDEV");
}

TEST_F(CallerPath, LinksThatGoRoundEnd) {
  ASSERT_EQ(symlink("round", at("round").c_str()), 0);
  EXPECT_EQ(found(at("round")), "ELOOP");
  EXPECT_EQ(found(std::string(5000, 'x')), "ENAMETOOLONG");
  EXPECT_EQ(found("/" + std::string(300, 'x')), "ENAMETOOLONG");
}

TEST_F(CallerPath, IsNotOfAThreadThatIsGone) {
  EXPECT_TRUE(caller_.valid());
  EXPECT_TRUE(caller_.same_user());
  EXPECT_FALSE(CallerFiles(0x3fffffff).valid());
}

}  // namespace
}  // namespace sandbox::kernel
