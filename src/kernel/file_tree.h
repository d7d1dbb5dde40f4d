// Files by their paths, as Landlock's rules stand at them; also files that are missing here.
//
// A policy is judged on machines that lack some of the files that it names. A file that is missing gets an identity of
// its own and stands below the nearest directory that exists, where it would be made.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "resolve/landlock/evaluate.h"
#include "resolve/landlock/ruleset.h"

namespace sandbox::kernel {

/// Where a path leads.
struct FoundFile {
  std::string path;  ///< Absolute, and without symbolic links.
  bool exists = false;
  mode_t mode = 0;  ///< As in struct stat; 0 for a file that is missing.
  /// The file and the directories above it. None: Landlock does not restrict it (a pipe, a socket, a memfd).
  std::optional<resolve::Ancestry> ancestry;
  std::string nearest;  ///< For a file that is missing: the nearest directory above it that exists.
};

/// A rule's path, found; the members of a pattern are one each.
struct PlacedPath {
  size_t rule = 0;  ///< The index of the PathRule.
  FoundFile file;
  arch::FileRights rights = 0;  ///< Those that count for this file.
};

/// A ruleset, as it would be placed here if its missing files existed.
struct PlacedSection {
  resolve::PlacedRuleset placed;
  std::vector<PlacedPath> paths;
};

/// Finds files; a missing file has the same identity each time.
class FileTree {
 public:
  /// The file of an absolute path, or where it would be; symbolic links are followed. The error is an errno, as of
  /// open(2).
  Result<FoundFile, int> find(const std::string& path);

  /// Places a ruleset. A path that cannot be looked at is left out; a pattern that nothing matches, too.
  PlacedSection place(const resolve::Ruleset& ruleset);

 private:
  Result<FoundFile, int> find(const std::string& path, int links);
  Result<FoundFile, int> find_missing(const std::string& path, int links);
  static size_t first_missing(const std::string& path, const std::vector<size_t>& ends);
  [[nodiscard]] resolve::FileId id_below(const resolve::FileId& directory, const std::string& name);

  std::map<std::pair<resolve::FileId, std::string>, uint64_t> missing_;
};

}  // namespace sandbox::kernel
