// What landlock sections allow a program to do with a file or a port, by the rules as they stand on this machine.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arch/landlock.h"
#include "kernel/file_tree.h"
#include "sandbox-policy/load.h"

namespace sandbox::tool {

/// A rule that stands at a file or above it.
struct RuleAbove {
  size_t layer = 0;
  const resolve::PathRule* rule = nullptr;
  const kernel::FoundFile* file = nullptr;  ///< Where it stands.
  arch::FileRights rights = 0;              ///< That it gives there.
};

/// The sections of policies that apply together, their rules placed.
class SectionLayers {
 public:
  /// The inputs that have a section are a layer each; they must outlive this. What a section has that cannot be used
  /// here is an error.
  static Step<SectionLayers> place(std::span<const Input> inputs, const Log& log) {
    return place(inputs, std::make_shared<kernel::FileTree>(), log);
  }
  /// The same, with files that are the same as those of other layers with this tree.
  static Step<SectionLayers> place(std::span<const Input> inputs, std::shared_ptr<kernel::FileTree> tree,
                                   const Log& log);

  [[nodiscard]] bool empty() const { return sections_.empty(); }
  [[nodiscard]] size_t size() const { return sections_.size(); }
  [[nodiscard]] const Section& section(size_t layer) const { return *sections_[layer]; }
  [[nodiscard]] const std::vector<resolve::PlacedRuleset>& rulesets() const { return rulesets_; }
  [[nodiscard]] const std::vector<kernel::PlacedPath>& paths(size_t layer) const { return paths_[layer]; }

  /// The file of an absolute path, or where it would be. The error is a text.
  Result<kernel::FoundFile, std::string> find(const std::string& path);

  /// The rights that all layers give a file.
  [[nodiscard]] arch::FileRights allowed(const kernel::FoundFile& file) const;
  /// None: all of these rights are given.
  [[nodiscard]] std::optional<resolve::AccessDenial> judge(const kernel::FoundFile& file,
                                                           arch::FileRights wanted) const;
  [[nodiscard]] std::optional<resolve::AccessDenial> judge(uint16_t port, arch::PortRights wanted) const;
  /// The rules at the file and above it, the nearest first.
  [[nodiscard]] std::vector<RuleAbove> rules_above(const kernel::FoundFile& file) const;

 private:
  std::shared_ptr<kernel::FileTree> tree_;
  std::vector<const Section*> sections_;
  std::vector<resolve::PlacedRuleset> rulesets_;
  std::vector<std::vector<kernel::PlacedPath>> paths_;
  /// By file: the layers whose rules stand there, and the rules' indices in `paths_`.
  std::map<resolve::FileId, std::vector<std::pair<size_t, size_t>>> at_;
};

/// A file that is asked about: a path in words, absolute. `folder` is what a relative one is in.
std::string asked_path(std::string_view written, const std::string& folder);

/// The rights in words, as they are for this file: "read" for read_file alone where it is no directory.
std::string describe_rights(const kernel::FoundFile& file, arch::FileRights rights);

/// The rights that can be asked of a file: of one that exists and is no directory only those that such files have.
arch::FileRights askable(const kernel::FoundFile& file, arch::FileRights wanted);

}  // namespace sandbox::tool
