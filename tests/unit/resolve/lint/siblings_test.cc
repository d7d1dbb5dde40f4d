#include "resolve/lint/siblings.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"

namespace sandbox::resolve {
namespace {

using arch::Abi;

std::string text_of(std::vector<std::string_view> calls) {
  std::ranges::sort(calls);
  return join(calls, " ");
}

std::string same(Abi abi, const std::set<std::string_view>& denied) {
  return text_of(siblings_of(abi, denied).same);
}

std::string absent(Abi abi, const std::set<std::string_view>& denied) {
  return text_of(siblings_of(abi, denied).absent);
}

/// "connect: sendto sendmsg, data can be sent without connecting\n".
std::string partial(Abi abi, const std::set<std::string_view>& denied) {
  std::string text;
  for (const Siblings::Partial& one : siblings_of(abi, denied).partial) {
    text += join(one.denied, " ") + ": " + join(one.calls, " ") + ", " + std::string(one.effect) + "\n";
  }
  return text;
}

TEST(Siblings, DoTheSame) {
  EXPECT_EQ(same(Abi::kX86_64, {"execve"}), "execveat");
  EXPECT_EQ(same(Abi::kX86_64, {"ptrace"}), "pidfd_getfd process_vm_readv process_vm_writev");
  EXPECT_EQ(same(Abi::kX86_64, {"truncate"}), "ftruncate");
  EXPECT_EQ(same(Abi::kX86_64, {"mount"}), "fsopen mount_setattr move_mount") << "fsmount's is used by its descriptor";
  EXPECT_EQ(same(Abi::kX86_64, {"ftruncate"}), "") << "denying it has other reasons";
  EXPECT_EQ(same(Abi::kX86_64, {"getpid"}), "");
  EXPECT_EQ(same(Abi::kX86_64, {}), "");
}

TEST(Siblings, OfCreatOpenMoreThanItDoes) {
  EXPECT_EQ(same(Abi::kX86_64, {"creat"}), "");
  EXPECT_EQ(partial(Abi::kX86_64, {"creat"}), "creat: open openat openat2, files can be created too\n");
}

TEST(Siblings, AreNotThoseThatAreDenied) {
  EXPECT_EQ(same(Abi::kX86_64, {"execve", "execveat"}), "");
  EXPECT_EQ(absent(Abi::kX86_64, {"clone", "clone3"}), "");
}

TEST(Siblings, OfAnAbiHaveItsSpellings) {
  EXPECT_EQ(same(Abi::kX86, {"chown"}), "chown32 fchown fchown32 fchownat lchown lchown32");
  EXPECT_EQ(same(Abi::kX86, {"futex"}), "futex_time64") << "of no family";
  EXPECT_EQ(same(Abi::kAarch64, {"openat"}), "openat2") << "no open there";
}

TEST(Siblings, ThatProgramsDoWithout) {
  EXPECT_EQ(absent(Abi::kX86_64, {"socket"}), "io_uring_enter io_uring_register io_uring_setup");
  EXPECT_EQ(absent(Abi::kX86_64, {"unshare"}), "clone3");
  EXPECT_EQ(absent(Abi::kX86_64, {"clone"}), "clone3");
  EXPECT_EQ(same(Abi::kX86_64, {"clone"}), "fork vfork");
  EXPECT_EQ(absent(Abi::kX86_64, {"ptrace"}), "");
}

TEST(Siblings, ThatDoMoreAreToldApart) {
  EXPECT_EQ(partial(Abi::kX86_64, {"connect"}),
            "connect: sendto sendmsg sendmmsg, data can be sent without connecting\n");
  EXPECT_EQ(partial(Abi::kX86_64, {"connect", "sendto", "sendmsg", "sendmmsg"}), "");
  EXPECT_EQ(partial(Abi::kX86_64, {"fork"}), "fork: clone, processes can be started too\n");
  EXPECT_EQ(partial(Abi::kX86_64, {"open"}), "open: creat, the same can be done\n");
}

}  // namespace
}  // namespace sandbox::resolve
