// The processes below this one.
#pragma once

#include <sys/types.h>

#include <optional>
#include <set>
#include <vector>

namespace sandbox::kernel {

/// The children of this process, as /proc has them.
std::set<pid_t> children();

/// Whether a process is below this one. None: there is no such process any more, not even one that waits to be reaped.
std::optional<bool> is_descendant(pid_t pid);

/// The processes below this one, as /proc has them; none where it does not show them.
std::vector<pid_t> descendants();

/// Kills and reaps everything below this process but for the children in `spared` and what is below them, until nothing
/// is left or for some seconds nobody new is found (a process may not be able to die). Where /proc does not show them,
/// that takes longer. Precondition: this process is a subreaper, so that nothing below it gets away.
void kill_descendants(const std::set<pid_t>& spared);

}  // namespace sandbox::kernel
