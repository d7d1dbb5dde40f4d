#include "kernel/file_ancestry.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "kernel/proc.h"

namespace sandbox::kernel {
namespace {

constexpr std::string_view kDeleted = " (deleted)";
constexpr long kPidFs = 0x50494446;  // Since Linux 6.9; Debian 12's headers lack it.
constexpr int kOpenPath = O_PATH | O_CLOEXEC;

/// File systems that only the kernel mounts: what is on them Landlock does not restrict (SB_NOUSER, MNT_INTERNAL), also
/// where a namespace's file was bound to a path.
constexpr std::array<long, 8> kInternal = {PIPEFS_MAGIC, SOCKFS_MAGIC,  ANON_INODE_FS_MAGIC, NSFS_MAGIC,
                                           kPidFs,       DMA_BUF_MAGIC, SECRETMEM_MAGIC,     BDEVFS_MAGIC};

/// See keeps_inode_numbers(). Some of the numbers are negative as a long of 32 bits.
constexpr std::array<uint32_t, 11> kKeepNumbers = {
    EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,  F2FS_SUPER_MAGIC,    TMPFS_MAGIC,   RAMFS_MAGIC,
    PROC_SUPER_MAGIC, SYSFS_MAGIC,     DEVPTS_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, SQUASHFS_MAGIC};

/// The device of the kernel's own tmpfs, which memfd_create(2) and shared anonymous memory are on; 0: none was made.
uint64_t memfd_device() {
  static const uint64_t device = [] {
    const UniqueFd fd(memfd_create("", MFD_CLOEXEC));
    const auto status = status_of(fd.get());
    return status ? status->id.device : 0;
  }();
  return device;
}

/// What /proc shows the descriptor as; empty if that cannot be read or is too long for a path.
std::string shown_path(int fd) {
  return link_text(AT_FDCWD, ("/proc/self/fd/" + std::to_string(fd)).c_str());
}

bool is_internal(int fd, const FileStatus& status, std::string_view shown) {
  if (!shown.empty() && shown.front() != '/') return true;  // "pipe:[4711]".
  // Its files have no other names than "/memfd:NAME (deleted)" and the like.
  const bool may_be_memfd = shown.empty() || shown.ends_with(kDeleted);
  if (may_be_memfd && status.id.device == memfd_device()) return true;
  struct statfs system = {};
  if (fstatfs(fd, &system) != 0) return false;
  if (std::ranges::find(kInternal, static_cast<long>(system.f_type)) != kInternal.end()) return true;
  return system.f_type == HUGETLBFS_MAGIC && status.links == 0 && shown.find('/', 1) == std::string_view::npos;
}

Result<FileStatus, int> status_by(int fd, const char* path, int flags) {
  struct statx found = {};
  constexpr unsigned kWanted = STATX_TYPE | STATX_MODE | STATX_INO | STATX_NLINK | STATX_MNT_ID;
  if (statx(fd, path, flags | AT_NO_AUTOMOUNT, kWanted, &found) != 0) return errno;
  FileStatus status;
  status.id = {makedev(found.stx_dev_major, found.stx_dev_minor), found.stx_ino};
  status.mount = found.stx_mnt_id;
  status.mount_root = (found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
  status.mode = found.stx_mode;
  status.links = found.stx_nlink;
  return status;
}

bool same_place(const FileStatus& a, const FileStatus& b) {
  return a.id == b.id && a.mount == b.mount;
}

/// The directory of a path, if the file is in it by this name; with `removed`, if it can have been in it.
Result<UniqueFd, int> directory_with(const std::string& path, const FileStatus& file, bool removed) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ESTALE;
  UniqueFd directory(open(slash == 0 ? "/" : path.substr(0, slash).c_str(), kOpenPath | O_DIRECTORY));
  if (!directory.valid()) return errno == ENOENT || errno == ENOTDIR ? ESTALE : errno;
  if (removed) {
    const auto status = status_of(directory.get());
    if (!status) return status.error();
    if (status->mount != file.mount) return ESTALE;
    return directory;
  }
  const UniqueFd found(openat(directory.get(), path.c_str() + slash + 1, kOpenPath | O_NOFOLLOW));
  if (!found.valid()) return ESTALE;
  const auto status = status_of(found.get());
  if (!status) return status.error();
  if (!same_place(*status, file)) return ESTALE;
  return directory;
}

}  // namespace

Result<FileStatus, int> status_of(int fd) {
  return status_by(fd, "", AT_EMPTY_PATH);
}

Result<FileStatus, int> status_at(int directory, const std::string& path) {
  return status_by(directory, path.c_str(), AT_SYMLINK_NOFOLLOW);
}

bool keeps_inode_numbers(int fd) {
  struct statfs system = {};
  return fstatfs(fd, &system) == 0 &&
         std::ranges::find(kKeepNumbers, static_cast<uint32_t>(system.f_type)) != kKeepNumbers.end();
}

Result<UniqueFd, int> parent_of(int o_path_fd, const FileStatus& status) {
  if (S_ISDIR(status.mode)) {
    UniqueFd parent(openat(o_path_fd, "..", kOpenPath));
    if (!parent.valid()) return errno;
    return parent;
  }
  const std::string shown = shown_path(o_path_fd);
  auto parent = directory_with(shown, status, false);
  if (parent || parent.error() != ESTALE || !shown.ends_with(kDeleted)) return parent;
  return directory_with(shown.substr(0, shown.size() - kDeleted.size()), status, true);
}

Result<std::optional<resolve::Ancestry>, int> ancestry_of(int o_path_fd, const EnoughAncestry& enough) {
  auto status = status_of(o_path_fd);
  if (!status) return status.error();
  if (!S_ISDIR(status->mode) && is_internal(o_path_fd, *status, shown_path(o_path_fd))) {
    return std::optional<resolve::Ancestry>();
  }
  resolve::Ancestry ancestry = {status->id};
  UniqueFd above;
  while (ancestry.size() <= kMaxSteps) {
    auto parent = parent_of(above.valid() ? above.get() : o_path_fd, *status);
    if (!parent) return parent.error();
    const auto next = status_of(parent->get());
    if (!next) return next.error();
    if (same_place(*next, *status)) return std::optional(std::move(ancestry));  // The root.
    // "..": also into what is mounted over the parent, where the kernel goes on below that.
    if (!status->mount_root && next->mount != status->mount) return ESTALE;
    ancestry.push_back(next->id);
    if (enough && enough(ancestry)) return std::optional(std::move(ancestry));
    status = *next;
    above = std::move(*parent);
  }
  return kTooFar;
}

}  // namespace sandbox::kernel
