#include "kernel/file_privileges.h"

#include <endian.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <vector>

#include "arch/capabilities.h"
#include "base/text.h"

namespace sandbox::kernel {
namespace {

constexpr size_t kMaxShown = 4096;

/// The names of the bits, "CAP_NET_RAW".
std::vector<std::string> names_of(uint64_t capabilities) {
  std::vector<std::string> names;
  size_t number = 0;
  for (const std::string_view name : arch::capability_names()) {
    if ((capabilities >> number++ & 1U) != 0) names.emplace_back(name);
  }
  return names;
}

/// "+net_raw,+sys_ptrace", as setpriv(1) reads them.
std::string for_setpriv(const std::vector<std::string>& names) {
  return join(names, ",", [](const std::string& name) {
    std::string word = name.starts_with("CAP_") ? name.substr(4) : name;
    std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return "+" + word;
  });
}

}  // namespace

uint64_t permitted_capabilities(const void* attribute, size_t size) {
  vfs_cap_data data = {};
  if (size != XATTR_CAPS_SZ_2 && size != XATTR_CAPS_SZ_3) return 0;
  std::memcpy(&data, attribute, XATTR_CAPS_SZ_2);  // Version 3 has a user id behind it.
  const uint32_t revision = le32toh(data.magic_etc) & VFS_CAP_REVISION_MASK;
  if (revision != VFS_CAP_REVISION_2 && revision != VFS_CAP_REVISION_3) return 0;
  return le32toh(data.data[0].permitted) | static_cast<uint64_t>(le32toh(data.data[1].permitted)) << 32U;
}

FilePrivileges file_privileges(int fd) {
  FilePrivileges privileges;
  struct stat info = {};
  if (fd < 0 || fstat(fd, &info) != 0) return privileges;
  if ((info.st_mode & S_ISUID) != 0) privileges.user = info.st_uid;
  // Without the bit to execute, it is not a set-group-ID bit but one for mandatory locks.
  if ((info.st_mode & S_ISGID) != 0 && (info.st_mode & S_IXGRP) != 0) privileges.group = info.st_gid;
  char attribute[XATTR_CAPS_SZ_3];
  const ssize_t size = fgetxattr(fd, "security.capability", attribute, sizeof attribute);
  if (size > 0) privileges.capabilities = permitted_capabilities(attribute, static_cast<size_t>(size));
  if (!privileges.any()) return privileges;
  struct statvfs about = {};
  if (fstatvfs(fd, &about) == 0 && (about.f_flag & ST_NOSUID) != 0) return {};
  return privileges;
}

FilePrivileges missing_privileges(const FilePrivileges& privileges) {
  FilePrivileges missing = privileges;
  if (missing.user == geteuid()) missing.user.reset();
  if (missing.group == getegid()) missing.group.reset();
  if (missing.capabilities == 0) return missing;
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, sets) != 0) return missing;
  missing.capabilities &= ~(sets[0].permitted | static_cast<uint64_t>(sets[1].permitted) << 32U);
  return missing;
}

std::optional<std::string> lost_privileges_warning(const std::string& path, const FilePrivileges& lost) {
  if (!lost.any()) return std::nullopt;
  const std::string file = in_quotes(path, kMaxShown);
  if (lost.user || lost.group) {
    const std::string bit = lost.user ? "set-user-ID" : "set-group-ID";
    const std::string id = lost.user ? "user " + std::to_string(*lost.user) : "group " + std::to_string(*lost.group);
    const std::string start =
        lost.user && *lost.user == 0 ? "start sandbox-run as root"
        : lost.user                  ? "start sandbox-run as that user: setpriv --reuid=" + std::to_string(*lost.user) +
                          " --init-groups sandbox-run ..."
                    : "start sandbox-run with that group: setpriv --regid=" + std::to_string(*lost.group) +
                          " --keep-groups sandbox-run ...";
    return file + " has the " + bit + " bit, but no_new_privs keeps it from becoming " + id +
           "; if it has to be: " + start;
  }
  const std::vector<std::string> names = names_of(lost.capabilities);
  if (names.empty()) return std::nullopt;
  const std::string list = for_setpriv(names);
  return file + " has the file " + (names.size() == 1 ? "capability " : "capabilities ") + join_with_and(names) +
         ", but no_new_privs keeps it from getting " + (names.size() == 1 ? "it" : "them") +
         "; to give: AmbientCapabilities=" + join(names, " ") + " in a unit, or as root: setpriv --reuid=USER " +
         "--init-groups --inh-caps=" + list + " --ambient-caps=" + list + " sandbox-run ...";
}

}  // namespace sandbox::kernel
