// What the signal proxy, the supervisor and the target of one supervision tell one another.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <initializer_list>
#include <string_view>

#include "kernel/enter.h"

namespace sandbox::kernel {

/// In memory that all three share until the target is executed. After a change of what the proxy
/// waits for, it is sent a SIGCHLD.
struct SharedState {
  EnterProgress progress;
  std::atomic<pid_t> proxy{0};              ///< Its pid.
  std::atomic<pid_t> supervisor{0};         ///< Its pid, as soon as it exists.
  std::atomic<int> supervisor_signal{0};    ///< That ended it, where the proxy is not its parent.
  std::atomic<pid_t> target{0};             ///< Its pid, as soon as it exists; -1 once it has ended.
  std::atomic<int> stop_signal{0};          ///< The target was stopped by it, and the proxy should stop too.
  std::atomic<bool> target_stopped{false};  ///< It has been neither continued nor ended since.
  std::atomic<bool> proxy_stops{false};     ///< Set before the proxy checks whether to stop, until it goes on.
  std::atomic<int> exit_status{-1};         ///< For the proxy to exit with, once it is not negative.
  std::atomic<bool> waits_for_tree{
      false};  ///< The proxy stays until the processes that the target left running have ended.
  std::atomic<bool> proxy_left{false};      ///< The proxy ends as it should; the others stay.
  std::atomic<bool> supervised{false};      ///< The target has been started.
  std::atomic<bool> cannot_kill{false};     ///< The supervisor has failed, and cannot kill all that it supervises.
  std::array<char, 1024> failure = {};      ///< What has gone wrong: a line; empty if nothing has.
};

/// Sets the failure. Allocates nothing.
inline void set_failure(SharedState& shared, std::initializer_list<std::string_view> failure) {
  size_t at = 0;
  for (const std::string_view part : failure) {
    const size_t size = std::min(part.size(), shared.failure.size() - 1 - at);
    std::copy_n(part.begin(), size, shared.failure.begin() + static_cast<ptrdiff_t>(at));
    at += size;
  }
  shared.failure[at] = '\0';
}

}  // namespace sandbox::kernel
