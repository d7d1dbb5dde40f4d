// Descriptors of processes, and those that a process keeps.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>

#include "base/file.h"

namespace sandbox::kernel {

/// A pidfd; invalid where there is none.
UniqueFd open_process(pid_t pid);

/// Whether the process of a pidfd has ended.
bool has_ended(int process_fd);

/// Sends the process of a pidfd a signal. False: errno says why not.
bool send_signal(int process_fd, int signal);

inline constexpr size_t kFewDescriptors = 32;

/// Closes everything but these, standard error and /proc, and puts /dev/null where standard input and output were:
/// a supervisor must not keep the other end of a pipe from its end of file. Negative ones are none. Allocates nothing
/// for kFewDescriptors of them.
void keep_only(std::span<const int> descriptors);

}  // namespace sandbox::kernel
