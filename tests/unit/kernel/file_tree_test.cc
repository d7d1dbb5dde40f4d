#include "kernel/file_tree.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include "support/temporary_directory.h"

namespace sandbox::kernel {
namespace {

using namespace arch::file_right;

class FileTreeTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string at(const std::string& name) const {
    return std::filesystem::canonical(directory_.path(".")).string() + (name.empty() ? "" : "/" + name);
  }
  FoundFile find(const std::string& path) {
    auto found = tree_.find(path);
    EXPECT_TRUE(found) << path << ": " << (found ? 0 : found.error());
    return found ? *found : FoundFile{};
  }
  int error_of(const std::string& path) {
    const auto found = tree_.find(path);
    return found ? 0 : found.error();
  }

  sandbox::testing::TemporaryDirectory directory_;
  FileTree tree_;
};

TEST_F(FileTreeTest, FilesAreFoundThroughLinks) {
  directory_.make_directory("real");
  directory_.write("real/file", "text\n");
  ASSERT_EQ(symlink("real", at("link").c_str()), 0);
  const FoundFile file = find(at("link/file"));
  EXPECT_TRUE(file.exists);
  EXPECT_EQ(file.path, at("real/file"));
  EXPECT_TRUE(S_ISREG(file.mode));
  ASSERT_TRUE(file.ancestry);
  EXPECT_EQ(file.ancestry->at(1), find(at("real")).ancestry->front());
}

TEST_F(FileTreeTest, AMissingFileStandsBelowTheNearestDirectory) {
  directory_.make_directory("here");
  const FoundFile missing = find(at("here/not/there"));
  EXPECT_FALSE(missing.exists);
  EXPECT_EQ(missing.path, at("here/not/there"));
  const FoundFile here = find(at("here"));
  ASSERT_TRUE(missing.ancestry && here.ancestry);
  ASSERT_EQ(missing.ancestry->size(), here.ancestry->size() + 2);
  EXPECT_EQ(missing.ancestry->at(2), here.ancestry->front());
  EXPECT_EQ(missing.ancestry->at(1), find(at("here/not")).ancestry->front());
  EXPECT_EQ(missing.ancestry->at(0), find(at("here/not/there/")).ancestry->front());
  EXPECT_NE(missing.ancestry->at(0), find(at("here/not/here")).ancestry->front());
}

TEST_F(FileTreeTest, ALinkToNothingLeadsWhereItPoints) {
  ASSERT_EQ(symlink("target/file", at("dangling").c_str()), 0);
  EXPECT_EQ(find(at("dangling")).path, at("target/file"));
  ASSERT_EQ(symlink("circle", at("circle").c_str()), 0);
  EXPECT_EQ(error_of(at("circle")), ELOOP);
}

TEST_F(FileTreeTest, WhatCannotBeAFileIsAnError) {
  directory_.write("file", "text\n");
  EXPECT_EQ(error_of(at("file/below")), ENOTDIR);
  EXPECT_EQ(error_of(at("missing/..")), ENOENT);
}

TEST_F(FileTreeTest, PipesAreNotRestricted) {
  int ends[2] = {};
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_FALSE(find("/proc/self/fd/" + std::to_string(ends[0])).ancestry);
  close(ends[0]);
  close(ends[1]);
}

TEST_F(FileTreeTest, RulesStandAtFilesWithTheRightsThatCount) {
  directory_.make_directory("some");
  directory_.make_directory("some-more");
  directory_.write("file", "text\n");
  resolve::Ruleset ruleset;
  ruleset.handled_files = kAll;
  const auto add = [&](const std::string& path, arch::FileRights rights, bool pattern = false) {
    resolve::PathRule rule;
    rule.path = path;
    rule.rights = rights;
    rule.on_devices = kIoctlDev;
    rule.pattern = pattern;
    ruleset.paths.push_back(rule);
  };
  add(at("file"), kReadFile | kReadDir | kMakeReg);
  add(at("missing"), kReadFile | kReadDir);
  add(at("some*"), kReadDir, true);
  add("/dev/null", kWriteFile);
  add("/proc/self/fd/pipe", kReadFile);
  const PlacedSection placed = tree_.place(ruleset);
  ASSERT_EQ(placed.paths.size(), 6U);
  EXPECT_EQ(placed.paths[0].rights, kReadFile);
  EXPECT_EQ(placed.paths[1].rights, kReadFile | kReadDir);
  EXPECT_EQ(placed.paths[2].file.path, at("some"));
  EXPECT_EQ(placed.paths[3].file.path, at("some-more"));
  EXPECT_EQ(placed.paths[3].rule, 2U);
  EXPECT_EQ(placed.paths[4].rights, kWriteFile | kIoctlDev);
  EXPECT_EQ(resolve::allowed_rights(placed.placed, *find(at("some/x")).ancestry) & kAll, kReadDir);
  EXPECT_EQ(resolve::allowed_rights(placed.placed, *find(at("missing/x")).ancestry) & kAll, kReadFile | kReadDir);
}

}  // namespace
}  // namespace sandbox::kernel
