// What a reader should know about a `landlock` section that is valid all the same.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "resolve/landlock/ruleset.h"

namespace sandbox::resolve {

/// What a rule's path is on this machine.
struct PathFacts {
  size_t rule = 0;   ///< The index of the PathRule; members of a pattern are one each.
  std::string path;  ///< Absolute, and without symbolic links.
  bool exists = false;
  bool directory = false;
  /// Files in the directory from which programs outside of the sandbox take commands: ".git/hooks".
  std::vector<std::string> commands;
  std::optional<std::string> distrust;  ///< Why other users can replace it: see distrust().
};

/// What lint_landlock() looks at.
struct LandlockFacts {
  const Ruleset& ruleset;
  const PathEnvironment& environment;
  std::span<const PathFacts> paths;
  std::string policy_path;  ///< Of the policy's own file, without symbolic links; empty if it has none.
};

/// The names of what PathFacts::commands may have.
std::span<const std::string_view> command_files();

/// Adds a warning with an id, one of lint_kinds(), for everything in the section that undoes it.
void lint_landlock(const LandlockFacts& facts, Diagnostics& diagnostics);

}  // namespace sandbox::resolve
