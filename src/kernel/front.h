// The process that was started: what its caller sees of the supervised target.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "kernel/shared_state.h"
#include "kernel/supervise.h"

namespace sandbox::kernel {

class Front {
 public:
  /// `spared`: children that this process had before. All signals are blocked.
  Front(SharedState& shared, pid_t supervisor, std::set<pid_t> spared)
      : shared_(shared), supervisor_(supervisor), spared_(std::move(spared)) {}

  /// Passes signals on to the target and stops and continues with it, until its end.
  Result<Supervised, std::string> run();

 private:
  void pass_on(const siginfo_t& signal);
  void pass_on_to_rest(const siginfo_t& signal);
  void stop_with_target();
  [[nodiscard]] pid_t target() const;
  Result<Supervised, std::string> supervisor_ended(int status);

  SharedState& shared_;
  pid_t supervisor_;
  std::set<pid_t> spared_;
};

}  // namespace sandbox::kernel
