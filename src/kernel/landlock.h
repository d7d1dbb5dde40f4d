// Landlock's system calls, and the rulesets of a launch: their paths are opened and the rulesets made before anything
// irreversible; enter() applies them.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/file.h"
#include "base/result.h"
#include "resolve/landlock/abi_fit.h"
#include "resolve/landlock/evaluate.h"
#include "resolve/landlock/ruleset.h"

namespace sandbox::kernel {

/// What the running kernel has, as it answers landlock_create_ruleset(2). Found out once, then known.
const resolve::LandlockSupport& landlock_support();

/// Its Landlock ABI; 0 where it has none, it is switched off, or an outer sandbox keeps it away.
int landlock_abi();

/// The path of a rule, found.
struct OpenedPath {
  UniqueFd fd;  ///< O_PATH. As long as it is open its inode's number is not used again.
  resolve::FileId id;
  mode_t mode = 0;              ///< As in struct stat.
  arch::FileRights rights = 0;  ///< Those that count for this file.
  size_t rule = 0;              ///< The index of the PathRule.
};

/// A ruleset, ready to be applied.
struct ReadyRuleset {
  resolve::Ruleset ruleset;  ///< Without the rights that this kernel lacks.
  std::vector<OpenedPath> paths;
  UniqueFd fd;  ///< The kernel's; close-on-exec.

  [[nodiscard]] resolve::PlacedRuleset placed() const;
};

/// As long as it lives this process may open as many files as its hard limit has (RLIMIT_NOFILE): a ruleset opens one
/// for each path. What is open then stays open.
class RaisedFileLimit {
 public:
  RaisedFileLimit();
  ~RaisedFileLimit();
  RaisedFileLimit(const RaisedFileLimit&) = delete;
  RaisedFileLimit& operator=(const RaisedFileLimit&) = delete;

 private:
  std::optional<rlimit> before_;  ///< None: nothing was changed.
};

/// Opens one path, following symbolic links; `rights` and `rule` stay 0. None: errno says why.
std::optional<OpenedPath> open_path(const std::string& path);

/// Opens the paths of a ruleset that was fitted to the kernel (resolve::fit_to_abi). A path that is missing is an error
/// in `diagnostics`, at its place in the policy, with the nearest that exists; one that is optional is skipped.
std::vector<OpenedPath> open_paths(const resolve::Ruleset& ruleset, Diagnostics& diagnostics);

/// Makes the kernel's ruleset. The error is one line. Precondition: resolve::enforces_anything().
Result<UniqueFd, std::string> make_ruleset(const resolve::Ruleset& ruleset, const std::vector<OpenedPath>& paths);

/// LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON: the kernel also logs what is denied behind an execve(2). From ABI 7.
inline constexpr uint32_t kLogNewExecOn = 1U << 1;
inline constexpr int kLogNewExecAbi = 7;

/// Applies a ruleset to the calling thread, which must have no_new_privs or CAP_SYS_ADMIN, with these
/// LANDLOCK_RESTRICT_SELF_* flags. Returns 0 or an errno; EIO where an outer sandbox only pretends that it was applied.
/// Allocates nothing.
int restrict_self(int ruleset, uint32_t flags);

}  // namespace sandbox::kernel
