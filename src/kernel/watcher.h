// What a supervisor asks: the interface between the supervision (supervise.h) and what decides on calls, reports them
// or counts them.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "bpf/program.h"

namespace sandbox::kernel {

/// A call that waits for an answer (seccomp_unotify(2)).
struct Notification {
  uint64_t id = 0;
  pid_t thread = 0;  ///< The caller, as this process sees it; 0 if it cannot be seen.
  bpf::SystemCall call;
};

/// The answer to a call.
struct Answer {
  enum class Kind : uint8_t { kAllow, kErrno, kKillThread, kKillProcess };
  Kind kind = Kind::kErrno;
  uint16_t error = 0;  ///< With kErrno.
};

/// How the target, the process that was executed, ended.
struct Ending {
  bool executed = false;  ///< False: execve failed, which has been reported; the status is 126.
  int status = 0;         ///< As in a shell: the exit status, or 128 and the signal's number.
  int signal = 0;         ///< The one that ended it; 0: none did.
  /// Processes below the supervisor that go on, as far as /proc shows them; none: there are too many to count.
  std::optional<size_t> left = 0;
};

/// Whether a notification is still valid: the caller still waits. What was found out about a thread by its number holds
/// only if this is true afterwards; otherwise the number may have been reused.
using StillValid = std::function<bool()>;

/// Decides on calls, and learns of the target's life. Called in the supervisor's process, by one thread.
class Watcher {
 public:
  virtual ~Watcher() = default;
  /// Decides on a call. The caller waits meanwhile, so its memory may be read; it is another process's memory, and its
  /// other threads go on changing it.
  virtual Answer decide(const Notification& notification, const StillValid& still_valid) = 0;
  /// Called with the number of the target, or of a process that it left running, before it is reaped.
  virtual void saw_process(pid_t pid) { (void)pid; }
  /// A caller could not be killed: it has become another user's, or an outer sandbox denies the signal. `error` is
  /// an errno. It gets no answer, and waits.
  virtual void kill_failed(const Notification& notification, int error) { (void)notification, (void)error; }
  /// A descriptor of the watcher's own that is polled too, and what is called when there is input; -1: none.
  [[nodiscard]] virtual int input() const { return -1; }
  virtual void take_input() {}
  /// Called from time to time, after at most `tick_milliseconds`.
  virtual void tick() {}
  /// How long tick() can wait now, beside that; -1: as long as nothing else happens.
  [[nodiscard]] virtual int due_milliseconds() const { return -1; }
  /// The target has ended, and was not reaped yet.
  virtual void target_ending() {}
  /// The target has ended; processes that it left running go on.
  virtual void target_ended(const Ending& ending) { (void)ending; }
  /// The signal proxy ends, while processes that the target left running go on. A reader of standard error gets no end
  /// of file as long as the watcher has it open.
  virtual void proxy_leaves() {}
  /// All processes have ended. Returns the signal proxy's exit status, if it has waited for that.
  virtual int tree_ended(const Ending& ending) { return ending.status; }
};

}  // namespace sandbox::kernel
