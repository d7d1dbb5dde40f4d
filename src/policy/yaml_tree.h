// YAML as a tree, with what yaml-cpp lets pass held against the text.
#pragma once

#include <optional>

#include "base/diagnostic.h"
#include "policy/tree.h"

namespace sandbox::policy {

/// Parses `diagnostics.source()`, which `check_text` has accepted and which must hold exactly one document. Every
/// syntax error is added to `diagnostics`; what was read before it is returned all the same, so that the problems
/// before it can be shown too (`diagnostics` then takes none behind it). Nothing is returned when there is no document
/// at all.
std::optional<TreeNode> parse_yaml(Diagnostics& diagnostics);

}  // namespace sandbox::policy
