// A container profile in the words of the Beats format.
#pragma once

#include <optional>
#include <set>
#include <string_view>

#include "resolve/convert/conversion.h"

namespace sandbox::resolve {

/// The calls that a Beats section has to name so that they get ENOSYS, as calls above the largest number that a
/// container profile names do. A group names a call for all ABIs: one that is above on some of them only is among these
/// where the default action is an errno, too; where it kills, it is not, and gets that.
std::set<std::string_view> calls_above_named(const Conversion& conversion);

/// The same policy without what only an OCI profile can say: names that no listed ABI has are left out, its ABIs are
/// listed, comparisons of all 64 bits say so where the kernel reads less. A policy that is in the Beats format already
/// is returned as it is. None when something cannot be expressed.
std::optional<policy::Policy> to_beats(const Conversion& conversion);

}  // namespace sandbox::resolve
