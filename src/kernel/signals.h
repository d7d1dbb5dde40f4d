// The signals of the signal proxy and the supervisor.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <string>

#include "base/result.h"

namespace sandbox::kernel {

/// How signals were set before the supervision; the target gets them so.
struct SignalState {
  sigset_t mask = {};
  struct sigaction child = {};
};

/// Blocks all: the proxy reads them one by one, the supervisor has none to handle. Checks that they can be waited for:
/// an outer sandbox may deny it, or pretend that it works. The error is one line.
Result<SignalState, std::string> take_signals();

/// A periodic timer (setitimer(2)) whose signal interrupts a call that waits; so does SIGCHLD while it runs. If one
/// comes just before the call, the timer's next one interrupts it.
class IntervalTimer {
 public:
  /// False where it cannot be started: then nothing may rely on it.
  static bool start(suseconds_t microseconds);
  /// Both signals are blocked again.
  static void stop();
  static bool expired() { return expired_ != 0; }
  static void reset() { expired_ = 0; }
  /// Whether a SIGCHLD came while it ran, since this was last asked.
  static bool child_changed();

 private:
  static inline volatile sig_atomic_t expired_ = 0;
  static inline volatile sig_atomic_t child_changed_ = 0;
};

}  // namespace sandbox::kernel
