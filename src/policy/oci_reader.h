// OCI, Docker, Podman and Kubernetes seccomp profiles.
#pragma once

#include "base/diagnostic.h"
#include "policy/environment.h"
#include "policy/policy.h"
#include "policy/tree.h"

namespace sandbox::policy {

/// Whether a key of the document's top level says that it is such a profile.
bool is_oci_key(const TreeNode& key);

/// Reads a profile as runc does: names that no listed ABI has are skipped; rules with the default's verdict are
/// dropped; a rule without arguments overrides those with arguments for the same call; a rule with two arguments for
/// one index becomes a rule for each of its arguments. `includes` and `excludes` are decided by `environment`. `format`
/// says what the profile stands in: a SeccompProfile has keys of its own.
Policy read_oci(const TreeNode& profile, Format format, const Environment& environment, Diagnostics& diagnostics);

}  // namespace sandbox::policy
