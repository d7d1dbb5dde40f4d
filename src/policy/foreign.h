// Files that people take for a policy, and that are something else.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/tree.h"

namespace sandbox::policy {

/// What a text is that no reader takes, and what to do: "this is a minijail policy; ...". None where it cannot be told.
std::optional<std::string> foreign_text(std::string_view text);

/// The same of a document that was parsed.
std::optional<std::string> foreign_document(const TreeNode& document);

}  // namespace sandbox::policy
