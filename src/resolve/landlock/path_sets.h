// Names for many paths that most programs need.
#pragma once

#include <span>
#include <string_view>

#include "arch/landlock.h"

namespace sandbox::resolve {

/// Members that are missing on a machine are skipped.
struct PathSet {
  struct Member {
    std::string_view path;  ///< Absolute; where its last component ends in '*', all that begin so.
    arch::FileRights rights = 0;
    arch::FileRights on_devices = 0;
  };
  std::string_view name;  ///< "@system".
  std::string_view meaning;
  std::span<const Member> members;  ///< Empty for "@cwd": that is the working directory, with the rule's own access.
  std::string_view warning;         ///< What it opens that is easily overlooked; empty for most.
};

/// All of them.
std::span<const PathSet> path_sets();

}  // namespace sandbox::resolve
