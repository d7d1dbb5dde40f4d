// What the kernel's Landlock allows a process, said without the kernel: for reports, explain, test and diff.
//
// A rule stands at a file (device and inode), and counts for all below it. For an access to a file the kernel goes from
// it up to the root of the process, over mounts, and collects the rights of the rules that it meets; each layer must
// come to all rights that it handles of those that are asked for (Documentation/userspace-api/landlock.rst).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "arch/landlock.h"
#include "resolve/landlock/ruleset.h"

namespace sandbox::resolve {

/// What tells files apart.
struct FileId {
  uint64_t device = 0;
  uint64_t inode = 0;
  auto operator<=>(const FileId&) const = default;
};

/// A file and all directories above it up to the root, in this order. Of a mount point only what is mounted there: the
/// kernel does not look at the directory below.
using Ancestry = std::vector<FileId>;

/// A ruleset whose paths have been found.
struct PlacedRuleset {
  arch::FileRights handled_files = 0;
  arch::PortRights handled_ports = 0;
  arch::Scopes scopes = 0;
  std::map<FileId, arch::FileRights> files;
  std::map<uint16_t, arch::PortRights> ports;
};

/// Why an access is denied: the first layer that lacks a right, and the rights that it lacks.
struct AccessDenial {
  size_t layer = 0;
  uint64_t missing = 0;  ///< FileRights or PortRights.
};

/// The rights that the layer has for the file, of those that it handles; what it does not handle is there, too.
arch::FileRights allowed_rights(const PlacedRuleset& layer, const Ancestry& ancestry);

/// Whether all layers give all of these rights. None: they do.
std::optional<AccessDenial> judge_access(std::span<const PlacedRuleset> layers, const Ancestry& ancestry,
                                         arch::FileRights wanted);
std::optional<AccessDenial> judge_port(std::span<const PlacedRuleset> layers, uint16_t port, arch::PortRights wanted);

}  // namespace sandbox::resolve
