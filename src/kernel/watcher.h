// What a supervisor asks: the interface between the supervision (supervise.h) and what decides on calls, reports them or
// counts them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>

#include "bpf/program.h"

namespace sandbox::kernel {

/// A call that waits for an answer (seccomp_unotify(2)).
struct Notification {
  uint64_t id = 0;
  pid_t thread = 0;  ///< The caller, as this process sees it; 0 if it cannot be seen.
  bpf::SystemCall call;
};

/// What becomes of a call.
struct Answer {
  enum class Kind : uint8_t { kLetThrough, kErrno, kKillThread, kKillProcess };
  Kind kind = Kind::kErrno;
  uint16_t error = 0;  ///< With kErrno.
};

/// How the target, the process that was executed, came to its end.
struct Ending {
  bool executed = false;  ///< False: execve failed, which has been said; the status is 126.
  int status = 0;         ///< As in a shell: the exit status, or 128 and the signal's number.
  int signal = 0;         ///< That ended it; 0: none did.
};

/// Whether a caller still waits. What is found out about a thread by its number holds if it does so afterwards: else
/// the number may be another's by then.
using StillWaits = std::function<bool()>;

/// What the supervisor asks. All of it is called in the supervisor's process, one after the other.
class Watcher {
 public:
  virtual ~Watcher() = default;
  /// Decides on a call. The caller waits meanwhile, so its memory may be read; it is another process's memory, and its
  /// other threads go on changing it.
  virtual Answer decide(const Notification& notification, const StillWaits& still_waits) = 0;
  /// The target, or a process that it has left behind, has this number: before it is reaped.
  virtual void saw_process(pid_t pid) { (void)pid; }
  /// A caller could not be killed: it has become another user's, or an outer sandbox forbids it. `error` is an errno.
  /// It gets no answer, and waits.
  virtual void kill_failed(const Notification& notification, int error) { (void)notification, (void)error; }
  /// A descriptor of the watcher's own that is waited for too, and what is called when there is input; -1: none.
  [[nodiscard]] virtual int input() const { return -1; }
  virtual void take_input() {}
  /// Called from time to time, after at most `tick_milliseconds`.
  virtual void tick() {}
  /// The target has ended, and has its number still.
  virtual void target_ending() {}
  /// The target has ended; processes that it has left behind may go on.
  virtual void target_ended(const Ending& ending) { (void)ending; }
  /// The front goes, while processes that the target has left behind go on. Who waits for the end of standard error
  /// waits for the watcher, too.
  virtual void front_leaves() {}
  /// Everybody has ended. What this returns is the front's exit status, if the front has waited for it.
  virtual int tree_ended(const Ending& ending) { return ending.status; }
};

}  // namespace sandbox::kernel
