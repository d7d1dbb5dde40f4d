// From names to numbers: what a policy means on one ABI.
#pragma once

#include "arch/abi.h"
#include "base/diagnostic.h"
#include "policy/policy.h"
#include "resolve/rule_set.h"

namespace sandbox::resolve {

/// Resolves a policy for an ABI. Unknown names and the like are added to `diagnostics`; the rule set may be used only
/// when there are no errors.
RuleSet resolve(const policy::Policy& policy, arch::Abi abi, Diagnostics& diagnostics);

}  // namespace sandbox::resolve
