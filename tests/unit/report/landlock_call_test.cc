#include "report/landlock_call.h"

#include <gtest/gtest.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "arch/syscalls.h"

namespace sandbox::report {
namespace {

using namespace arch::file_right;
using Kind = LandlockCall::Kind;

/// Memory with texts at addresses.
MemoryReader memory_with(std::map<uint64_t, std::string> texts) {
  return [texts = std::move(texts)](uint64_t address, std::span<std::byte> into) -> size_t {
    const auto next = texts.upper_bound(address);
    if (next == texts.begin()) return 0;
    const auto& [begin, text] = *std::prev(next);
    if (address - begin >= text.size()) return 0;
    const size_t size = std::min(into.size(), text.size() - (address - begin));
    std::memcpy(into.data(), text.data() + (address - begin), size);
    return size;
  };
}

std::string with_nul(std::string text) {
  text.push_back('\0');
  return text;
}

std::optional<LandlockCall> read(const char* name, std::array<uint64_t, 6> arguments,
                                 std::map<uint64_t, std::string> texts = {{0x1000, with_nul("/etc/one")},
                                                                          {0x2000, with_nul("two")}}) {
  bpf::SystemCall call;
  call.number = *arch::number_of(arch::Abi::kX86_64, name);
  call.args = arguments;
  return landlock_call(arch::Abi::kX86_64, call, memory_with(std::move(texts)));
}

TEST(LandlockCall, ReadsPathsAndFlags) {
  const auto opened = read("openat", {7, 0x1000, O_RDWR | O_NOFOLLOW});
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->kind, Kind::kOpen);
  EXPECT_EQ(opened->path.directory, 7);
  EXPECT_EQ(opened->path.text, "/etc/one");
  EXPECT_EQ(opened->flags, O_RDWR | O_NOFOLLOW);
  EXPECT_FALSE(opened->follow);
  const auto moved = read("renameat2", {static_cast<uint32_t>(AT_FDCWD), 0x1000, 8, 0x2000, 1});
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->path.directory, AT_FDCWD);
  EXPECT_EQ(moved->target.directory, 8);
  EXPECT_EQ(moved->target.text, "two");
  EXPECT_EQ(moved->flags, 1U);
}

TEST(LandlockCall, KnowsWhatEachMakesAndRemoves) {
  EXPECT_EQ(read("mkdir", {0x1000})->rights, kMakeDir);
  EXPECT_EQ(read("symlink", {0x2000, 0x1000})->path.text, "/etc/one");
  EXPECT_EQ(read("mknodat", {0, 0x1000, S_IFIFO | 0600})->rights, kMakeFifo);
  EXPECT_EQ(read("mknodat", {0, 0x1000, 0600})->rights, kMakeReg);
  EXPECT_EQ(read("unlinkat", {0, 0x1000, 0})->rights, kRemoveFile);
  EXPECT_EQ(read("unlinkat", {0, 0x1000, AT_REMOVEDIR})->rights, kRemoveDir);
  EXPECT_EQ(read("creat", {0x1000, 0600})->flags, O_CREAT | O_WRONLY | O_TRUNC);
}

TEST(LandlockCall, ReadsTheStructOfOpenat2) {
  const open_how how = {.flags = O_WRONLY, .mode = 0, .resolve = RESOLVE_BENEATH};
  const std::string bytes(reinterpret_cast<const char*>(&how), sizeof how);
  const auto opened = read("openat2", {7, 0x1000, 0x3000, sizeof how}, {{0x1000, with_nul("a")}, {0x3000, bytes}});
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->flags, O_WRONLY);
  EXPECT_EQ(opened->resolve, RESOLVE_BENEATH);
}

TEST(LandlockCall, HasNothingOfWhatCannotBeReadOrWantsNothing) {
  EXPECT_FALSE(read("openat", {7, 0x9000, 0}));
  EXPECT_FALSE(read("openat", {7, 0x1000, O_PATH}));
  EXPECT_FALSE(read("read", {0, 0x1000, 1}));
  EXPECT_FALSE(read("fsconfig", {3, 0, 0x1000}));
  EXPECT_TRUE(read("fsconfig", {3, 7, 0}));
  EXPECT_FALSE(read("openat", {7, 0x1000, 0}, {{0x1000, std::string(5000, 'x')}}));  // No path is so long.
  EXPECT_EQ(read("open", {0x1000, 0}, {{0x1000, with_nul(std::string(4000, 'x'))}})->path.text.size(), 4000U);
}

TEST(LandlockCall, NamesTheCallsOfWhatIsHandled) {
  const auto has = [](const LandlockHandled& handled, std::string_view name) {
    const auto names = landlock_calls(handled);
    return std::ranges::find(names, name) != names.end();
  };
  EXPECT_TRUE(has({.files = kAll}, "openat"));
  EXPECT_TRUE(has({.files = kAll}, "mount"));
  EXPECT_FALSE(has({.files = kAll}, "kill"));
  EXPECT_FALSE(has({.files = kAll & ~kResolveUnix}, "connect"));
  EXPECT_TRUE(has({.ports = arch::port_right::kConnectTcp}, "connect"));
  EXPECT_FALSE(has({.ports = arch::port_right::kConnectTcp}, "openat"));
  EXPECT_TRUE(has({.scopes = arch::scope::kSignals}, "tgkill"));
  for (const std::string_view name : landlock_calls({kAll, arch::port_right::kAll, arch::scope::kAll})) {
    EXPECT_FALSE(arch::abis_with(name).empty()) << name;
  }
}

}  // namespace
}  // namespace sandbox::report
