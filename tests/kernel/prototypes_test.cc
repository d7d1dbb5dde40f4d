// The tables of argument_widths.cc against what the running kernel says of its own calls: the tracing file system has
// the types of each definition (SYSCALL_DEFINE), which the prototypes in the headers only repeat.
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "arch/argument_widths.h"
#include "arch/syscalls.h"
#include "gtest/gtest.h"

namespace {

using sandbox::arch::Abi;
using sandbox::arch::Argument;

/// Mounts the tracing file system on ./tracing, in a mount namespace of this process's own. The reason when it cannot.
std::string mount_tracing() {
  if (geteuid() != 0) return "only root can see how the kernel defines its calls";
  std::filesystem::create_directory("tracing");
  if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("none", "tracing", "tracefs", MS_RDONLY, nullptr) != 0) {
    return std::string("the tracing file system cannot be mounted: ") + strerror(errno);
  }
  return std::filesystem::exists("tracing/events/syscalls") ? "" : "this kernel does not describe its calls";
}

/// `const char * filename` or `umode_t mode` as an argument; none for a type that is not known here.
std::optional<Argument> argument_of(std::string declaration) {
  if (declaration.find('*') != std::string::npos) return Argument{64, true};
  declaration.erase(declaration.rfind(' '));
  if (declaration.starts_with("const ")) declaration.erase(0, 6);
  static const std::map<std::string, Argument> kTypes = {
      {"umode_t", {16, false}},
      {"int", {32, false}},
      {"unsigned", {32, false}},
      {"unsigned int", {32, false}},
      {"u32", {32, false}},
      {"__u32", {32, false}},
      {"__s32", {32, false}},
      {"uint32_t", {32, false}},
      {"pid_t", {32, false}},
      {"uid_t", {32, false}},
      {"gid_t", {32, false}},
      {"qid_t", {32, false}},
      {"key_t", {32, false}},
      {"key_serial_t", {32, false}},
      {"clockid_t", {32, false}},
      {"timer_t", {32, false}},
      {"mqd_t", {32, false}},
      {"rwf_t", {32, false}},
      {"long", {64, false}},
      {"unsigned long", {64, false}},
      {"size_t", {64, false}},
      {"off_t", {64, false}},
      {"loff_t", {64, false}},
      {"u64", {64, false}},
      {"__u64", {64, false}},
      {"aio_context_t", {64, false}},
      {"uintptr_t", {64, false}},
      {"enum landlock_rule_type", {32, false}},
      {"cap_user_data_t", {64, true}},
      {"cap_user_header_t", {64, true}},
  };
  const auto found = kTypes.find(declaration);
  return found == kTypes.end() ? std::nullopt : std::optional(found->second);
}

/// The declarations in an event's format: those behind the number of the call.
std::vector<std::string> declarations_in(const std::filesystem::path& format) {
  std::vector<std::string> declarations;
  std::ifstream file(format);
  bool behind_number = false;
  for (std::string line; std::getline(file, line);) {
    const size_t start = line.find("field:");
    if (start == std::string::npos) continue;
    std::string declaration = line.substr(start + 6, line.find(';') - start - 6);
    if (behind_number) declarations.push_back(declaration);
    behind_number = behind_number || declaration.ends_with("__syscall_nr");
  }
  return declarations;
}

/// The call that an event belongs to: events have the names of functions, and stat's is sys_newstat.
std::string call_of(const std::string& event) {
  static const std::map<std::string, std::string> kOthers = {
      {"newstat", "stat"},   {"newlstat", "lstat"}, {"newfstat", "fstat"},
      {"newuname", "uname"}, {"umount", "umount2"}, {"sendfile64", "sendfile"},
  };
  const std::string function = event.substr(strlen("sys_enter_"));
  const auto other = kOthers.find(function);
  return other == kOthers.end() ? function : other->second;
}

void compare(std::string_view call, const std::vector<std::string>& declarations) {
  const Abi native = sandbox::arch::native_abi();
  const auto ours = sandbox::arch::arguments_of(native, call);
  ASSERT_TRUE(ours) << "the kernel has it, and no table knows it";
  ASSERT_EQ(ours->size(), declarations.size());
  for (unsigned i = 0; i < ours->size(); ++i) {
    const auto theirs = argument_of(declarations[i]);
    ASSERT_TRUE(theirs) << "unknown type in " << declarations[i];
    EXPECT_EQ((*ours)[i].pointer, theirs->pointer) << declarations[i];
    // Those that are narrower than they are declared are tried in widths_test.cc.
    const bool observed = sandbox::arch::width_source(native, call, i) == sandbox::arch::WidthSource::kObserved;
    if (observed) {
      EXPECT_LT((*ours)[i].width, theirs->width)
          << declarations[i] << ": no narrower than declared, so not ours to say";
    } else {
      EXPECT_EQ((*ours)[i].width, theirs->width) << declarations[i];
    }
  }
}

TEST(Prototypes, AreThoseOfTheRunningKernel) {
  const Abi native = sandbox::arch::native_abi();
  if (sandbox::arch::info(native).register_bits != 64) GTEST_SKIP() << "only for 64-bit kernels";
  if (const std::string reason = mount_tracing(); !reason.empty()) GTEST_SKIP() << reason;
  size_t compared = 0;
  for (const auto& event : std::filesystem::directory_iterator("tracing/events/syscalls")) {
    const std::string name = event.path().filename();
    if (!name.starts_with("sys_enter_")) continue;
    const std::string call = call_of(name);
    // A kernel newer than the tables has calls that are not known here.
    if (!sandbox::arch::arguments_of(native, call) && !sandbox::arch::number_of(native, call)) continue;
    SCOPED_TRACE(call);
    compare(call, declarations_in(event.path() / "format"));
    ++compared;
  }
  EXPECT_GT(compared, 250U);
  umount2("tracing", MNT_DETACH);
  std::filesystem::remove("tracing");
}

}  // namespace
