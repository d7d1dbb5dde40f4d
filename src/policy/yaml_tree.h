// YAML as a tree, with what yaml-cpp lets pass held against the text.
#pragma once

#include <optional>
#include <vector>

#include "base/diagnostic.h"
#include "policy/tree.h"

namespace sandbox::policy {

/// Parses `diagnostics.source()`, which `check_text` has accepted and which must hold exactly one document. Every
/// syntax error is added to `diagnostics`; what was read before it is returned all the same, so that the problems
/// before it can be shown too (`diagnostics` then takes none behind it). Nothing is returned when there is no document
/// at all.
std::optional<TreeNode> parse_yaml(Diagnostics& diagnostics);

/// The most documents that a text may have.
inline constexpr size_t kMaxDocuments = 1000;

/// The same for a text of one or more documents. One more may follow a document that is empty or that `may_be_followed`
/// holds of; anything else is an error as above. Empty documents are left out where there are others.
std::vector<TreeNode> parse_yaml_stream(Diagnostics& diagnostics, bool (*may_be_followed)(const TreeNode& document));

}  // namespace sandbox::policy
