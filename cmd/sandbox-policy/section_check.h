// check: what a landlock section comes to on this machine.
#pragma once

#include "sandbox-policy/load.h"

namespace sandbox::tool {

/// Adds warnings with ids for paths that are missing here or cannot be used here, and those of lint_landlock(). They
/// are no errors: a policy is often checked on another machine than the one that it is for.
void check_section(const Section& section, const std::string& policy_path, Diagnostics& diagnostics);

}  // namespace sandbox::tool
