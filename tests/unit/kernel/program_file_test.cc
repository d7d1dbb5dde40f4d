// The files that execve reads to start a program: which are opened, and how much is read of them.
#include "kernel/program_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "support/as_nobody.h"
#include "support/elf_file.h"
#include "support/temporary_directory.h"

namespace sandbox::kernel {
namespace {

using testing::elf64;
using testing::TemporaryDirectory;

/// Whether files are opened. To find one (O_PATH) is not to open it.
class Opens {
 public:
  explicit Opens(const std::vector<std::string>& paths) : fd_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    for (const std::string& path : paths) EXPECT_GE(inotify_add_watch(fd_.get(), path.c_str(), IN_OPEN), 0) << path;
  }
  [[nodiscard]] bool any() const {
    std::array<char, 4096> events = {};
    return read(fd_.get(), events.data(), events.size()) > 0;
  }

 private:
  UniqueFd fd_;
};

class ProgramFiles : public ::testing::Test {
 protected:
  // A FIFO that is opened for reading waits for a writer, and the test with it: then this ends it.
  void SetUp() override { alarm(60); }
  void TearDown() override { alarm(0); }

  /// A FIFO, and as root two devices: one without an end, and the terminal.
  [[nodiscard]] std::vector<std::string> make_special_files() const {
    std::vector<std::string> paths = {directory_.path("fifo")};
    EXPECT_EQ(mkfifo(paths[0].c_str(), 0777), 0);
    if (geteuid() != 0) return paths;
    paths.push_back(directory_.path("zero"));
    EXPECT_EQ(mknod(paths.back().c_str(), S_IFCHR | 0777, makedev(1, 5)), 0);
    paths.push_back(directory_.path("tty"));
    EXPECT_EQ(mknod(paths.back().c_str(), S_IFCHR | 0777, makedev(5, 0)), 0);
    return paths;
  }

  TemporaryDirectory directory_;
};

TEST_F(ProgramFiles, OpensRegularFilesThatMayBeExecuted) {
  const std::string program = directory_.write("program", "#!/bin/sh\n", 0755);
  const Opens opens({program});
  const UniqueFd fd = open_program(program);
  ASSERT_TRUE(fd.valid());
  EXPECT_TRUE(opens.any());
  EXPECT_EQ(fcntl(fd.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(fcntl(fd.get(), F_GETFL) & (O_ACCMODE | O_PATH), O_RDONLY);

  const std::string text = directory_.write("text", "#!/bin/sh\n", 0644);
  const Opens opens_of_text({text});
  EXPECT_FALSE(open_program(text).valid());
  EXPECT_FALSE(opens_of_text.any());
}

TEST_F(ProgramFiles, OpensNothingElse) {
  const std::vector<std::string> special = make_special_files();
  const Opens opens(special);
  for (const std::string& path : special) {
    const std::string link = path + ".link";
    ASSERT_EQ(symlink(path.c_str(), link.c_str()), 0);
    EXPECT_FALSE(open_program(path).valid()) << path;
    EXPECT_FALSE(open_program(link).valid()) << path;
  }
  EXPECT_FALSE(opens.any());
  EXPECT_FALSE(open_program(directory_.make_directory("folder")).valid());
  EXPECT_FALSE(open_program(directory_.path("missing")).valid());
}

// A user who may write to the folder can replace the file at any moment.
TEST_F(ProgramFiles, OpensNothingElseThatTakesThePlaceMeanwhile) {
  const std::vector<std::string> special = make_special_files();
  const std::string path = directory_.path("program");
  const std::string spare = directory_.path("spare");
  const std::string program = directory_.write("original", "#!/bin/sh\n", 0755);
  const Opens opens(special);
  std::atomic<bool> done = false;
  std::atomic<int> swaps = 0;
  std::thread swapper([&] {
    for (size_t i = 0; !done; ++i, ++swaps) {
      const std::string& next = i % 2 == 0 ? program : special[i / 2 % special.size()];
      if (link(next.c_str(), spare.c_str()) != 0 || rename(spare.c_str(), path.c_str()) != 0) return;
    }
  });
  int opened = 0;
  int others = 0;
  for (int i = 0; i < 20000 || ((opened < 100 || swaps < 100) && i < 2000000); ++i) {
    const UniqueFd fd = open_program(path);
    if (!fd.valid()) continue;
    ++opened;
    struct stat info = {};
    if (fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) ++others;
  }
  done = true;
  swapper.join();
  EXPECT_EQ(others, 0);
  EXPECT_GT(opened, 0);
  EXPECT_GT(swaps, 100);
  EXPECT_FALSE(opens.any());
}

// To open a file on which another process holds a lease waits for that process, for up to 45 seconds.
TEST_F(ProgramFiles, DoesNotWaitForALease) {
  const std::string program = directory_.write("program", "#!/bin/sh\n", 0755);
  if (geteuid() == 0) {
    // A lease takes the file's owner, and so does breaking it without a wait.
    ASSERT_EQ(chown(program.c_str(), 65534, 65534), 0);
  }
  const testing::AsNobody user;
  struct sigaction ignore = {};
  struct sigaction before = {};
  ignore.sa_handler = SIG_IGN;
  ASSERT_EQ(sigaction(SIGIO, &ignore, &before), 0);
  const UniqueFd holder(open(program.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(holder.valid());
  if (fcntl(holder.get(), F_SETLEASE, F_WRLCK) != 0) GTEST_SKIP() << "this file system knows no leases";
  const UniqueFd fd = open_program(program);
  EXPECT_FALSE(fd.valid());
  EXPECT_EQ(errno, EWOULDBLOCK);
  ASSERT_EQ(sigaction(SIGIO, &before, nullptr), 0);
}

// ---- The way from one file to the next ----

TEST_F(ProgramFiles, LeadFromAScriptToTheLoader) {
  const std::string loader = directory_.write("loader", elf64("/no/ld.so"), 0755);
  const std::string shell = directory_.write("shell", elf64(loader), 0755);
  const std::string script = directory_.write("script", "#!" + shell + " -e\n", 0755);
  ProgramFile file(script);
  EXPECT_EQ(file.path(), script);
  EXPECT_TRUE(file.is_script());
  EXPECT_EQ(file.head(), "#!" + shell + " -e\n");
  ASSERT_TRUE(file.advance());
  EXPECT_EQ(file.path(), shell);
  EXPECT_FALSE(file.is_script());
  ASSERT_TRUE(file.advance());
  EXPECT_EQ(file.path(), loader);
  EXPECT_EQ(file.segments().size(), 1U);
  EXPECT_EQ(file.next(), std::nullopt) << "the loader of a loader";
  EXPECT_FALSE(file.advance());
  EXPECT_EQ(file.path(), loader);
}

TEST_F(ProgramFiles, EndAfterTheSixthInterpreter) {
  const std::string loop = directory_.path("loop");
  directory_.write("loop", "#!" + loop + "\n", 0755);
  ProgramFile file(loop);
  int interpreters = 0;
  while (file.advance()) ++interpreters;
  EXPECT_EQ(interpreters, 6);
}

TEST_F(ProgramFiles, EndAtWhatIsNotOpened) {
  const std::vector<std::string> special = make_special_files();
  const Opens opens(special);
  for (const std::string& path : special) {
    for (const std::string& bytes : {"#!" + path + "\n", elf64(path)}) {
      ProgramFile file(directory_.write("program", bytes, 0755));
      ASSERT_TRUE(file.advance());
      EXPECT_EQ(file.path(), path);
      EXPECT_EQ(file.head(), std::nullopt);
      EXPECT_FALSE(file.advance());
    }
  }
  EXPECT_FALSE(opens.any());
}

// ---- Hostile ELF files ----

/// The same file, with `count` times its program header in a table at its end.
std::string with_headers(std::string file, size_t count) {
  const std::string one = file.substr(sizeof(Elf64_Ehdr), sizeof(Elf64_Phdr));
  const uint64_t offset = file.size();
  const auto number = static_cast<uint16_t>(count);
  file.replace(offsetof(Elf64_Ehdr, e_phoff), sizeof offset, reinterpret_cast<const char*>(&offset), sizeof offset);
  file.replace(offsetof(Elf64_Ehdr, e_phnum), sizeof number, reinterpret_cast<const char*>(&number), sizeof number);
  for (size_t i = 0; i < count; ++i) file += one;
  return file;
}

/// A 64-bit program whose one segment, of this type, lies there.
std::string with_segment(uint32_t type, uint64_t offset, uint64_t size) {
  std::string file = elf64("/no/ld.so", type);
  Elf64_Phdr segment = {};
  segment.p_type = type;
  segment.p_offset = offset;
  segment.p_filesz = size;
  segment.p_memsz = size;
  return file.replace(sizeof(Elf64_Ehdr), sizeof segment, reinterpret_cast<const char*>(&segment), sizeof segment);
}

TEST_F(ProgramFiles, HaveNoMoreHeadersThanTheKernelTakes) {
  const size_t most = 65536 / sizeof(Elf64_Phdr);
  const auto segments = [&](size_t count) {
    const ProgramFile file(directory_.write("program", with_headers(elf64("/no/ld.so"), count), 0755));
    EXPECT_EQ(file.next().has_value(), !file.segments().empty());
    return file.segments().size();
  };
  EXPECT_EQ(segments(most), most);
  EXPECT_EQ(segments(most + 1), 0U);
  EXPECT_EQ(segments(65535), 0U);
  EXPECT_EQ(segments(0), 0U);
}

TEST_F(ProgramFiles, HaveNoSegmentsBeyondTheirEnd) {
  for (const uint64_t offset : {uint64_t{1} << 20, uint64_t{1} << 62, uint64_t{1} << 63, UINT64_MAX - 8, UINT64_MAX}) {
    const ProgramFile loader(directory_.write("loader", with_segment(PT_INTERP, offset, 9), 0755));
    EXPECT_EQ(loader.segments().size(), 1U);
    EXPECT_EQ(loader.next(), std::nullopt) << "PT_INTERP at " << offset;

    std::string bytes = elf64("/no/ld.so");
    bytes.replace(offsetof(Elf64_Ehdr, e_phoff), sizeof offset, reinterpret_cast<const char*>(&offset), sizeof offset);
    const ProgramFile table(directory_.write("table", bytes, 0755));
    EXPECT_TRUE(table.segments().empty()) << "program headers at " << offset;
    EXPECT_EQ(table.next(), std::nullopt);
  }
}

TEST_F(ProgramFiles, MayHaveHolesOfAnySize) {
  const uint64_t far = uint64_t{1} << 40;
  const std::string program = directory_.write("program", with_segment(PT_INTERP, far, 9), 0755);
  if (truncate(program.c_str(), static_cast<off_t>(far + 4096)) != 0) GTEST_SKIP() << "this file system has no room";
  const ProgramFile file(program);
  EXPECT_EQ(file.segments().size(), 1U);
  EXPECT_EQ(file.next(), std::nullopt) << "a name of nothing but NULs";
}

}  // namespace
}  // namespace sandbox::kernel
