#include "sandbox-run/deny_list.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sandbox::launcher {
namespace {

using arch::Abi;

/// "ENOSYS: clone3; EPERM: unshare".
std::string groups_of(const DenyList& list) {
  return join(list.policy.groups, "; ", [](const policy::Group& group) {
    return group.error.name + ": " + join(group.names, " ", &policy::Name::text);
  });
}

TEST(DenyList, HasItsNamesAndTheirSiblings) {
  const DenyList list = deny_list({"unshare, mkdir ,,@swap", "mkdir"}, {Abi::kX86_64});
  EXPECT_EQ(list.written, (std::vector<std::string>{"unshare", "mkdir", "@swap"}));
  EXPECT_EQ(list.with_it,
            (std::vector<std::string>{"clone3", "io_uring_enter", "io_uring_register", "io_uring_setup", "mkdirat"}));
  EXPECT_EQ(
      groups_of(list),
      "ENOSYS: clone3 io_uring_enter io_uring_register io_uring_setup; EPERM: unshare mkdir @swap; EPERM: mkdirat");
  EXPECT_EQ(list.policy.default_action, policy::Action::kAllow);
}

TEST(DenyList, NamesHaveTheirPlaces) {
  const DenyList list = deny_list({"uname, ptrac", "acct"}, {Abi::kX86_64});
  EXPECT_EQ(list.policy.source->name(), "--deny");
  EXPECT_EQ(list.policy.source->text(), "uname, ptrac,acct");
  ASSERT_EQ(list.policy.groups.size(), 1U);
  const auto& names = list.policy.groups[0].names;
  ASSERT_EQ(names.size(), 3U);
  EXPECT_EQ(names[1].range.offset, 7U);
  EXPECT_EQ(names[1].range.length, 5U);
  EXPECT_EQ(names[2].range.offset, 13U);
}

TEST(DenyList, GivesClone3ENOSYSAlsoByName) {
  EXPECT_EQ(groups_of(deny_list({"clone3"}, {Abi::kX86_64})), "ENOSYS: clone3; EPERM: clone3");
}

TEST(DenyList, IsForEachOfTheAbis) {
  const DenyList list = deny_list({"chown"}, {Abi::kX86_64, Abi::kX86});
  EXPECT_EQ(list.with_it,
            (std::vector<std::string>{"chown32", "fchown", "fchown32", "fchownat", "lchown", "lchown32"}));
  ASSERT_EQ(list.policy.architectures.size(), 2U);
  EXPECT_EQ(list.policy.architectures[1].abi, Abi::kX86);
}

TEST(DenyList, NotesWhatDoesSomeOfTheWorkOnce) {
  const DenyList list = deny_list({"connect"}, {Abi::kX86_64, Abi::kX86});
  ASSERT_EQ(list.partial.size(), 1U);
  EXPECT_EQ(join(list.partial[0].calls, " "), "sendto sendmsg sendmmsg");
}

}  // namespace
}  // namespace sandbox::launcher
