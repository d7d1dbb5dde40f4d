#include "kernel/caller_path.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <utility>
#include <vector>

#include "kernel/proc.h"

namespace sandbox::kernel {
namespace {

constexpr int kMaxLinks = 40;           // MAXSYMLINKS.
constexpr uint64_t kProcRootInode = 1;  // PROC_ROOT_INO.
constexpr int kOpenPath = O_PATH | O_CLOEXEC;

bool same_place(const FileStatus& a, const FileStatus& b) {
  return a.id == b.id && a.mount == b.mount;
}

/// A component at a time, as link_path_walk() in fs/namei.c.
class Walk {
 public:
  Walk(const CallerFiles& caller, const LookupOptions& options) : caller_(caller), options_(options) {}

  Result<FoundPath, int> find(int directory, const std::string& path) {
    if (path.empty() && !options_.empty_path) return ENOENT;
    if (path.size() >= PATH_MAX) return ENAMETOOLONG;
    const bool absolute = !path.empty() && path.front() == '/';
    const bool scoped = (options_.resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) != 0;
    if (absolute && (options_.resolve & RESOLVE_BENEATH) != 0) return EXDEV;
    kernel_knows_root_ = absolute || scoped;
    if (const int error = take(scoped ? caller_.descriptor(directory) : caller_.root(), root_, root_status_))
      return error;
    if (absolute && !scoped) {
      here_ = UniqueFd(fcntl(root_.get(), F_DUPFD_CLOEXEC, 0));
      if (!here_.valid()) return errno;
      status_ = root_status_;
    } else if (const int error = take(caller_.descriptor(directory), here_, status_)) {
      return error;
    }
    push(path);
    while (!rest_.empty()) {
      if (const int error = step()) return error;
      if (done_) return std::move(found_);
    }
    return at_descriptor();
  }

 private:
  static int take(Result<UniqueFd, int> opened, UniqueFd& fd, FileStatus& status) {
    if (!opened) return opened.error();
    fd = std::move(*opened);
    const auto found = status_of(fd.get());
    if (!found) return found.error();
    status = *found;
    return 0;
  }

  /// Puts the components of a path in front of the rest. "a/" is "a" with a slash behind it.
  void push(const std::string& path) {
    std::vector<std::string> components;
    size_t at = 0;
    while ((at = path.find_first_not_of('/', at)) != std::string::npos) {
      const size_t end = std::min(path.find('/', at), path.size());
      components.push_back(path.substr(at, end - at));
      at = end;
    }
    // Behind a link in the middle of a path nothing ends; at its end its own slash counts as the path's.
    if (rest_.empty() && !components.empty() && path.back() == '/') found_.trailing_slash = true;
    rest_.insert(rest_.end(), components.rbegin(), components.rend());
  }

  /// The next component. An errno; 0: it was done.
  int step() {
    if (++steps_ > kMaxSteps) return kTooFar;
    const std::string name = std::move(rest_.back());
    rest_.pop_back();
    if (!S_ISDIR(status_.mode)) return ENOTDIR;
    if (name.size() > NAME_MAX) return ENAMETOOLONG;
    if (name == ".") return 0;
    if (name == "..") return go_up();
    const bool last = rest_.empty();
    UniqueFd next(openat(here_.get(), name.c_str(), kOpenPath | O_NOFOLLOW));
    if (!next.valid()) {
      if (errno != ENOENT || !last || !options_.may_lack) return errno;
      found_.directory = std::move(here_);
      found_.name = name;
      done_ = true;
      return 0;
    }
    const auto status = status_of(next.get());
    if (!status) return status.error();
    if ((options_.resolve & RESOLVE_NO_XDEV) != 0 && status->mount != status_.mount) return EXDEV;
    const bool followed = !last || (!options_.entry && (options_.follow || found_.trailing_slash));
    if (S_ISLNK(status->mode) && followed) return follow(name);
    if (last) {
      if (found_.trailing_slash && !options_.entry && !S_ISDIR(status->mode)) return ENOTDIR;
      found_.directory = std::move(here_);
      found_.name = name;
      found_.file = std::move(next);
      found_.status = *status;
      done_ = true;
      return 0;
    }
    here_ = std::move(next);
    status_ = *status;
    return 0;
  }

  int go_up() {
    kernel_knows_root_ = true;
    if (same_place(status_, root_status_)) return (options_.resolve & RESOLVE_BENEATH) != 0 ? EXDEV : 0;
    UniqueFd above(openat(here_.get(), "..", kOpenPath));
    if (!above.valid()) return errno;
    const auto status = status_of(above.get());
    if (!status) return status.error();
    if ((options_.resolve & RESOLVE_NO_XDEV) != 0 && status->mount != status_.mount) return EXDEV;
    here_ = std::move(above);
    status_ = *status;
    return 0;
  }

  int follow(const std::string& name) {
    if (++links_ > kMaxLinks || (options_.resolve & RESOLVE_NO_SYMLINKS) != 0) return ELOOP;
    std::string text;
    if (is_procfs(here_.get())) {
      const bool at_root = status_.id.inode == kProcRootInode;
      if (!at_root) return jump(name);
      if (name == "self" || name == "thread-self") {
        text = caller_.self(here_.get(), name == "thread-self");
        if (text.empty()) return ENOENT;
      }
    }
    if (text.empty()) text = link_text(here_.get(), name.c_str());
    if (text.empty()) return ENOENT;
    if (text.front() == '/') {
      if ((options_.resolve & RESOLVE_BENEATH) != 0) return EXDEV;
      here_ = UniqueFd(fcntl(root_.get(), F_DUPFD_CLOEXEC, 0));
      if (!here_.valid()) return errno;
      const bool same_mount = kernel_knows_root_ && root_status_.mount == status_.mount;
      if ((options_.resolve & RESOLVE_NO_XDEV) != 0 && !same_mount) return EXDEV;
      kernel_knows_root_ = true;
      status_ = root_status_;
    }
    push(text);
    return 0;
  }

  /// A link of /proc that is no path: the kernel goes where it leads (nd_jump_link()).
  int jump(const std::string& name) {
    constexpr uint64_t kForbids = RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH | RESOLVE_IN_ROOT;
    if ((options_.resolve & kForbids) != 0) return ELOOP;
    UniqueFd next(openat(here_.get(), name.c_str(), kOpenPath));
    if (!next.valid()) return errno;
    const auto status = status_of(next.get());
    if (!status) return status.error();
    if ((options_.resolve & RESOLVE_NO_XDEV) != 0 && status->mount != status_.mount) return EXDEV;
    here_ = std::move(next);
    status_ = *status;
    return 0;
  }

  /// A path that ends in no name.
  Result<FoundPath, int> at_descriptor() {
    if (found_.trailing_slash && !S_ISDIR(status_.mode)) return ENOTDIR;
    found_.file = std::move(here_);
    found_.status = status_;
    return std::move(found_);
  }

  const CallerFiles& caller_;
  const LookupOptions& options_;
  UniqueFd root_;
  FileStatus root_status_;
  UniqueFd here_;
  FileStatus status_;
  std::vector<std::string> rest_;  ///< The next component last.
  FoundPath found_;
  int links_ = 0;
  size_t steps_ = 0;
  /// The kernel looks the root up when it first needs it. RESOLVE_NO_XDEV compares mounts before that, so that an
  /// absolute link behind a relative path is EXDEV whatever it leads to (nd_jump_root() in fs/namei.c).
  bool kernel_knows_root_ = false;
  bool done_ = false;
};

/// The number of a process in the innermost PID namespace, out of a line of its "status"; empty if there is none.
std::string innermost(const std::string& status, const std::string& key) {
  const size_t line = status.find("\n" + key + ":");
  if (line == std::string::npos) return "";
  const size_t end = status.find('\n', line + 1);
  const std::string numbers = status.substr(line, end - line);
  return numbers.substr(numbers.find_last_of("\t ") + 1);
}

}  // namespace

CallerFiles::CallerFiles(pid_t thread) : thread_(thread) {
  if (proc_directory() < 0) return;
  process_ = open_proc_file(std::to_string(thread).c_str(), O_PATH | O_DIRECTORY);
}

bool CallerFiles::same_user() const {
  struct stat status = {};
  return fstat(process_.get(), &status) == 0 && status.st_uid == geteuid();
}

Result<UniqueFd, int> CallerFiles::root() const {
  UniqueFd fd(openat(process_.get(), "root", kOpenPath));
  if (!fd.valid()) return errno;
  return fd;
}

Result<UniqueFd, int> CallerFiles::descriptor(int number) const {
  const std::string name = number == AT_FDCWD ? "cwd" : "fd/" + std::to_string(number);
  UniqueFd fd(openat(process_.get(), name.c_str(), kOpenPath));
  if (!fd.valid()) return number != AT_FDCWD && errno == ENOENT ? EBADF : errno;
  return fd;
}

std::string CallerFiles::self(int procfs, bool of_thread) const {
  const UniqueFd file(openat(process_.get(), "status", O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 4096> part;
  for (ssize_t size = 0; (size = read(file.get(), part.data(), part.size())) > 0;) text.append(part.data(), size);
  // A procfs of this process's PID namespace names it by its number; one of another namespace is the caller's own.
  const bool same = link_text(procfs, "self") == std::to_string(getpid());
  const auto after = [&](const std::string& key) {
    const size_t at = text.find("\n" + key + ":\t");
    const size_t begin = at + key.size() + 3;
    return at == std::string::npos ? "" : text.substr(begin, text.find('\n', begin) - begin);
  };
  std::string process = same ? after("Tgid") : innermost(text, "NStgid");
  if (!of_thread || process.empty()) return process;
  return process + "/task/" + (same ? after("Pid") : innermost(text, "NSpid"));
}

Result<FoundPath, int> find_path(const CallerFiles& caller, int directory, const std::string& path,
                                 const LookupOptions& options) {
  return Walk(caller, options).find(directory, path);
}

std::string path_text(const FoundPath& found) {
  const bool exists = found.file.valid();
  const int fd = exists ? found.file.get() : found.directory.get();
  std::string text = link_text(AT_FDCWD, ("/proc/self/fd/" + std::to_string(fd)).c_str());
  if (!text.starts_with('/')) return "";
  if (!exists) text += (text == "/" ? "" : "/") + found.name;
  return text;
}

}  // namespace sandbox::kernel
