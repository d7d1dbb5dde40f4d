// The process that was started stands in for the supervised target: it passes signals on, stops and continues with the
// target, and ends with its status.
#pragma once

#include <csignal>
#include <string>

#include "base/file.h"
#include "kernel/shared_state.h"
#include "kernel/supervise.h"

namespace sandbox::kernel {

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
