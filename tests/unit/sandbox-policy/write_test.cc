// Files that are written whole or not at all, and where they were meant to go.
#include "sandbox-policy/write.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "support/as_nobody.h"
#include "support/temporary_directory.h"

namespace sandbox::tool {
namespace {

using testing::TemporaryDirectory;

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

std::string error_of(const Result<OutputFile, std::string>& file) {
  return file ? "" : file.error();
}

TEST(OutputFile, IsThereOnlyOnceItIsWritten) {
  const TemporaryDirectory folder;
  const auto file = OutputFile::prepare(folder.path("p.yml"));
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(names_in(folder.path("")).empty()) << "nothing is left of the attempt";
  EXPECT_EQ(file->write("seccomp\n"), std::nullopt);
  EXPECT_EQ(names_in(folder.path("")), std::vector<std::string>{"p.yml"});
  EXPECT_EQ(contents_of(folder.path("p.yml")), "seccomp\n");
}

TEST(OutputFile, KeepsThePermissionsOfTheOneThatWasThere) {
  const TemporaryDirectory folder;
  const std::string path = folder.write("p.yml", "old and longer", 0604);
  const auto file = OutputFile::prepare(path);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->write("new"), std::nullopt);
  EXPECT_EQ(contents_of(path), "new");
  struct stat info = {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0604U);
}

// A reader that has the old file open goes on reading the old one.
TEST(OutputFile, ReplacesTheFileInsteadOfWritingIntoIt) {
  const TemporaryDirectory folder;
  const std::string path = folder.write("p.yml", "old");
  std::ifstream old(path);
  const auto file = OutputFile::prepare(path);
  ASSERT_TRUE(file.ok() && !file->write("new"));
  std::string word;
  old >> word;
  EXPECT_EQ(word, "old");
}

TEST(OutputFile, FollowsALinkToTheFileThatItLeadsTo) {
  const TemporaryDirectory folder;
  const std::string target = folder.write("target", "old");
  std::filesystem::create_symlink(target, folder.path("link"));
  const auto file = OutputFile::prepare(folder.path("link"));
  ASSERT_TRUE(file.ok());
  // The place was found out before: a link that is planted meanwhile changes nothing.
  std::filesystem::remove(folder.path("link"));
  const std::string other = folder.write("other", "other");
  std::filesystem::create_symlink(other, folder.path("link"));
  EXPECT_EQ(file->write("new"), std::nullopt);
  EXPECT_EQ(contents_of(target), "new");
  EXPECT_EQ(contents_of(other), "other");
}

TEST(OutputFile, StaysInItsFolderWhereverThatIsMoved) {
  const TemporaryDirectory folder;
  const std::string place = folder.make_directory("place");
  const auto file = OutputFile::prepare(place + "/p.yml");
  ASSERT_TRUE(file.ok());
  std::filesystem::rename(place, folder.path("moved"));
  folder.make_directory("place");
  EXPECT_EQ(file->write("new"), std::nullopt);
  EXPECT_EQ(contents_of(folder.path("moved") + "/p.yml"), "new");
  EXPECT_TRUE(names_in(place).empty());
}

TEST(OutputFile, IsARegularFileInAFolderThatCanBeWritten) {
  const TemporaryDirectory folder;
  const std::string inside = folder.make_directory("inside");
  EXPECT_EQ(error_of(OutputFile::prepare(inside)), inside + ": is a directory, expected a file");
  EXPECT_EQ(error_of(OutputFile::prepare("/dev/null")), "/dev/null: is no regular file");
  const std::string nowhere = folder.path("nowhere/p.yml");
  EXPECT_EQ(error_of(OutputFile::prepare(nowhere)), nowhere + ": cannot be written: No such file or directory");
  const testing::AsNobody nobody;
  if (geteuid() != 65534) GTEST_SKIP() << "needs root to become a user who may not write there";
  EXPECT_EQ(error_of(OutputFile::prepare(inside + "/p.yml")), inside + "/p.yml: cannot be written: Permission denied");
}

TEST(WriteFile, WritesAPipeAsItIs) {
  const TemporaryDirectory folder;
  const std::string pipe = folder.path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const UniqueFd reader(open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  EXPECT_EQ(write_file(pipe, "bytes"), std::nullopt);
  std::string read_back(16, '\0');
  EXPECT_EQ(read(reader.get(), read_back.data(), read_back.size()), 5);
  struct stat info = {};
  ASSERT_EQ(stat(pipe.c_str(), &info), 0);
  EXPECT_TRUE(S_ISFIFO(info.st_mode)) << "it is still the pipe";
  EXPECT_EQ(write_file("/dev/full", "bytes"), "/dev/full: cannot be written: No space left on device");
}

}  // namespace
}  // namespace sandbox::tool
