// /proc as this process found it. A supervised program may mount over it, or over parts of it: such mounts are not
// followed.
#pragma once

#include <fcntl.h>
#include <sys/types.h>

#include <string>

#include "base/file.h"

namespace sandbox::kernel {

/// The descriptor of /proc, which is opened by the first call and stays open; -1 if there is none, or it shows another
/// PID namespace. Before the first call the functions below fail.
int proc_directory();

/// After fork(2), in the child: the descriptor becomes one of its own, under the same number. Parent and child share
/// the position in the list of processes otherwise. False: it could not be opened again.
bool reopen_proc_directory();

/// A file of /proc, by its path from there ("12/stat"), close-on-exec. Invalid where it cannot be opened, or where
/// something is mounted over it. Allocates nothing.
UniqueFd open_proc_file(const char* path, int flags = O_RDONLY);

/// Whether the descriptor is of a procfs, this one or another.
bool is_procfs(int fd);

/// The text of a symbolic link, by its path below a directory; empty if it cannot be read. What /proc shows a
/// descriptor as is the text of such a link.
std::string link_text(int directory, const char* path);

/// What a link of a process names ("exe"); empty if that cannot be read.
std::string read_proc_link(pid_t pid, const char* name);

}  // namespace sandbox::kernel
