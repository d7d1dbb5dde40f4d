// What the paths of a `landlock` section are relative to, as this process has it.
#pragma once

#include <string>

#include "resolve/landlock/ruleset.h"

namespace sandbox::kernel {

/// For the policy in the file of this path. Where that is empty or "-" (a built-in profile, standard input, the command
/// line), paths are relative to the working directory. HOME has its symbolic links followed, so that it can be compared
/// with the working directory; what is no absolute path counts as not set. An empty working directory: it cannot be
/// known (getcwd(2) fails, or it is outside the root).
resolve::PathEnvironment path_environment(const std::string& policy_path);

}  // namespace sandbox::kernel
