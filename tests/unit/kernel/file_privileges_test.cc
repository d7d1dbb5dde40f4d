#include "kernel/file_privileges.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <string>

#include "base/file.h"
#include "support/temporary_directory.h"

namespace sandbox::kernel {
namespace {

// As setcap cap_net_raw+ep writes it.
const std::string kNetRaw("\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20);
// The same in version 3, with CAP_BPF, and the user id 1000 of a user namespace's root.
const std::string kBpf(
    "\x01\x00\x00\x03\x00\x20\x00\x00\x00\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00\xe8\x03\x00\x00", 24);

uint64_t bit(int capability) {
  return uint64_t{1} << capability;
}

uint64_t read(const std::string& attribute) {
  return permitted_capabilities(attribute.data(), attribute.size());
}

TEST(FilePrivileges, TheAttributeIsRead) {
  EXPECT_EQ(read(kNetRaw), bit(CAP_NET_RAW));
  EXPECT_EQ(read(kBpf), bit(CAP_NET_RAW) | bit(CAP_BPF));
  EXPECT_EQ(read(""), 0U);
  EXPECT_EQ(read(kNetRaw.substr(1)), 0U);
  EXPECT_EQ(read("\x01\x00\x00\x09" + kNetRaw.substr(4)), 0U) << "a version to come";
}

TEST(FilePrivileges, OfAFile) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.write("tool", "#!", 0755);
  const UniqueFd plain(open(path.c_str(), O_RDONLY));
  EXPECT_FALSE(file_privileges(plain.get()).any());
  EXPECT_FALSE(file_privileges(-1).any());
  ASSERT_EQ(chmod(path.c_str(), 06755), 0);
  EXPECT_EQ(file_privileges(plain.get()).user, geteuid());
  EXPECT_EQ(file_privileges(plain.get()).group, getegid());
  EXPECT_FALSE(missing_privileges(file_privileges(plain.get())).any()) << "they are the caller's";
  ASSERT_EQ(chmod(path.c_str(), 02745), 0);
  EXPECT_FALSE(file_privileges(plain.get()).group) << "for mandatory locks";
  if (geteuid() != 0) return;
  ASSERT_EQ(chown(path.c_str(), 65534, 65534), 0);
  ASSERT_EQ(chmod(path.c_str(), 04755), 0);
  EXPECT_EQ(missing_privileges(file_privileges(plain.get())).user, 65534U);
  if (setxattr(path.c_str(), "security.capability", kNetRaw.data(), kNetRaw.size(), 0) != 0) return;
  EXPECT_EQ(file_privileges(plain.get()).capabilities, bit(CAP_NET_RAW));
}

TEST(FilePrivileges, WhatIsLostIsSaidWithWhatToDo) {
  EXPECT_EQ(lost_privileges_warning("/bin/x", {}), std::nullopt);
  FilePrivileges lost;
  lost.capabilities = bit(CAP_NET_RAW);
  EXPECT_EQ(lost_privileges_warning("/bin/x", lost),
            "'/bin/x' has the file capability CAP_NET_RAW, but no_new_privs keeps it from getting it; to give: "
            "AmbientCapabilities=CAP_NET_RAW in a unit, or as root: setpriv --reuid=USER --init-groups "
            "--inh-caps=+net_raw --ambient-caps=+net_raw sandbox-run ...");
  lost.capabilities |= bit(CAP_NET_ADMIN);
  EXPECT_EQ(lost_privileges_warning("/bin/x", lost),
            "'/bin/x' has the file capabilities CAP_NET_ADMIN and CAP_NET_RAW, but no_new_privs keeps it from getting "
            "them; to give: AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW in a unit, or as root: setpriv --reuid=USER "
            "--init-groups --inh-caps=+net_admin,+net_raw --ambient-caps=+net_admin,+net_raw sandbox-run ...");
  EXPECT_EQ(lost_privileges_warning("/bin/x", {0, {}, 0}),
            "'/bin/x' has the set-user-ID bit, but no_new_privs keeps it from becoming user 0; if it has to be: start "
            "sandbox-run as root");
  EXPECT_EQ(
      lost_privileges_warning("/bin/x", {{}, 5, 0}),
      "'/bin/x' has the set-group-ID bit, but no_new_privs keeps it from becoming group 5; if it has to be: start "
      "sandbox-run with that group: setpriv --regid=5 --keep-groups sandbox-run ...");
}

}  // namespace
}  // namespace sandbox::kernel
