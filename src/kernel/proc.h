// /proc as this process found it. A program that is supervised may mount what it likes over it, or over parts of it:
// none of that is read.
#pragma once

#include <fcntl.h>
#include <sys/types.h>

#include <string>

#include "base/file.h"

namespace sandbox::kernel {

/// Opens /proc for all that follows, once, and returns the descriptor, which stays open; -1 if there is none, or it
/// shows another PID namespace. Before that nothing of it can be read.
int hold_proc();

/// After fork(2), in the child: the descriptor becomes one of its own, under the same number. Parent and child share
/// the position in the list of processes otherwise. False: it could not be opened again.
bool hold_own_proc();

/// A file of /proc, by its path from there ("12/stat"), close-on-exec. Invalid where it cannot be opened, or where
/// something is mounted over it. Allocates nothing.
UniqueFd open_proc(const char* path, int flags = O_RDONLY);

/// What a link of a process names ("exe"); empty if that cannot be read.
std::string read_proc_link(pid_t pid, const char* name);

}  // namespace sandbox::kernel
