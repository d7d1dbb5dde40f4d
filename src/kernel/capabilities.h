// The capabilities that this process may pass on.
#pragma once

#include <optional>
#include <set>
#include <string>

namespace sandbox::kernel {

/// The names of the capabilities, such as "CAP_SYS_ADMIN", that a program started by the caller can come to have: those
/// of the bounding set; but for a caller who is not root, with no_new_privs, only those of the ambient set, because
/// nothing else is then added at execve. See capabilities(7).
std::set<std::string> attainable_capabilities(bool no_new_privs);

/// Gives up CAP_SYS_PTRACE for good, for this process and what it becomes. The error is one line; none also if it has
/// none.
std::optional<std::string> drop_ptrace_capability();

}  // namespace sandbox::kernel
