// A target that runs under a listener: a child of ours, with a supervisor that answers for the filter.
//
// Three processes. The front is the one that was started: it passes signals on, stops and continues with the target,
// and ends with the target's status. The supervisor is its child: it holds the listener, reaps what the target leaves
// behind and answers calls. The target is the supervisor's child. If one of the first two dies, the other kills the
// whole tree below it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "compile/compile.h"
#include "kernel/enter.h"
#include "kernel/watcher.h"

namespace sandbox::kernel {

struct SuperviseOptions {
  bool wait_for_tree = false;  ///< The front waits for everything that the target has left behind, not for it alone.
  int tick_milliseconds = 0;   ///< 0: no ticks.
  /// Take CAP_SYS_PTRACE from the target. With it a program of root writes to the memory of front and supervisor, or
  /// takes the listener from them, by calls that no policy refuses (open and write, of /proc/PID/mem).
  bool drop_ptrace = false;
  std::vector<int> keep;  ///< Descriptors that the watcher needs, besides standard error and its input.
};

/// What the front is left with.
struct Supervised {
  int status = 0;       ///< To exit with.
  std::string message;  ///< What went wrong on the way: one line; mostly empty.
};

/// What the running kernel lacks for it, in a line; none if it lacks nothing.
std::optional<std::string> missing_supervision();

/// Executes the target as `enter` does, under a filter that notifies (compile/notify.h), and supervises it until its
/// end. Returns in the front only, which has given up all its descriptors but standard error by then, and its
/// supervisor may live on. When nothing was started, or the supervisor has failed: one line that says why.
Result<Supervised, std::string> supervise(const compile::Filter& filter, const Target& target,
                                          const EnterOptions& options, const char* report_prefix, Watcher& watcher,
                                          const SuperviseOptions& how);

}  // namespace sandbox::kernel
