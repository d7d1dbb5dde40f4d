// A policy as an OCI profile.
#pragma once

#include <optional>

#include "policy/oci_writer.h"
#include "resolve/convert/conversion.h"

namespace sandbox::resolve {

struct OciLimits {
  bool default_errno = true;  ///< Whether another default errno than EPERM can be said.
  uint64_t greatest_value = UINT64_MAX;
};

/// The rules of the profile do not overlap, so that it does not matter in which order a container runtime tries them;
/// only a call whose verdict depends on no argument has a rule without arguments. What depends on arguments is exact,
/// regardless of their order, widths and operations in the policy: what the format's operators cannot say is taken
/// apart into comparisons under masks. None when something cannot be expressed (then `diagnostics` has errors).
std::optional<policy::OciProfile> to_oci(const Conversion& conversion, const OciLimits& limits);

}  // namespace sandbox::resolve
