// From names to numbers: what a policy means on each of its ABIs.
#pragma once

#include <vector>

#include "arch/abi.h"
#include "base/diagnostic.h"
#include "policy/policy.h"
#include "resolve/rule_set.h"

namespace sandbox::resolve {

/// Resolves a policy for the ABIs that it lists, or for `native` if it lists none. Unknown names and the like are added
/// to `diagnostics`; the rule sets may be used only when there are no errors. A policy that has no filter has none.
std::vector<RuleSet> resolve(const policy::Policy& policy, arch::Abi native, Diagnostics& diagnostics);

}  // namespace sandbox::resolve
