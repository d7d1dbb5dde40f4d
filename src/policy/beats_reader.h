// Elastic Beats' seccomp section.
#pragma once

#include <string_view>

#include "base/diagnostic.h"
#include "policy/policy.h"
#include "policy/tree.h"

namespace sandbox::policy {

/// The section's key, and how one of its keys begins that stands on the document's top level.
inline constexpr std::string_view kSectionKey = "seccomp";
inline constexpr std::string_view kSectionPrefix = "seccomp.";

/// Whether a key of the document's top level belongs to the section: `seccomp` or `seccomp.…`.
bool is_beats_key(const TreeNode& key);

/// Reads the section out of a document whose top level has at least one of its keys. Every problem is added to
/// `diagnostics`; the policy is whole only if there are no errors, but what could be read is there for the next checks.
Policy read_beats(const TreeNode& document, Diagnostics& diagnostics);

}  // namespace sandbox::policy
