// The signals of front and supervisor.
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

/// Blocks all: the front reads them one by one, the supervisor has none to handle. Sees that they can be waited for:
/// an outer sandbox may refuse it, or only pretend. The error is one line.
Result<SignalState, std::string> take_signals();

/// A timer whose signal interrupts what waits. One that comes just before is made up for by the next.
class Beat {
 public:
  /// False where it cannot be had: then nothing may wait for it.
  static bool start(suseconds_t microseconds);
  static void stop();
  static bool came() { return came_ != 0; }
  static void forget() { came_ = 0; }

 private:
  static inline volatile sig_atomic_t came_ = 0;
};

}  // namespace sandbox::kernel
