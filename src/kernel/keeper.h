// Who is above the supervisor. It is a subreaper, to which everything comes that the supervisor leaves behind when it
// is killed, and kills that.
//
// That is the front, unless it has children already: what those leave behind would come to it as well, and nothing
// would tell the two apart. Then it is a process between front and supervisor.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "kernel/shared_state.h"

namespace sandbox::kernel {

/// How long one waits for somebody who does not die. Who has only begun to is given that much from then on.
inline constexpr std::chrono::seconds kKillPatience{10};

struct SupervisorFork {
  pid_t child = 0;    ///< In the front: the process to wait for. 0: this is the supervisor.
  bool keeps = true;  ///< In the front: whether it is the one that kills what the supervisor leaves behind.
  /// A pipe. When the supervisor ends, the kernel continues the process above it, which may have been stopped; when
  /// that process ends, the supervisor's end of the pipe shows an error.
  UniqueFd lifeline;
};

/// Forks the supervisor, with a process between if need be. Returns in front and supervisor. All signals are blocked.
/// `front_fd`: a pidfd of the front's. The error is one line.
Result<SupervisorFork, std::string> fork_supervisor(SharedState& shared, int front_fd);

}  // namespace sandbox::kernel
