// A writer that never waits, with readers that are slow, gone or full.
#include "base/line_sink.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <string>

#include "support/temporary_directory.h"

namespace sandbox {
namespace {

class LineSinkTest : public ::testing::Test {
 protected:
  LineSinkTest() { signal(SIGPIPE, SIG_IGN); }
};

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// What can be read now.
std::string drained(int fd) {
  fcntl(fd, F_SETFL, O_NONBLOCK);
  std::string all;
  char buffer[65536];
  for (ssize_t got = read(fd, buffer, sizeof buffer); got > 0; got = read(fd, buffer, sizeof buffer)) {
    all.append(buffer, static_cast<size_t>(got));
  }
  return all;
}

/// Lines of one kind, and at most one that is not whole, which has an end of its own.
void expect_whole_lines(const std::string& text, const std::string& line) {
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = text.find('\n', at);
    ASSERT_NE(end, std::string::npos);
    const std::string one = text.substr(at, end + 1 - at);
    EXPECT_TRUE(one == line || one == "last\n") << one;
    at = end + 1;
  }
}

TEST_F(LineSinkTest, AppendsToAFile) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.path("events");
  std::ofstream(path) << "earlier\n";
  auto sink = LineSink::to_file(path);
  ASSERT_TRUE(sink);
  sink->write("one\n");
  sink->write("two\n");
  EXPECT_EQ(contents(path), "earlier\none\ntwo\n");
  EXPECT_EQ(sink->dropped(), 0U);
}

TEST_F(LineSinkTest, FollowsARotation) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.path("events");
  const std::string old = directory.path("events.1");
  auto sink = LineSink::to_file(path);
  ASSERT_TRUE(sink);
  sink->write("one\n");
  std::filesystem::rename(path, old);
  sink->write("two\n");  // Into a new file,
  EXPECT_EQ(contents(old), "one\n");
  EXPECT_EQ(contents(path), "two\n");
  std::filesystem::remove(path);
  std::ofstream(path) << "made\n";
  sink->write("three\n");  // and into one that another program has made.
  EXPECT_EQ(contents(path), "made\nthree\n");
}

/// The program that is watched may own the folder.
TEST_F(LineSinkTest, FollowsNoLink) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.path("events");
  const std::string old = directory.path("events.1");
  const std::string other = directory.path("other");
  std::ofstream(other) << "precious\n";
  auto sink = LineSink::to_file(path);
  ASSERT_TRUE(sink);
  std::filesystem::rename(path, old);
  std::filesystem::create_symlink(other, path);
  sink->write("one\n");
  std::filesystem::remove(path);
  std::filesystem::create_hard_link(other, path);
  sink->write("two\n");
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  sink->write("three\n");
  std::filesystem::remove(path);
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  sink->write("four\n");
  EXPECT_EQ(contents(other), "precious\n");
  EXPECT_EQ(contents(old), "one\ntwo\nthree\nfour\n");
  EXPECT_EQ(sink->dropped(), 0U);
  // A name that is a link from the beginning is left alone.
  std::filesystem::remove(path);
  std::filesystem::create_symlink(other, path);
  auto through = LineSink::to_file(path);
  ASSERT_TRUE(through);
  EXPECT_EQ(through->folder(), -1);
}

// They could link a file of ours there, and remove the link while its links are counted.
TEST_F(LineSinkTest, TakesNoFileWhereOthersMayWrite) {
  const testing::TemporaryDirectory directory;
  const std::string folder = directory.make_directory("folder");
  const std::string path = folder + "/events";
  for (const mode_t mode : {0777, 01777}) {
    ASSERT_EQ(chmod(folder.c_str(), mode), 0);
    auto sink = LineSink::to_file(path);
    ASSERT_TRUE(sink);
    std::filesystem::rename(path, path + ".1");
    std::ofstream(path) << "made\n";
    sink->write("one\n");
    const bool sticky = mode == 01777;
    EXPECT_EQ(contents(path), sticky ? "made\none\n" : "made\n");
    EXPECT_EQ(contents(path + ".1"), sticky ? "" : "one\n");
    std::filesystem::remove(path);
    sink->write("two\n");  // A new one is made all the same.
    EXPECT_EQ(contents(path), "two\n");
    std::filesystem::remove(path);
  }
}

TEST_F(LineSinkTest, SaysWhyAFileCannotBeWritten) {
  const testing::TemporaryDirectory directory;
  EXPECT_EQ(LineSink::to_file(directory.path("none/events")).error(), "No such file or directory");
  EXPECT_EQ(LineSink::to_file(directory.path(".")).error(), "Is a directory");
  const std::string fifo = directory.path("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(LineSink::to_file(fifo).error(), "this pipe has no reader");
}

TEST_F(LineSinkTest, DropsWhatADiskHasNoRoomFor) {
  auto sink = LineSink::to_file("/dev/full");
  ASSERT_TRUE(sink);
  for (int i = 0; i < 10; ++i) sink->write("a line\n");
  EXPECT_EQ(sink->dropped(), 10U);
}

TEST_F(LineSinkTest, DropsWhatAPipeHasNoRoomFor) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  LineSink sink = LineSink::to_descriptor(ends[1]);
  const std::string line = std::string(999, 'x') + "\n";
  for (int i = 0; i < 1000; ++i) sink.write(line);
  EXPECT_GT(sink.dropped(), 900U);
  EXPECT_EQ(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);  // Others who write to it still wait.
  const std::string text = drained(ends[0]);
  expect_whole_lines(text, line);
  const uint64_t dropped = sink.dropped();
  sink.write("last\n");
  EXPECT_EQ(sink.dropped(), dropped);
  EXPECT_EQ(drained(ends[0]), "last\n");
}

TEST_F(LineSinkTest, DropsWhatNobodyReadsAnyMore) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  LineSink sink = LineSink::to_descriptor(ends[1]);
  close(ends[0]);
  sink.write("a line\n");
  EXPECT_EQ(sink.dropped(), 1U);
}

TEST_F(LineSinkTest, DropsWhatASocketHasNoRoomFor) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  LineSink sink = LineSink::to_descriptor(ends[1]);
  const std::string line = std::string(999, 'x') + "\n";
  for (int i = 0; i < 2000; ++i) sink.write(line);
  EXPECT_GT(sink.dropped(), 100U);
  const std::string text = drained(ends[0]);
  EXPECT_GT(text.size(), 10 * line.size());
  sink.write("last\n");
  const std::string rest = drained(ends[0]);
  EXPECT_TRUE(rest.ends_with("last\n")) << rest;
  close(ends[0]);
  sink.write("a line\n");
  EXPECT_GT(sink.dropped(), 100U);
}

TEST_F(LineSinkTest, IsQuietWithoutADescriptor) {
  const int fd = dup(STDERR_FILENO);
  close(fd);
  LineSink sink = LineSink::to_descriptor(fd);
  sink.write("a line\n");
  EXPECT_EQ(sink.dropped(), 1U);
}

}  // namespace
}  // namespace sandbox
