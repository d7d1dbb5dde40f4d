#include "kernel/landlock.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace sandbox::kernel {
namespace {

using arch::FileRights;
using resolve::PathRule;
using resolve::PortRule;
using resolve::Ruleset;

// ---- As in include/uapi/linux/landlock.h: that of Debian 12 ends at ABI 2. ----

struct RulesetAttr {  // Kernels take one that is longer than theirs if the rest is zero.
  uint64_t handled_access_fs;
  uint64_t handled_access_net;
  uint64_t scoped;
};

struct [[gnu::packed]] PathBeneathAttr {
  uint64_t allowed_access;
  int32_t parent_fd;
};

struct NetPortAttr {
  uint64_t allowed_access;
  uint64_t port;
};

constexpr uint32_t kCreateRulesetVersion = 1U << 0;
constexpr int kRulePathBeneath = 1;
constexpr int kRuleNetPort = 2;

long create_ruleset(const RulesetAttr* attributes, size_t size, uint32_t flags) {
  return syscall(SYS_landlock_create_ruleset, attributes, size, flags);
}

long add_rule(int ruleset, int type, const void* attributes) {
  return syscall(SYS_landlock_add_rule, ruleset, type, attributes, 0);
}

bool fails_with(long result, int error) {
  return result == -1 && errno == error;
}

std::string_view why_none(int error) {
  switch (error) {
    case ENOSYS:
      return "this kernel has no Landlock; Linux 5.13 or later is needed, built with CONFIG_SECURITY_LANDLOCK";
    case EOPNOTSUPP:
      return "Landlock is switched off on this machine; add 'landlock' to the kernel's parameter lsm=";
    default:
      return "an outer sandbox denies landlock_create_ruleset(2)";
  }
}

// ---- Paths ----

std::string parent_of(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

bool exists(const std::string& path) {
  struct stat info = {};
  return lstat(path.c_str(), &info) == 0;
}

/// Why a path cannot be opened, and what to do.
std::string missing_text(const std::string& path, int error) {
  const std::string quoted = in_quotes(path, 4096);
  if (error != ENOENT && error != ENOTDIR) return quoted + " cannot be opened: " + strerrordesc_np(error);
  if (exists(path)) return quoted + " is a symbolic link to a file that does not exist";
  std::string nearest = parent_of(path);
  while (nearest != "/" && !exists(nearest)) nearest = parent_of(nearest);
  struct stat info = {};
  if (stat(nearest.c_str(), &info) != 0) {
    return quoted + " does not exist: " + in_quotes(nearest, 4096) +
           " is a symbolic link to a file that does not exist";
  }
  if (!S_ISDIR(info.st_mode)) return quoted + " does not exist: " + in_quotes(nearest, 4096) + " is not a directory";
  return quoted + " does not exist, the nearest that does is " + in_quotes(nearest, 4096) +
         "; create it, or give the directory";
}

/// Whether the rule is about a member of a set, which a machine may lack.
bool is_of_set(const PathRule& rule) {
  return rule.written.starts_with('@');
}

/// Opens the files of one ruleset.
class Opener {
 public:
  Opener(const Ruleset& ruleset, Diagnostics& diagnostics) : ruleset_(ruleset), diagnostics_(diagnostics) {
    opened_.reserve(ruleset.paths.size());
  }

  /// False: there are no descriptors left, which has been said.
  bool open_rule(size_t index) {
    const PathRule& rule = ruleset_.paths[index];
    if (rule.pattern) {
      open_matching(rule.path, index);
    } else {
      open_path(rule.path, index);
    }
    return !shortage_;
  }

  [[nodiscard]] std::vector<OpenedPath> take() { return std::move(opened_); }

 private:
  void open_path(const std::string& path, size_t index) {
    const PathRule& rule = ruleset_.paths[index];
    auto opened = kernel::open_path(path);
    if (!opened) return fail(path, rule, errno);
    opened->rule = index;
    opened->rights = rule.rights;
    if (S_ISCHR(opened->mode)) opened->rights |= rule.on_devices;
    if (!S_ISDIR(opened->mode)) opened->rights &= arch::file_right::kOfFiles;
    opened->rights &= ruleset_.handled_files;
    if (opened->rights != 0) {
      opened_.push_back(std::move(*opened));
    } else if (!is_of_set(rule)) {
      const auto names = arch::names_of(arch::file_rights(), rule.rights);
      diagnostics_.error(rule.range, in_quotes(path, 4096) + " is not a directory, and only directories have " +
                                         join_with_and(names, [](std::string_view name) { return in_quotes(name); }));
    }
  }

  /// A pattern is a directory's members whose names begin so.
  void open_matching(const std::string& pattern, size_t index) {
    const std::string folder = parent_of(pattern);
    const size_t begin = pattern.find_last_of('/') + 1;
    const std::string_view prefix = std::string_view(pattern).substr(begin, pattern.size() - begin - 1);
    if (!list(folder, ruleset_.paths[index])) return;
    for (const std::string& name : names_) {
      if (name.starts_with(prefix) && !shortage_) open_path(pattern.substr(0, begin) + name, index);
    }
  }

  /// Lists a directory, once where several patterns in a row are about it.
  bool list(const std::string& folder, const PathRule& rule) {
    if (folder == listed_) return true;
    listed_.clear();
    names_.clear();
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(folder.c_str()), closedir);
    if (!directory) {
      fail(folder, rule, errno);
      return false;
    }
    while (const dirent* entry = readdir(directory.get())) names_.emplace_back(entry->d_name);
    listed_ = folder;
    return true;
  }

  void fail(const std::string& path, const PathRule& rule, int error) {
    const bool shortage = error == EMFILE || error == ENFILE || error == ENOMEM;
    shortage_ = shortage_ || shortage;
    if (!shortage && (rule.optional || is_of_set(rule))) return;
    diagnostics_.error(rule.range, missing_text(path, error));
  }

  const Ruleset& ruleset_;
  Diagnostics& diagnostics_;
  std::vector<OpenedPath> opened_;
  bool shortage_ = false;
  std::string listed_;
  std::vector<std::string> names_;  ///< What the directory `listed_` has.
};

std::string failed(const char* what, int error) {
  std::string message = std::string(what) + " failed: " + strerrordesc_np(error);
  if (error == EPERM || error == EACCES) message += " (does an outer sandbox forbid it?)";
  if (error == EIO) message += " (an outer sandbox answers it)";
  return message;
}

}  // namespace

const resolve::LandlockSupport& landlock_support() {
  static const resolve::LandlockSupport support = [] {
    const long version = create_ruleset(nullptr, 0, kCreateRulesetVersion);
    if (version > 0) return resolve::LandlockSupport{static_cast<int>(version), {}};
    return resolve::LandlockSupport{0, why_none(version == 0 ? 0 : errno)};
  }();
  return support;
}

int landlock_abi() {
  return landlock_support().abi;
}

resolve::PlacedRuleset ReadyRuleset::placed() const {
  resolve::PlacedRuleset placed;
  placed.handled_files = ruleset.handled_files;
  placed.handled_ports = ruleset.handled_ports;
  placed.scopes = ruleset.scopes;
  for (const OpenedPath& path : paths) placed.files[path.id] |= path.rights;
  for (const PortRule& rule : ruleset.ports) placed.ports[rule.port] |= rule.rights;
  return placed;
}

std::optional<OpenedPath> open_path(const std::string& path) {
  OpenedPath opened;
  opened.fd = UniqueFd(open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat info = {};
  if (!opened.fd.valid() || fstat(opened.fd.get(), &info) != 0) return std::nullopt;
  opened.id = {info.st_dev, info.st_ino};
  opened.mode = info.st_mode;
  return opened;
}

RaisedFileLimit::RaisedFileLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  const rlimit raised = {limit.rlim_max, limit.rlim_max};
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) before_ = limit;
}

RaisedFileLimit::~RaisedFileLimit() {
  if (before_) setrlimit(RLIMIT_NOFILE, &*before_);
}

std::vector<OpenedPath> open_paths(const Ruleset& ruleset, Diagnostics& diagnostics) {
  Opener opener(ruleset, diagnostics);
  for (size_t i = 0; i < ruleset.paths.size(); ++i) {
    if (!opener.open_rule(i)) break;
  }
  return opener.take();
}

Result<UniqueFd, std::string> make_ruleset(const Ruleset& ruleset, const std::vector<OpenedPath>& paths) {
  // Each call is first made so that the kernel must reject it: an outer sandbox that answers in the kernel's place, by
  // the call's number, does not know with which error.
  const RulesetAttr attributes = {ruleset.handled_files, ruleset.handled_ports, ruleset.scopes};
  errno = 0;
  if (!fails_with(create_ruleset(nullptr, 0, 0), EFAULT)) {
    return failed("landlock_create_ruleset(2)", errno != 0 ? errno : EIO);
  }
  const long number = create_ruleset(&attributes, sizeof attributes, 0);
  if (number < 0) return failed("landlock_create_ruleset(2)", errno);
  UniqueFd fd(static_cast<int>(number));
  if (!fails_with(add_rule(fd.get(), 0, &attributes), EINVAL)) return failed("landlock_add_rule(2)", EIO);

  for (const OpenedPath& path : paths) {
    const PathBeneathAttr rule = {path.rights, path.fd.get()};
    if (add_rule(fd.get(), kRulePathBeneath, &rule) == 0) continue;
    // A pipe or a socket behind /proc/self/fd, say: the kernel restricts none of these.
    if (errno == EBADFD) continue;
    const int error = errno;
    return in_quotes(ruleset.paths[path.rule].path, 4096) + ": " + failed("landlock_add_rule(2)", error);
  }
  for (const PortRule& port : ruleset.ports) {
    const NetPortAttr rule = {port.rights, port.port};
    if (add_rule(fd.get(), kRuleNetPort, &rule) != 0) return failed("landlock_add_rule(2)", errno);
  }
  return fd;
}

int restrict_self(int ruleset, uint32_t flags) {
  // No ruleset has this descriptor: see make_ruleset().
  errno = 0;
  if (!fails_with(syscall(SYS_landlock_restrict_self, -1, flags), EBADF)) return errno != 0 ? errno : EIO;
  errno = 0;
  if (syscall(SYS_landlock_restrict_self, ruleset, flags) == 0) return 0;
  return errno != 0 ? errno : EIO;
}

}  // namespace sandbox::kernel
