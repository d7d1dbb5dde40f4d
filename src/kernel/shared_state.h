// What the front, the supervisor and the target of one supervision tell one another.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <initializer_list>
#include <string_view>

#include "kernel/enter.h"

namespace sandbox::kernel {

/// In memory that all three share until the target is executed. Whoever changes what the front waits for sends it a
/// SIGCHLD.
struct SharedState {
  EnterProgress progress;
  std::atomic<pid_t> front{0};              ///< Its pid.
  std::atomic<pid_t> supervisor{0};         ///< Its pid, as soon as it exists.
  std::atomic<int> supervisor_signal{0};    ///< That ended it, where the front is not its parent.
  std::atomic<pid_t> target{0};             ///< Its pid, as soon as it exists; -1 once it has ended.
  std::atomic<int> stop_signal{0};          ///< The target was stopped by it, and the front should stop too.
  std::atomic<bool> target_stopped{false};  ///< And was not continued, nor has it ended.
  std::atomic<bool> front_stops{false};     ///< Set before the front looks whether it is to stop, until it goes on.
  std::atomic<int> exit_status{-1};         ///< What the front is to exit with, from then on.
  std::atomic<bool> waits_for_tree{false};  ///< The front stays until all that the target has left behind has ended.
  std::atomic<bool> front_left{false};      ///< The front goes as it should; all others stay.
  std::atomic<bool> supervised{false};      ///< The target has been started.
  std::atomic<bool> cannot_kill{false};     ///< The supervisor has given up, and cannot kill all that it supervises.
  std::array<char, 1024> failure = {};      ///< What has gone wrong: a line; empty if nothing has.
};

/// Says what has gone wrong. Allocates nothing.
inline void tell(SharedState& shared, std::initializer_list<std::string_view> failure) {
  size_t at = 0;
  for (const std::string_view part : failure) {
    const size_t size = std::min(part.size(), shared.failure.size() - 1 - at);
    std::copy_n(part.begin(), size, shared.failure.begin() + static_cast<ptrdiff_t>(at));
    at += size;
  }
  shared.failure[at] = '\0';
}

}  // namespace sandbox::kernel
