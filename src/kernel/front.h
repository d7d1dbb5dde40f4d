// The process that was started: what its caller sees of the supervised target.
#pragma once

#include <csignal>
#include <string>

#include "base/file.h"
#include "kernel/shared_state.h"
#include "kernel/supervise.h"

namespace sandbox::kernel {

class Front {
 public:
  /// `child`: the supervisor, or the process between (see keeper.h); `keeps` as in SupervisorFork. All signals are
  /// blocked.
  Front(SharedState& shared, pid_t child, bool keeps) : shared_(shared), child_(child), keeps_(keeps) {}

  /// Passes signals on to the target and stops and continues with it, until its end.
  Result<Supervised, std::string> run();

 private:
  Result<Supervised, std::string> serve();
  bool look_at_child(int* status);
  void pass_on(const siginfo_t& signal);
  void pass_on_to_rest(const siginfo_t& signal);
  void stop_with_target();
  pid_t target();
  void send_to_target(const siginfo_t& signal) const;
  Result<Supervised, std::string> supervisor_ended(int status);

  SharedState& shared_;
  pid_t child_;
  bool keeps_;
  UniqueFd target_fd_;  ///< A pidfd, as soon as the target exists.
};

}  // namespace sandbox::kernel
