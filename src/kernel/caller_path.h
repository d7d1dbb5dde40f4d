// A path of another process, found as the kernel finds it for that process: from its root, its working directory or its
// descriptors, over symbolic links, and over those of /proc, which are no paths.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "kernel/file_ancestry.h"

namespace sandbox::kernel {

/// Where a thread's paths begin. They are opened when they are first needed: a thread can change them.
class CallerFiles {
 public:
  /// Invalid where /proc does not show the thread. `thread` is as this process sees it.
  explicit CallerFiles(pid_t thread);

  [[nodiscard]] bool valid() const { return process_.valid(); }
  [[nodiscard]] pid_t thread() const { return thread_; }
  /// Whether it acts as the user that this process acts as.
  [[nodiscard]] bool same_user() const;
  [[nodiscard]] Result<UniqueFd, int> root() const;
  /// A descriptor of the thread, or AT_FDCWD: as one of this process, opened with O_PATH.
  [[nodiscard]] Result<UniqueFd, int> descriptor(int number) const;
  /// What /proc/self, or /proc/thread-self, is for the thread in the procfs whose root this is; empty: nothing.
  [[nodiscard]] std::string self(int procfs, bool of_thread) const;

 private:
  pid_t thread_;
  UniqueFd process_;  ///< /proc/THREAD.
};

/// How the end of a path is looked up.
struct LookupOptions {
  bool follow = true;       ///< A symbolic link at the end; so does a trailing slash, but not with `entry`.
  bool entry = false;       ///< The directory entry is meant, to make it or to remove it, and not what it stands for.
  bool may_lack = false;    ///< The last component may be missing.
  bool empty_path = false;  ///< AT_EMPTY_PATH.
  uint64_t resolve = 0;     ///< RESOLVE_* of openat2(2).
};

/// The end of a path.
struct FoundPath {
  UniqueFd file;                     ///< O_PATH; invalid: it is missing.
  std::optional<FileStatus> status;  ///< Of `file`.
  UniqueFd directory;  ///< That has the last component; invalid where that has no name ("..", "/", a descriptor).
  std::string name;    ///< The last component.
  bool trailing_slash = false;
  [[nodiscard]] bool has_name() const { return directory.valid(); }
};

/// Finds a path for a caller. `directory`: as in openat(2). The error is the errno that the kernel gives the caller for
/// it, as far as that depends on what is where; permissions are not looked at. kTooFar: the path and the symbolic links
/// in it have more than kMaxSteps components. It can block where a file system does.
Result<FoundPath, int> find_path(const CallerFiles& caller, int directory, const std::string& path,
                                 const LookupOptions& options);

/// The path of a descriptor or of an entry in it as this process sees it, for messages; empty if it has none.
std::string path_text(const FoundPath& found);

}  // namespace sandbox::kernel
