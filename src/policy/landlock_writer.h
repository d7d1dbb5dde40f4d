// A `landlock` section as text.
#pragma once

#include <string>

#include "policy/landlock.h"

namespace sandbox::policy {

/// The section with its key, as YAML in block style, one path a line, in the section's own order. It is read back as it
/// is; places and comments are left out.
std::string write_landlock(const LandlockSection& section);

}  // namespace sandbox::policy
