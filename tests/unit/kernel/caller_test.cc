// Who calls, and its memory: of this process, of a child, and of no process.
#include "kernel/caller.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "kernel/proc.h"

namespace sandbox::kernel {
namespace {

[[maybe_unused]] const int opened_proc = proc_directory();

/// What a file in /proc/self says as a number; none for "unset" and for what is not there.
std::optional<uint32_t> own_id(const std::string& file) {
  std::ifstream in("/proc/self/" + file);
  uint32_t id = UINT32_MAX;
  in >> id;
  return id == UINT32_MAX ? std::nullopt : std::optional(id);
}

TEST(DescribeCaller, ThisProcess) {
  ASSERT_EQ(prctl(PR_SET_NAME, "a) \n(b"), 0);
  const report::Process process = describe_caller(getpid());
  ASSERT_EQ(prctl(PR_SET_NAME, "unit_kernel"), 0);
  EXPECT_EQ(process.pid, getpid());
  EXPECT_EQ(process.thread, getpid());
  EXPECT_EQ(process.name, "a) \n(b");
  EXPECT_EQ(process.executable, std::filesystem::read_symlink("/proc/self/exe").string());
  EXPECT_EQ(process.user, getuid());
  EXPECT_EQ(process.group, getgid());
  EXPECT_EQ(process.audit_user, own_id("loginuid"));
  EXPECT_EQ(process.session, own_id("sessionid"));
  EXPECT_EQ(process.user_name, "");
}

TEST(DescribeCaller, AThreadOfAnotherName) {
  report::Process process;
  std::string name;
  pid_t id = 0;
  std::thread([&] {
    id = static_cast<pid_t>(syscall(SYS_gettid));
    prctl(PR_SET_NAME, "worker");
    process = describe_caller(id);
    name = name_of_thread(id);
  }).join();
  EXPECT_EQ(process.pid, getpid());
  EXPECT_EQ(process.thread, id);
  EXPECT_NE(process.thread, getpid());
  EXPECT_EQ(process.name, "worker");
  EXPECT_EQ(name, "worker");
}

TEST(DescribeCaller, NobodyIsLeftOut) {
  for (const pid_t nobody : {0, -1, 0x7fffffff}) {
    const report::Process process = describe_caller(nobody);
    EXPECT_EQ(process.thread, nobody);
    EXPECT_EQ(process.pid, 0);
    EXPECT_EQ(process.name + process.executable, "");
    EXPECT_FALSE(process.user || process.group || process.audit_user || process.session);
  }
}

/// Two pages, of which the second cannot be read.
class Pages {
 public:
  Pages() {
    void* mapped = mmap(nullptr, 2 * size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) std::abort();
    start_ = static_cast<char*>(mapped);
    std::memset(start_, 'x', size());
    if (mprotect(start_ + size(), size(), PROT_NONE) != 0) std::abort();
  }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages() { munmap(start_, 2 * size()); }

  static size_t size() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }
  [[nodiscard]] char* end() const { return start_ + size(); }

 private:
  char* start_ = nullptr;
};

size_t read_of(const report::MemoryReader& memory, const void* address, size_t count) {
  std::vector<std::byte> into(count);
  return memory(reinterpret_cast<uintptr_t>(address), into);
}

TEST(MemoryOf, StopsBeforeAPageThatCannotBeRead) {
  const Pages pages;
  BoundedTask task;
  const auto memory = memory_of(getpid(), task);
  EXPECT_EQ(read_of(memory, pages.end() - 10, 10), 10U);
  EXPECT_EQ(read_of(memory, pages.end() - 10, 64), 10U);
  EXPECT_EQ(read_of(memory, pages.end() - Pages::size(), 3 * Pages::size()), Pages::size());
  EXPECT_EQ(read_of(memory, pages.end(), 64), 0U);
  EXPECT_EQ(read_of(memory, nullptr, 64), 0U);
}

TEST(MemoryOf, TheEndOfTheAddressSpace) {
  BoundedTask task;
  const auto memory = memory_of(getpid(), task);
  std::array<std::byte, 64> into = {};
  for (const uint64_t address : {UINT64_MAX, UINT64_MAX - 10, uint64_t{1} << 63U}) EXPECT_EQ(memory(address, into), 0U);
}

TEST(MemoryOf, AChildsOwnMemory) {
  BoundedTask task;
  std::array<char, 16> text = {"parent"};
  std::array<int, 2> ready = {};
  ASSERT_EQ(pipe(ready.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    std::strcpy(text.data(), "child");
    if (write(ready[1], "x", 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  std::array<std::byte, 6> into = {};
  EXPECT_EQ(memory_of(child, task)(reinterpret_cast<uintptr_t>(text.data()), into), into.size());
  EXPECT_STREQ(reinterpret_cast<const char*>(into.data()), "child");
  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(memory_of(child, task)(reinterpret_cast<uintptr_t>(text.data()), into), 0U);
  close(ready[0]);
  close(ready[1]);
}

}  // namespace
}  // namespace sandbox::kernel
