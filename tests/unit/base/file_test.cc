#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <string>
#include <thread>

#include "support/temporary_directory.h"

namespace sandbox {
namespace {

using testing::TemporaryDirectory;

bool is_open(int fd) {
  return fcntl(fd, F_GETFD) != -1;
}

TEST(UniqueFd, ClosesWhenItEnds) {
  int number = -1;
  {
    const UniqueFd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
    number = fd.get();
    ASSERT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(UniqueFd, ClosesItsOwnWhenAnotherMovesIn) {
  UniqueFd first(open("/dev/null", O_RDONLY | O_CLOEXEC));
  UniqueFd second(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int closed = first.get();
  const int kept = second.get();
  first = std::move(second);
  EXPECT_EQ(first.get(), kept);
  EXPECT_FALSE(is_open(closed));
  EXPECT_TRUE(is_open(kept));
}

TEST(ReadFile, ReadsEveryByte) {
  const TemporaryDirectory directory;
  const std::string bytes("a\0b\r\n\xFF", 6);
  const auto contents = read_file(directory.write("file", bytes), 100);
  ASSERT_TRUE(contents.ok());
  EXPECT_EQ(contents->bytes, bytes);
  EXPECT_TRUE(contents->regular);
}

TEST(ReadFile, ReadsAnEmptyFile) {
  const TemporaryDirectory directory;
  const auto contents = read_file(directory.write("file", ""), 100);
  ASSERT_TRUE(contents.ok());
  EXPECT_EQ(contents->bytes, "");
}

TEST(ReadFile, SaysThatAFileIsMissing) {
  const TemporaryDirectory directory;
  const auto contents = read_file(directory.path("none"), 100);
  ASSERT_FALSE(contents.ok());
  EXPECT_EQ(contents.error().kind, FileError::Kind::kSystem);
  EXPECT_EQ(contents.error().number, ENOENT);
  EXPECT_EQ(describe(contents.error(), 100), "cannot be read: No such file or directory");
}

TEST(ReadFile, SaysThatItIsADirectory) {
  const TemporaryDirectory directory;
  const auto contents = read_file(directory.make_directory("folder"), 100);
  ASSERT_FALSE(contents.ok());
  EXPECT_EQ(contents.error().kind, FileError::Kind::kDirectory);
  EXPECT_EQ(describe(contents.error(), 100), "is a directory, expected a file");
}

TEST(MappedFile, HasEveryByte) {
  const TemporaryDirectory directory;
  const std::string bytes("a\0b\r\n\xFF", 6);
  auto file = MappedFile::open(directory.write("file", bytes), 6);
  ASSERT_TRUE(file.ok());
  const MappedFile moved = std::move(*file);
  EXPECT_EQ(moved.bytes(), bytes);
  moved.give_back();
  EXPECT_EQ(moved.bytes(), bytes);
  EXPECT_EQ(file->bytes(), "");
  const auto empty = MappedFile::open(directory.write("empty", ""), 6);
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ(empty->bytes(), "");
}

TEST(MappedFile, TakesRegularFilesUpToTheLimit) {
  const TemporaryDirectory directory;
  const auto error_of = [](const Result<MappedFile, FileError>& file) { return file.ok() ? 0 : file.error().number; };
  EXPECT_EQ(error_of(MappedFile::open(directory.path("none"), 6)), ENOENT);
  EXPECT_EQ(error_of(MappedFile::open("/dev/null", 6)), ENODEV);
  EXPECT_EQ(error_of(MappedFile::open(directory.make_directory("folder"), 6)), EISDIR);
  const auto large = MappedFile::open(directory.write("large", "1234567"), 6);
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(large.error().kind, FileError::Kind::kTooLarge);
}

TEST(ReadFile, TakesExactlyTheLimit) {
  const TemporaryDirectory directory;
  const auto contents = read_file(directory.write("file", std::string(100, 'x')), 100);
  ASSERT_TRUE(contents.ok());
  EXPECT_EQ(contents->bytes.size(), 100U);
}

TEST(ReadFile, RefusesOneByteOverTheLimit) {
  const TemporaryDirectory directory;
  const auto contents = read_file(directory.write("file", std::string(101, 'x')), 100);
  ASSERT_FALSE(contents.ok());
  EXPECT_EQ(contents.error().kind, FileError::Kind::kTooLarge);
  EXPECT_EQ(describe(contents.error(), 100), "is larger than 100 bytes, the most that a policy may have");
  EXPECT_EQ(describe(contents.error(), 100, "a program"), "is larger than 100 bytes, the most that a program may have");
}

TEST(ReadFile, RefusesAHugeFileWithoutReadingItAll) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("sparse", "");
  ASSERT_EQ(truncate(path.c_str(), off_t{1} << 40), 0);
  // More than there is memory for, where a size can be so large.
  for (const size_t limit : {size_t{100}, std::numeric_limits<size_t>::max() >> 25U}) {
    const auto contents = read_file(path, limit);
    ASSERT_FALSE(contents.ok());
    EXPECT_EQ(contents.error().kind, FileError::Kind::kTooLarge);
  }
}

TEST(ReadFile, RefusesAnEndlessDevice) {
  const auto contents = read_file("/dev/zero", 1 << 20);
  ASSERT_FALSE(contents.ok());
  EXPECT_EQ(contents.error().kind, FileError::Kind::kTooLarge);
}

TEST(ReadFile, ReadsAPipeToItsEndAcrossSeveralWrites) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const std::string text(200'000, 'y');  // More than a pipe holds at once.
  std::thread writer([&] {
    UniqueFd end(ends[1]);
    for (size_t done = 0; done < text.size();) {
      const ssize_t wrote = write(end.get(), text.data() + done, std::min<size_t>(text.size() - done, 7001));
      ASSERT_GT(wrote, 0);
      done += static_cast<size_t>(wrote);
    }
  });
  const UniqueFd reading(ends[0]);
  const auto contents = read_file("/proc/self/fd/" + std::to_string(reading.get()), 1 << 20);
  writer.join();
  ASSERT_TRUE(contents.ok());
  EXPECT_EQ(contents->bytes, text);
  EXPECT_FALSE(contents->regular);
}

TEST(ReadFile, ReadsDevNullAsEmpty) {
  const auto contents = read_file("/dev/null", 100);
  ASSERT_TRUE(contents.ok());
  EXPECT_EQ(contents->bytes, "");
  EXPECT_FALSE(contents->regular);
}

TEST(ReadFile, ReadsFilesThatHideTheirSize) {
  const auto contents = read_file("/proc/self/status", 1 << 20);
  ASSERT_TRUE(contents.ok());
  EXPECT_NE(contents->bytes.find("\nVmPeak:"), std::string::npos);
  EXPECT_TRUE(contents->bytes.ends_with('\n'));
}

TEST(ReadFile, SeesThatOthersMayWrite) {
  const TemporaryDirectory directory;
  EXPECT_FALSE(read_file(directory.write("private", "x", 0644), 100)->others_may_write);
  EXPECT_TRUE(read_file(directory.write("public", "x", 0646), 100)->others_may_write);
}

TEST(ReadFile, SeesAForeignOwner) {
  // A user's file is foreign to root only; any other caller is shown a file of root's, which is not.
  const TemporaryDirectory directory;
  const std::string path = directory.write("file", "x", 0644);
  if (geteuid() == 0) {
    ASSERT_EQ(chown(path.c_str(), 65534, 0), 0);
    EXPECT_TRUE(read_file(path, 100)->others_may_write);
  } else {
    EXPECT_FALSE(read_file("/etc/passwd", 1 << 20)->others_may_write);
  }
}

TEST(ReadFile, SeesAGroupThatMayWrite) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("file", "x", 0664);
  if (geteuid() == 0) {
    ASSERT_EQ(chown(path.c_str(), 0, 65534), 0);
  }
  if (getegid() == 0 && geteuid() != 0) GTEST_SKIP() << "a user in root's group cannot give a file to another group";
  EXPECT_TRUE(read_file(path, 100)->others_may_write);
}

TEST(ReadFile, LeavesNoDescriptorOpen) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("file", "x");
  const UniqueFd before(open("/dev/null", O_RDONLY | O_CLOEXEC));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(read_file(path, 100).ok());
    ASSERT_FALSE(read_file(path, 0).ok());
    ASSERT_FALSE(read_file(directory.path(""), 100).ok());
  }
  const UniqueFd after(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(after.get(), before.get() + 1);
}

}  // namespace
}  // namespace sandbox
