// From a text to a policy, whichever of the formats it is in.
#pragma once

#include <optional>
#include <string>

#include "base/diagnostic.h"
#include "policy/environment.h"
#include "policy/policy.h"

namespace sandbox::policy {

/// Reads `diagnostics.source()`. Every problem is added to `diagnostics`: the policy may be used only when there are no
/// errors. What could be read in spite of errors is returned, so that later stages can add theirs and all are shown at
/// once. `wanted` names one of several SeccompProfile resources; with any other format a name is an error.
std::optional<Policy> read_policy(std::shared_ptr<const SourceText> source, const Environment& environment,
                                  Diagnostics& diagnostics, const std::string& wanted = {});

}  // namespace sandbox::policy
