// What a program's file gives to the process that executes it: set-ID bits and file capabilities.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace sandbox::kernel {

/// What no_new_privs keeps execve(2) from giving.
struct FilePrivileges {
  std::optional<uid_t> user;   ///< Of the owner of a file with the set-user-ID bit.
  std::optional<gid_t> group;  ///< The same of its group.
  uint64_t capabilities = 0;   ///< Permitted by its attribute security.capability, a bit for each.

  [[nodiscard]] bool any() const { return user || group || capabilities != 0; }
};

/// Those of an open file. Nothing for an invalid descriptor, and on a file system that is mounted with nosuid.
FilePrivileges file_privileges(int fd);

/// What the calling process does not have already: another user, another group, capabilities that are not among its
/// own.
FilePrivileges missing_privileges(const FilePrivileges& privileges);

/// The bits of a version 2 or 3 attribute security.capability (linux/capability.h); 0 for other bytes.
uint64_t permitted_capabilities(const void* attribute, size_t size);

/// What is lost of a program at `path`, and how to give it: one line. None if nothing is.
std::optional<std::string> lost_privileges_warning(const std::string& path, const FilePrivileges& lost);

}  // namespace sandbox::kernel
