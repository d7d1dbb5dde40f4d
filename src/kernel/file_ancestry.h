// The directories above a file, as Landlock sees them.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "resolve/landlock/evaluate.h"

namespace sandbox::kernel {

/// A file's identity, and what else Landlock's way up depends on.
struct FileStatus {
  resolve::FileId id;
  uint64_t mount = 0;       ///< The mount that the file was reached through (STATX_MNT_ID).
  bool mount_root = false;  ///< It is the root of that mount.
  uint32_t mode = 0;        ///< As in struct stat.
  uint32_t links = 0;
};

/// So many directories are gone up, and so many components of a path followed. The target decides how deep its files
/// lie, and each step costs the supervisor some system calls, in which all other calls of the target wait.
inline constexpr size_t kMaxSteps = 128;

/// The error where more were needed. No lookup of the kernel's gives it.
inline constexpr int kTooFar = E2BIG;

/// What statx(2) has of a descriptor. The error is an errno.
Result<FileStatus, int> status_of(int fd);

/// The same of a path below a directory, which begins with no slash; of a symbolic link at its end that itself.
Result<FileStatus, int> status_at(int directory, const std::string& path);

/// Whether an open file of this file system has its inode's number as long as it is open. One of an overlay gets
/// another when it is first written; of a file system that is not known here the answer is no.
bool keeps_inode_numbers(int fd);

using EnoughAncestry = std::function<bool(const resolve::Ancestry& so_far)>;

/// The file of an O_PATH descriptor and the directories above it up to the root, as the kernel's Landlock goes up
/// (is_access_to_paths_allowed() in security/landlock/fs.c): from the root of a mount to the parent of its mount point;
/// the directory that is mounted over does not count. None: the file is on one of the kernel's own mounts (a pipe, a
/// socket, a memfd, an anonymous inode, a namespace), where Landlock restricts nothing.
///
/// The error is an errno: ENOENT for a directory that was moved out of its bind mount, ESTALE where the way up cannot
/// be found (a parent that something was mounted over, a removed file of a removed directory), kTooFar behind kMaxSteps
/// directories, and what a file system answers. It can block: a file system in user space (FUSE) answers when it likes.
///
/// `enough`: asked of what was found at each directory; when it is true nothing further is looked for.
Result<std::optional<resolve::Ancestry>, int> ancestry_of(int o_path_fd, const EnoughAncestry& enough = {});

/// The directory above a file that is no directory, by the name that /proc has for the descriptor; of a directory, its
/// "..". The error is as above.
Result<UniqueFd, int> parent_of(int o_path_fd, const FileStatus& status);

}  // namespace sandbox::kernel
