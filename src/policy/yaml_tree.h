// YAML as a tree, with what yaml-cpp lets pass held against the text.
#pragma once

#include "base/diagnostic.h"
#include "policy/tree.h"

namespace sandbox::policy {

/// Parses `diagnostics.source()`, which `check_text` has accepted and which must hold exactly one document. Every
/// syntax error is added to `diagnostics`; what was read before it is returned all the same, so that the problems
/// before it can be shown too (`diagnostics` then takes none behind it). There are no `documents` when there is none at
/// all.
Tree parse_yaml(Diagnostics& diagnostics);

/// The most documents that a text may have.
inline constexpr size_t kMaxDocuments = 1000;

/// The same for a text of one or more documents. One more may follow a document that is empty or that `may_be_followed`
/// holds of; anything else is an error as above. Empty documents are left out where there are others.
Tree parse_yaml_stream(Diagnostics& diagnostics, bool (*may_be_followed)(const TreeNode& document));

}  // namespace sandbox::policy
