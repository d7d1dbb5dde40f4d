// A container profile in the words of the Beats format.
#pragma once

#include <optional>

#include "resolve/convert/conversion.h"

namespace sandbox::resolve {

/// The same policy without what only an OCI profile can say: names that no listed ABI has are left out, its ABIs are
/// listed, comparisons of all 64 bits say so where the kernel reads less. A policy that is in the Beats format already
/// is returned as it is. None when something cannot be said.
std::optional<policy::Policy> to_beats(const Conversion& conversion);

}  // namespace sandbox::resolve
