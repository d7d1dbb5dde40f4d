// The supervisor's process, and the subreaper above it: processes that are orphaned when the supervisor is killed
// become the subreaper's children (PR_SET_CHILD_SUBREAPER), and it kills them.
//
// The signal proxy is the subreaper, unless it has children already. Then their orphans would become its children too,
// and could not be told from the supervisor's, so an intermediate process between proxy and supervisor is the
// subreaper.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "kernel/shared_state.h"

namespace sandbox::kernel {

/// How long to wait for killed processes to end, counted from the last one that did.
inline constexpr std::chrono::seconds kKillTimeout{10};

struct SupervisorFork {
  pid_t child = 0;                 ///< In the proxy: the process to wait for. 0: this is the supervisor.
  bool proxy_is_subreaper = true;  ///< False: the intermediate process is.
  /// A pipe. When the supervisor ends, the kernel continues the process above it, which may have been stopped; when
  /// that process ends, the supervisor's end of the pipe shows an error.
  UniqueFd lifeline;
};

/// Forks the supervisor, through an intermediate process if need be. Returns in proxy and supervisor. All signals must
/// be blocked. `proxy_fd`: a pidfd of the proxy. The error is one line.
Result<SupervisorFork, std::string> fork_supervisor(SharedState& shared, int proxy_fd);

}  // namespace sandbox::kernel
