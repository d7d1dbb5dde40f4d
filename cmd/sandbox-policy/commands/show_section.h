// show: a landlock section, on one page.
#pragma once

#include "policy/policy.h"
#include "sandbox-policy/json.h"
#include "sandbox-policy/output.h"

namespace sandbox::tool {

/// What is restricted, and what is allowed of it. Precondition: the policy has a section.
void print_section(const policy::Policy& policy, Output& out);

/// The same as a member "landlock".
void json_section(const policy::Policy& policy, Json& json);

}  // namespace sandbox::tool
