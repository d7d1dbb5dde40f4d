// How a supervisor has the kernel carry out a kill: a response to a notification cannot kill, and SIGKILL is another
// end than the one that a filter makes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "kernel/listener.h"

namespace sandbox::kernel {

enum class Kill : uint8_t { kThread, kProcess };

struct CarriedOut {
  /// The caller will be killed by the filter, or is gone. False: it cannot be traced here (Yama, another tracer, a
  /// program that may not be read, an ABI that this is not written for), and is to be killed in another way.
  bool done = false;
  /// The caller's end, if it came meanwhile and was seen here: what waitpid would have given.
  std::optional<int> wait_status;
};

/// Stops the caller with ptrace, answers with an errno, winds it back onto the call with the marks for which the filter
/// kills (compile/notify.h), and lets it go. Waits for the stop.
CarriedOut carry_out(Kill kill, const Notification& notification, Listener& listener);

}  // namespace sandbox::kernel
