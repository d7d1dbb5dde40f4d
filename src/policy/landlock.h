// The `landlock` section of a policy, as it was written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/source_text.h"

namespace sandbox::policy {

/// A word with its place: an access, a path, a scope.
struct PlacedText {
  std::string text;
  SourceRange range;
};

/// An entry of `files`: what may be done below these paths.
struct FileRule {
  std::vector<PlacedText> access;  ///< Each is known to arch::find_access().
  std::vector<PlacedText> paths;   ///< Paths, and names of sets such as "@system".
  bool optional = false;           ///< A path that is missing is skipped.
  SourceRange range;
};

struct PortNumber {
  uint16_t port = 0;
  SourceRange range;
};

/// `tcp` or `udp`. A list that is absent restricts nothing; an empty one denies every port.
struct PortLists {
  std::optional<std::vector<PortNumber>> connect;
  std::optional<std::vector<PortNumber>> bind;
  SourceRange range;
};

/// What is absent stays unrestricted.
struct LandlockSection {
  std::optional<std::vector<FileRule>> files;
  std::optional<PortLists> tcp;
  std::optional<PortLists> udp;
  std::vector<PlacedText> scope;  ///< Each is the name of one of arch::scopes().
  bool best_effort = false;       ///< A right that the kernel lacks is a warning and no error.
  SourceRange range;              ///< Of the key `landlock`.
  SourceRange files_range;        ///< Of the key `files`, if it is given.
};

}  // namespace sandbox::policy
