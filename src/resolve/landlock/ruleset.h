// What a `landlock` section means: the ruleset that a launch makes of it. Nothing here looks at the file system.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arch/landlock.h"
#include "base/diagnostic.h"
#include "base/source_text.h"
#include "policy/policy.h"

namespace sandbox::resolve {

/// What relative paths and `~` stand for. All are absolute, and without symbolic links; empty ones cannot be known.
struct PathEnvironment {
  std::string policy_folder;      ///< Of the policy file; for what the command line names, the working directory.
  std::string working_directory;  ///< For `.` alone and `@cwd`.
  std::string home;               ///< HOME; empty: not set, and `~` is an error.
};

/// Rights below one path.
struct PathRule {
  std::string path;                 ///< Absolute; symbolic links in it are followed when the rule is made.
  std::string written;              ///< As in the policy; the name of a set for its members.
  arch::FileRights rights = 0;      ///< Where the path is no directory, only those of file_right::kOfFiles count.
  arch::FileRights on_devices = 0;  ///< Added where the path is a character device.
  bool optional = false;            ///< Skipped when the path is missing; so is a set's member.
  bool pattern = false;             ///< The last component ends in '*': all that begin so. Only members of sets are.
  SourceRange range;                ///< Of the path or the set's name in the policy.
};

struct PortRule {
  uint16_t port = 0;
  arch::PortRights rights = 0;
  SourceRange range;
};

/// One layer: what is handled is denied but for the rules.
struct Ruleset {
  std::shared_ptr<const SourceText> source;  ///< Of the policy; `range`s are places in it.
  arch::FileRights handled_files = 0;        ///< kAll with `files`.
  arch::PortRights handled_ports = 0;
  arch::Scopes scopes = 0;
  std::vector<PathRule> paths;
  std::vector<PortRule> ports;  ///< Each port once, with all of its rights.
  bool best_effort = false;
  /// The rights that the policy names itself, by word or by name. Where the kernel lacks one of these, the launch ends
  /// with an error; one that is handled because `files` is given is not asked for by name.
  arch::FileRights named_files = 0;
  SourceRange range;  ///< Of the key `landlock`.
};

/// The ruleset of a policy; none if it has no section. Names of sets and paths that cannot be meant (globs, `~user`, a
/// path with NUL, `@cwd` that is /, HOME or above HOME) are errors.
std::optional<Ruleset> resolve_landlock(const policy::Policy& policy, const PathEnvironment& environment,
                                        Diagnostics& diagnostics);

}  // namespace sandbox::resolve
