// The `landlock` section of a policy.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/diagnostic.h"
#include "policy/landlock.h"
#include "policy/tree.h"

namespace sandbox::policy {

/// The section's key.
inline constexpr std::string_view kLandlockKey = "landlock";

/// The most paths that a section may have. A launch opens each of them.
inline constexpr size_t kMaxLandlockPaths = 4096;

/// The longest path that a section may have, as the kernel counts it, without the NUL (PATH_MAX).
inline constexpr size_t kMaxPathBytes = 4095;

/// Whether a key of the document's top level belongs to the section: `landlock` or `landlock.…`.
bool is_landlock_key(const TreeNode& key);

/// Reads the section out of a document whose top level has at least one of its keys. Every problem is added to
/// `diagnostics`. What the paths mean is not looked at here: see resolve/landlock/ruleset.h.
LandlockSection read_landlock(const TreeNode& document, Diagnostics& diagnostics);

}  // namespace sandbox::policy
