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

/// A file of /proc, by its path from there ("12/stat"), close-on-exec. Invalid where it cannot be opened, or where
/// something is mounted over it.
UniqueFd open_proc(const std::string& path, int flags = O_RDONLY);

/// What a link of a process names ("exe"); empty if that cannot be read.
std::string read_proc_link(pid_t pid, const char* name);

}  // namespace sandbox::kernel
