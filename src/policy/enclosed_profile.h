// Container profiles that stand inside another document: a bundle's config.json, and Kubernetes' resources.
#pragma once

#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "policy/tree.h"

namespace sandbox::policy {

/// Whether the document is a bundle's configuration (config.json of the OCI runtime specification).
bool is_bundle(const TreeNode& document);

/// The profile in it, `linux.seccomp`. Null, and an error, where there is none.
const TreeNode* profile_in_bundle(const TreeNode& document, Diagnostics& diagnostics);

/// Whether the document is a resource of Kubernetes, of any kind: it has a `kind` and an `apiVersion`.
bool is_resource(const TreeNode& document);

/// The resource's kind; empty where it cannot be read.
std::string kind_of(const TreeNode& document);

/// The SeccompProfile resources among the documents, and in lists (`kind: List`) among them.
std::vector<const TreeNode*> seccomp_profiles(const std::vector<TreeNode>& documents);

/// The profile in the resource that is called `name`, or in the only one where `name` is empty: its `spec`. Null, and
/// an error, where that is not one. `profiles` is not empty.
const TreeNode* profile_of_name(const std::vector<const TreeNode*>& profiles, const std::string& name,
                                Diagnostics& diagnostics);

}  // namespace sandbox::policy
