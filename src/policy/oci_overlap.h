// Whether two rules of a container profile can speak of the same call.
#pragma once

#include <vector>

#include "policy/policy.h"

namespace sandbox::policy {

/// False only if no arguments meet the conditions of both: two of them, on one argument, exclude each other. True where
/// that is not seen. For the operations that container profiles have.
bool may_overlap(const std::vector<Condition>& left, const std::vector<Condition>& right);

}  // namespace sandbox::policy
