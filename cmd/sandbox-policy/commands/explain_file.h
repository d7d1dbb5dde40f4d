// explain: what one access to a file or a port gets, and why.
#pragma once

#include <string_view>

#include "base/log.h"
#include "sandbox-policy/load.h"
#include "sandbox-policy/options.h"
#include "sandbox-policy/output.h"

namespace sandbox::tool {

/// Whether the second argument of explain is a path or a port, "tcp:443", and no system call.
bool asks_for_file(std::string_view argument);

/// Answers it. Returns the exit status.
int explain_file(const Input& input, const Options& options, const Log& log, Output& out);

}  // namespace sandbox::tool
