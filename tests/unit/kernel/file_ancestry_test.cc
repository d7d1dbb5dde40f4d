#include "kernel/file_ancestry.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "support/temporary_directory.h"

namespace sandbox::kernel {
namespace {

using resolve::Ancestry;
using resolve::FileId;

class FileAncestry : public ::testing::Test {
 protected:
  [[nodiscard]] std::string at(const std::string& name) const { return directory_.path(name); }
  void make_directory(const std::string& name) const { std::filesystem::create_directories(at(name)); }
  void make_file(const std::string& name) const { std::ofstream(at(name)) << "text\n"; }

  [[nodiscard]] static FileId id_of(const std::string& path) {
    struct stat status = {};
    EXPECT_EQ(lstat(path.c_str(), &status), 0) << path;
    return {status.st_dev, status.st_ino};
  }

  /// Of the path and all above it, by name.
  [[nodiscard]] static Ancestry by_name(std::string path) {
    Ancestry all = {id_of(path)};
    while (path != "/") {
      path.erase(std::max<size_t>(path.rfind('/'), 1));
      if (path.ends_with('/') && path.size() > 1) path.pop_back();
      all.push_back(id_of(path));
    }
    return all;
  }

  [[nodiscard]] static UniqueFd open_path(const std::string& path, int flags = O_NOFOLLOW) {
    UniqueFd fd(open(path.c_str(), O_PATH | O_CLOEXEC | flags));
    EXPECT_TRUE(fd.valid()) << path;
    return fd;
  }

  static void expect_ancestry(int fd, const Ancestry& expected) {
    const auto found = ancestry_of(fd);
    ASSERT_TRUE(found) << found.error();
    ASSERT_TRUE(found->has_value());
    EXPECT_EQ(**found, expected);
  }

  /// Runs what mounts, in a mount namespace of its own. Skips where that is not allowed.
  static void with_mounts(const std::function<void()>& work) {
    const pid_t pid = fork();
    if (pid == 0) {
      if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) _exit(77);
      work();
      _exit(HasFailure() ? 1 : 0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "mounting is not permitted here";
    EXPECT_EQ(status, 0);
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(FileAncestry, GoesUpToTheRootByName) {
  make_directory("a/b");
  make_file("a/b/file");
  ASSERT_EQ(symlink("file", at("a/b/link").c_str()), 0);
  for (const char* name : {"a/b/file", "a/b/link", "a/b", "a"}) {
    SCOPED_TRACE(name);
    expect_ancestry(open_path(at(name)).get(), by_name(at(name)));
  }
  expect_ancestry(open_path("/").get(), {id_of("/")});
}

TEST_F(FileAncestry, EndsWhereItIsEnough) {
  make_directory("a/b");
  make_file("a/b/file");
  const Ancestry all = by_name(at("a/b/file"));
  const auto found =
      ancestry_of(open_path(at("a/b/file")).get(), [&](const Ancestry& so_far) { return so_far.back() == all[2]; });
  ASSERT_TRUE(found && *found);
  EXPECT_EQ(**found, Ancestry(all.begin(), all.begin() + 3));
}

TEST_F(FileAncestry, TakesTheNameThatWasUsedOfAFileWithTwo) {
  make_directory("a");
  make_directory("b");
  make_file("a/file");
  ASSERT_EQ(link(at("a/file").c_str(), at("b/other").c_str()), 0);
  expect_ancestry(open_path(at("a/file")).get(), by_name(at("a/file")));
  expect_ancestry(open_path(at("b/other")).get(), by_name(at("b/other")));
}

TEST_F(FileAncestry, FindsTheDirectoryOfARemovedFile) {
  make_directory("a");
  make_file("a/file");
  const Ancestry before = by_name(at("a/file"));
  const UniqueFd fd = open_path(at("a/file"));
  ASSERT_EQ(unlink(at("a/file").c_str()), 0);
  expect_ancestry(fd.get(), before);
  make_file("a/file");  // Another one.
  expect_ancestry(fd.get(), before);
}

TEST_F(FileAncestry, GoesUpFromARemovedDirectoryButNotFromItsRemovedFiles) {
  make_directory("a/b");
  make_file("a/b/file");
  const Ancestry before = by_name(at("a/b"));
  const UniqueFd file = open_path(at("a/b/file"));
  const UniqueFd folder = open_path(at("a/b"));
  std::filesystem::remove_all(at("a/b"));
  expect_ancestry(folder.get(), before);
  const auto found = ancestry_of(file.get());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error(), ESTALE);
}

TEST_F(FileAncestry, IsTrueOfAFileWhoseNameEndsAsThatOfARemovedOne) {
  make_directory("a");
  make_file("a/file (deleted)");
  expect_ancestry(open_path(at("a/file (deleted)")).get(), by_name(at("a/file (deleted)")));
}

TEST_F(FileAncestry, HasNothingForWhatTheKernelDoesNotRestrict) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reader(ends[0]);
  const UniqueFd writer(ends[1]);
  const UniqueFd socket_fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const UniqueFd memory(memfd_create("name", MFD_CLOEXEC));
  for (const int fd : {reader.get(), socket_fd.get(), memory.get()}) {
    const UniqueFd again = open_path("/proc/self/fd/" + std::to_string(fd), 0);
    const auto found = ancestry_of(again.get());
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->has_value());
  }
  const auto space = ancestry_of(open_path("/proc/self/ns/mnt", 0).get());
  ASSERT_TRUE(space);
  EXPECT_FALSE(space->has_value());
}

TEST_F(FileAncestry, LeavesOutWhatIsMountedOver) {
  with_mounts([&] {
    make_directory("over/mounted");
    make_directory("there/inner");
    make_file("there/file");
    const FileId hidden = id_of(at("over/mounted"));
    ASSERT_EQ(mount(at("there").c_str(), at("over/mounted").c_str(), nullptr, MS_BIND, nullptr), 0);
    const Ancestry expected = by_name(at("over/mounted/file"));
    EXPECT_EQ(std::ranges::find(expected, hidden), expected.end());
    expect_ancestry(open_path(at("over/mounted/file")).get(), expected);
    expect_ancestry(open_path(at("over/mounted/inner")).get(), by_name(at("over/mounted/inner")));
  });
}

TEST_F(FileAncestry, GoesUpFromAFileThatIsMounted) {
  with_mounts([&] {
    make_directory("a");
    make_directory("b");
    make_file("a/file");
    make_file("b/place");
    ASSERT_EQ(mount(at("a/file").c_str(), at("b/place").c_str(), nullptr, MS_BIND, nullptr), 0);
    expect_ancestry(open_path(at("b/place")).get(), by_name(at("b/place")));
  });
}

TEST_F(FileAncestry, FailsWhereTheParentIsHiddenOrTheBindMountWasLeft) {
  with_mounts([&] {
    make_directory("a/b/c");
    const UniqueFd below = open_path(at("a/b/c"));
    ASSERT_EQ(mount("none", at("a/b").c_str(), "tmpfs", 0, nullptr), 0);
    const auto hidden = ancestry_of(below.get());
    ASSERT_FALSE(hidden);
    EXPECT_EQ(hidden.error(), ESTALE);

    make_directory("source/inner/deep");
    make_directory("bound");
    ASSERT_EQ(mount(at("source/inner").c_str(), at("bound").c_str(), nullptr, MS_BIND, nullptr), 0);
    const UniqueFd deep = open_path(at("bound/deep"));
    ASSERT_EQ(rename(at("source/inner/deep").c_str(), at("moved").c_str()), 0);
    const auto moved = ancestry_of(deep.get());
    ASSERT_FALSE(moved);
    EXPECT_EQ(moved.error(), ENOENT);
  });
}

}  // namespace
}  // namespace sandbox::kernel
