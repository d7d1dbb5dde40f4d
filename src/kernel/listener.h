// The supervisor's end of a filter that notifies (seccomp_unotify(2)).
#pragma once

#include <optional>
#include <vector>

#include "kernel/watcher.h"

namespace sandbox::kernel {

class Listener {
 public:
  /// Borrowed: where somebody cannot be killed, who waits for an answer of it waits until this process ends.
  explicit Listener(int fd);

  [[nodiscard]] int fd() const { return fd_; }

  /// The next call that waits. None if it does not wait any more: it was interrupted, or its caller killed; or a signal
  /// has interrupted this. Throws where calls cannot be received any more.
  std::optional<Notification> receive();

  /// Whether the caller is still there, and waits. If not, its thread's number may be somebody else's by now: what is
  /// found out by that number holds only if this is asked afterwards. May be asked by any thread. Throws where the
  /// kernel does not say.
  [[nodiscard]] bool still_waits(const Notification& notification) const;

  // A caller that does not wait any more is not answered; that is no error. Throws where it waits and cannot be
  // answered.
  void let_through(const Notification& notification) const;
  void refuse(const Notification& notification, uint16_t error) const;  ///< By any thread.

 private:
  void send(const Notification& notification, int error, uint32_t flags) const;

  int fd_;
  std::vector<char> request_;  ///< As large as the kernel's struct seccomp_notif.
  size_t response_size_;       ///< Of its struct seccomp_notif_resp.
  int in_vain_ = 0;            ///< So often in a row nothing was received.
};

}  // namespace sandbox::kernel
