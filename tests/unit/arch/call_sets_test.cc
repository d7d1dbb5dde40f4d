#include "arch/call_sets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "arch/syscalls.h"

namespace sandbox::arch {
namespace {

using Names = std::vector<std::string_view>;

bool contains(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// Follows the sets inside a set; fails where it comes to one that it stands in.
void expect_no_way_back(std::string_view set, Names& path) {
  ASSERT_FALSE(contains(path, set)) << set << " contains itself";
  path.push_back(set);
  const auto members = written_members_of_set(set);
  ASSERT_TRUE(members) << path.back() << " of " << (path.size() > 1 ? path[path.size() - 2] : "");
  for (const std::string_view member : *members) {
    if (!member.starts_with('@')) continue;
    ASSERT_NO_FATAL_FAILURE(expect_no_way_back(member, path));
  }
  path.pop_back();
}

TEST(CallSets, HaveNoCycleAndNameOnlySetsThatExist) {
  for (const std::string_view set : set_names()) {
    Names path;
    ASSERT_NO_FATAL_FAILURE(expect_no_way_back(set, path));
  }
}

TEST(CallSets, AreSystemds) {
  EXPECT_EQ(set_names(),
            (Names{"@aio",        "@basic-io",    "@chown",    "@clock",      "@cpu-emulation",  "@debug",
                   "@default",    "@file-system", "@io-event", "@ipc",        "@keyring",        "@known",
                   "@memlock",    "@module",      "@mount",    "@network-io", "@obsolete",       "@pkey",
                   "@privileged", "@process",     "@raw-io",   "@reboot",     "@resources",      "@sandbox",
                   "@setuid",     "@signal",      "@swap",     "@sync",       "@system-service", "@timer"}));
}

TEST(CallSets, HaveTheirMembers) {
  EXPECT_EQ(members_of_set("@module"), (Names{"delete_module", "finit_module", "init_module"}));
  EXPECT_EQ(members_of_set("@reboot"), (Names{"kexec_file_load", "kexec_load", "reboot"}));
  EXPECT_EQ(members_of_set("@swap"), (Names{"swapoff", "swapon"}));
  EXPECT_EQ(members_of_set("@pkey"), (Names{"pkey_alloc", "pkey_free", "pkey_mprotect"}));
  EXPECT_EQ(members_of_set("@keyring"), (Names{"add_key", "keyctl", "request_key"}));
  EXPECT_EQ(members_of_set("@network-io"),
            (Names{"accept",     "accept4", "bind",       "connect",   "getpeername", "getsockname",
                   "getsockopt", "listen",  "recv",       "recvfrom",  "recvmmsg",    "recvmmsg_time64",
                   "recvmsg",    "send",    "sendmmsg",   "sendmsg",   "sendto",      "setsockopt",
                   "shutdown",   "socket",  "socketcall", "socketpair"}));
  const Names debug = members_of_set("@debug").value_or(Names{});
  EXPECT_TRUE(contains(debug, "ptrace"));
  const Names mount = members_of_set("@mount").value_or(Names{});
  EXPECT_TRUE(contains(mount, "open_tree_attr"));
  EXPECT_EQ(mount.size(), 12U);
}

TEST(CallSets, HoldTheMembersOfTheSetsInThem) {
  const auto written = written_members_of_set("@privileged");
  ASSERT_TRUE(written);
  EXPECT_TRUE(contains(*written, "@module"));
  const auto privileged = members_of_set("@privileged");
  ASSERT_TRUE(privileged);
  for (const char* name : {"init_module", "chown", "settimeofday", "iopl", "reboot", "swapon", "setuid"}) {
    EXPECT_TRUE(contains(*privileged, name)) << name;
  }
  // Two levels down: @system-service, @default, @sandbox.
  const auto service = members_of_set("@system-service");
  ASSERT_TRUE(service);
  EXPECT_TRUE(contains(*service, "seccomp"));
  EXPECT_TRUE(contains(*service, "execve"));
  EXPECT_FALSE(contains(*service, "mount"));
  EXPECT_FALSE(contains(*service, "ptrace"));
}

TEST(CallSets, GiveEachCallOnceAndNoSet) {
  for (const std::string_view set : set_names()) {
    const auto members = members_of_set(set);
    ASSERT_TRUE(members) << set;
    EXPECT_FALSE(members->empty()) << set;
    EXPECT_TRUE(std::ranges::is_sorted(*members)) << set;
    EXPECT_EQ(std::ranges::adjacent_find(*members), members->end()) << set;
    for (const std::string_view name : *members) {
      EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), name.npos) << name << " in " << set;
      EXPECT_FALSE(name.empty()) << set;
    }
  }
}

TEST(CallSets, WithAnotherNameAreNone) {
  for (const char* name : {"", "@", "network-io", "@Network-io", "@network-io ", "@networkio", "read", "@@aio"}) {
    EXPECT_EQ(members_of_set(name), std::nullopt) << name;
    EXPECT_EQ(written_members_of_set(name), std::nullopt) << name;
  }
}

// systemd's own omissions from the list of calls it knows: calls that are gone, and other names of known ones.
const std::set<std::string_view> kUnknownToSystemd = {"arm_sync_file_range", "fstatat", "newfstat", "nfsservctl"};

TEST(CallSets, OnlyNameCallsThatSystemdKnows) {
  const auto known = members_of_set("@known");
  ASSERT_TRUE(known);
  for (const std::string_view set : set_names()) {
    const auto members = members_of_set(set);
    ASSERT_TRUE(members);
    for (const std::string_view name : *members) {
      EXPECT_TRUE(contains(*known, name) || kUnknownToSystemd.contains(name)) << name << " in " << set;
    }
  }
}

TEST(CallSets, KnowEveryCallOfTheTables) {
  const auto known = members_of_set("@known");
  ASSERT_TRUE(known);
  for (const arch::AbiInfo& abi : arch::all_abis()) {
    for (const std::string_view name : arch::names_on(abi.abi)) {
      EXPECT_TRUE(contains(*known, name) || kUnknownToSystemd.contains(name)) << name << " on " << abi.name;
    }
  }
}

}  // namespace
}  // namespace sandbox::arch
