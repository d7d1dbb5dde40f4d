// A policy as a `seccomp` section.
#pragma once

#include <string>

#include "policy/policy.h"

namespace sandbox::policy {

/// YAML in block style, one name a line, in the policy's own order. What the policy says by default is left out, and
/// so are comments. Precondition: it says nothing that only an OCI profile can say (resolve/beats_policy.h).
std::string write_beats(const Policy& policy);

}  // namespace sandbox::policy
