// What --list-profiles prints.
#pragma once

#include "sandbox-run/options.h"

namespace sandbox::launcher {

/// The policies that have names, to standard output: as text, or with --json.
void list_profiles(const Options& options);

}  // namespace sandbox::launcher
