// The process that was started stands in for the supervised target: it passes signals on, stops and continues with the
// target, and ends with its status.
#pragma once

#include <csignal>
#include <string>

#include "base/file.h"
#include "kernel/shared_state.h"
#include "kernel/supervise.h"

namespace sandbox::kernel {

/// What the proxy knows of a signal that it got, besides the signal.
struct SignalOrigin {
  bool supervisor = false;     ///< The supervisor sent it.
  bool below = false;          ///< A process below the supervisor sent it.
  bool leads_session = false;  ///< The proxy is a session leader.
  bool same_group = false;     ///< The target is in the proxy's process group.
};

/// Whether a signal is passed on to the target; if not, the target has got it, or it is not meant for it.
bool is_passed_on(const siginfo_t& signal, const SignalOrigin& origin);

/// Whether a signal is passed on when the target has ended and only processes that it left running are waited for: what
/// ends programs ends them.
bool is_passed_on_to_orphans(int number);

/// Whether the kernel sent the signal because the lifeline of SupervisorFork was closed.
bool is_of_lifeline(const siginfo_t& signal);

/// How the supervisor ended without having reported the target's status.
struct SupervisorEnd {
  bool target_existed = false;
  bool target_ran = false;  ///< SharedState::supervised.
  bool all_killed = false;  ///< Everything below it, by now.
  int signal = 0;           ///< That killed it; 0: none did.
  std::string failure;      ///< SharedState::failure.
};

/// What the proxy's caller gets: a status and a line where the supervisor was killed, else an error, one line.
Result<Supervised, std::string> report_of(const SupervisorEnd& end);

class SignalProxy {
 public:
  /// `child`: the supervisor, or the intermediate process; `is_subreaper`: see fork_supervisor.h. All signals must be
  /// blocked.
  SignalProxy(SharedState& shared, pid_t child, bool is_subreaper)
      : shared_(shared), child_(child), is_subreaper_(is_subreaper) {}

  /// Passes signals on to the target and stops and continues with it, until its end.
  Result<Supervised, std::string> run();

 private:
  Result<Supervised, std::string> serve();
  bool child_has_ended(int* status);
  void pass_on(const siginfo_t& signal);
  void pass_on_to_rest(const siginfo_t& signal);
  void stop_with_target();
  pid_t target();
  void send_to_target(const siginfo_t& signal) const;
  Result<Supervised, std::string> supervisor_ended(int status);

  SharedState& shared_;
  pid_t child_;
  bool is_subreaper_;
  UniqueFd target_fd_;  ///< A pidfd, as soon as the target exists.
};

}  // namespace sandbox::kernel
