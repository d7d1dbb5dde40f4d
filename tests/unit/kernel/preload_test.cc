// preload_program: what execve reads of a program is in the page cache before execve is called.
#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "base/file.h"
#include "kernel/target.h"
#include "support/elf_file.h"
#include "support/temporary_directory.h"

namespace sandbox::kernel {
namespace {

/// The offset of the last byte of the file's first segment that the kernel pads with zeros.
std::optional<off_t> padded_byte(int fd) {
  Elf64_Ehdr header = {};
  if (pread(fd, &header, sizeof header, 0) != sizeof header) return std::nullopt;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment = {};
    const auto at = static_cast<off_t>(header.e_phoff + i * sizeof segment);
    if (pread(fd, &segment, sizeof segment, at) != sizeof segment) return std::nullopt;
    if (segment.p_type == PT_LOAD && segment.p_memsz > segment.p_filesz) {
      return static_cast<off_t>(segment.p_offset + segment.p_filesz - 1);
    }
  }
  return std::nullopt;
}

/// Whether the page of a byte is in the page cache.
bool is_cached(int fd, off_t offset) {
  const long page = sysconf(_SC_PAGESIZE);
  const off_t begin = offset / page * page;
  void* mapping = mmap(nullptr, static_cast<size_t>(page), PROT_READ, MAP_SHARED, fd, begin);
  EXPECT_NE(mapping, MAP_FAILED);
  unsigned char resident = 0;
  EXPECT_EQ(mincore(mapping, static_cast<size_t>(page), &resident), 0);
  munmap(mapping, static_cast<size_t>(page));
  return (resident & 1U) != 0;
}

TEST(PreloadProgram, BringsThePaddedPagesIntoTheCache) {
  if (sizeof(void*) != 8) GTEST_SKIP() << "looks at 64-bit ELF files only";
  const testing::TemporaryDirectory directory;
  const std::string path = directory.path("program");
  std::filesystem::copy_file("/proc/self/exe", path);
  const UniqueFd fd(open(path.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(fd.valid());
  const auto byte = padded_byte(fd.get());
  ASSERT_TRUE(byte.has_value());

  ASSERT_EQ(fsync(fd.get()), 0);
  ASSERT_EQ(posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED), 0);
  if (is_cached(fd.get(), *byte)) GTEST_SKIP() << "this file system keeps its pages";
  preload_program(path);
  EXPECT_TRUE(is_cached(fd.get(), *byte));
}

TEST(PreloadProgram, LeavesAloneWhatItCannotRead) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.path("script");
  preload_program(path);
  std::ofstream(path) << "#!" << path << "\n";  // Its own interpreter.
  preload_program(path);
  std::ofstream(path) << "\177ELF\2\1";
  preload_program(path);
  std::ofstream(path) << testing::elf64("/no/ld.so", PT_LOAD);
  preload_program(path);
}

TEST(PreloadProgram, OpensNoFifo) {
  const testing::TemporaryDirectory directory;
  const std::string fifo = directory.path("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0777), 0);
  alarm(60);  // For a test that waits for a writer.
  preload_program(fifo);
  preload_program(directory.write("script", "#!" + fifo + "\n", 0755));
  preload_program(directory.write("program", testing::elf64(fifo), 0755));
  alarm(0);
}

}  // namespace
}  // namespace sandbox::kernel
