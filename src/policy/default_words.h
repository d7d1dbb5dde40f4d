// What a format calls the default action, and where a policy says that a call gets it.
#pragma once

#include <optional>
#include <string_view>

#include "policy/policy.h"

namespace sandbox::policy {

/// "default_action" or "defaultAction"; of a unit, which has only lists, "not in SystemCallFilter=".
std::string_view default_words(const Policy& policy);

/// The word of a unit that takes the call out of its list, as `SystemCallFilter=~mount` does; null if there is none.
const Name* taken_out(const Policy& policy, std::string_view call);

/// Where it stands that the call gets the default: such a word, or the default itself.
SourceRange default_place(const Policy& policy, std::optional<std::string_view> call);

}  // namespace sandbox::policy
