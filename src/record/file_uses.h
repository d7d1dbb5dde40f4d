// What a run did with files, and the `files` of a `landlock` section that allow it again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "arch/landlock.h"
#include "kernel/landlock_account.h"
#include "policy/landlock.h"

namespace sandbox::record {

struct FileRuleOptions {
  /// So many files of a directory that are used alike become a rule for the directory; 0: none do.
  size_t folder_from = 10;
  std::string home;  ///< HOME, which never becomes a rule in place of its files; empty: not known.
  /// Whether a path is there at the end of the run. What is not is no place for a rule.
  std::function<bool(const std::string& path)> exists;
};

/// Paths and the rights that they were used with. Bounded: further paths are counted and left out.
class FileUses {
 public:
  static constexpr size_t kMaxPaths = 100'000;

  void note(const kernel::LandlockUse& use);
  /// What an earlier section allows.
  void note(const policy::FileRule& rule);

  [[nodiscard]] size_t left_out() const { return left_out_; }

  /// The rules: sets of paths where they cover; what the run made or removed goes to the directory that it is in. What
  /// it made in a directory of withheld() and is there has a rule of its own: the next run finds it.
  [[nodiscard]] std::vector<policy::FileRule> rules(const FileRuleOptions& options) const;

  /// What was done in the root, in HOME or in a directory above it that no narrower rule allows: none is written for
  /// these, which would be one for all that is below. By directory.
  [[nodiscard]] std::map<std::string, arch::FileRights> withheld(const FileRuleOptions& options) const;

 private:
  struct Placed;

  [[nodiscard]] Placed place(const FileRuleOptions& options) const;

  std::map<std::string, arch::FileRights> paths_;
  std::map<std::string, arch::FileRights> made_;     ///< By the entry: what making it needs of its directory.
  std::map<std::string, arch::FileRights> earlier_;  ///< Of an earlier section: paths and sets.
  std::vector<policy::FileRule> optional_;           ///< Its rules for paths that may be missing.
  size_t left_out_ = 0;
};

}  // namespace sandbox::record
