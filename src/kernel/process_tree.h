// The processes below this one, and their end. Nothing here allocates memory, and to kill needs no new descriptor: the
// program that is to die may have set limits on this process.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>

namespace sandbox::kernel {

/// Whether a process is below `root`. None: there is no such process any more, not even one that waits to be reaped.
std::optional<bool> is_below(pid_t pid, pid_t root);

/// How many processes run below `root`, as far as /proc shows them. Those that wait to be reaped do not count. None if
/// they could not be counted within `timeout`, of CPU time: a busy machine is no reason to give up.
std::optional<size_t> count_below(pid_t root, std::chrono::milliseconds timeout);

/// Whether this process has children, ended ones that have not been reaped included. True too if waitid(2) is denied.
bool has_children();

/// Sends a signal to the processes below `root` that `wanted` accepts, as far as /proc shows them.
void signal_below(pid_t root, int signal, bool (*wanted)(pid_t));

/// Kills and reaps everything below this process. True when no child is left; false when none has ended for `timeout`:
/// a process may be unable to die, or may have become another user's. Preconditions: this process is a subreaper, so
/// that nothing below it gets away; it has no children that must survive.
bool kill_descendants(std::chrono::seconds timeout);

}  // namespace sandbox::kernel
