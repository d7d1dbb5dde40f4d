// Runs a target under a filter that notifies, with a supervisor that answers its calls.
//
// Three processes: the signal proxy, which was started and stands in for the target; its child, the supervisor, which
// holds the listener; and the supervisor's child, the target. If one of the first two dies, the other kills everything
// below. supervise.cc begins with the whole story.
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
  bool wait_for_tree = false;  ///< The proxy waits for the processes that the target leaves running, too.
  int tick_milliseconds = 0;   ///< 0: no ticks.
  /// Take CAP_SYS_PTRACE from the target. With it a program of root could write to the memory of proxy and supervisor,
  /// or take the listener from them, by calls that no policy denies (open and write, of /proc/PID/mem).
  bool drop_ptrace = false;
  /// The filter allows what shows the exec token (compile::with_allowing_token()), so that nothing has to be answered
  /// before the target runs.
  bool token_allows = false;
  std::vector<int> keep;  ///< Descriptors that the watcher needs, besides standard error and its input.
};

/// What the signal proxy ends with.
struct Supervised {
  int status = 0;       ///< To exit with.
  std::string message;  ///< What went wrong: one line; empty if nothing did.
};

/// What the running kernel lacks for a supervisor, in one line; none if it lacks nothing.
std::optional<std::string> missing_supervision();

/// Executes the target as `enter` does, under a filter that notifies (compile/notify.h), and supervises it until its
/// end. Returns in the signal proxy only, which has closed all its descriptors but standard error by then; the
/// supervisor may live on. The error is one line: why nothing was started, or how the supervisor failed.
Result<Supervised, std::string> supervise(const compile::Filter& filter, const Target& target,
                                          const EnterOptions& options, const char* report_prefix, Watcher& watcher,
                                          const SuperviseOptions& how);

}  // namespace sandbox::kernel
