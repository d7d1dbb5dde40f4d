// The supervisor's end of a filter that notifies (seccomp_unotify(2)).
#pragma once

#include <optional>
#include <vector>

#include "base/file.h"
#include "kernel/supervise.h"

namespace sandbox::kernel {

class Listener {
 public:
  explicit Listener(UniqueFd fd);

  [[nodiscard]] int fd() const { return fd_.get(); }

  /// The next call that waits. None if it does not wait any more: it was interrupted, or its caller killed.
  std::optional<Notification> receive();

  /// Whether the caller is still there, and waits. If not, its thread's number may be somebody else's by now: what is
  /// found out by that number holds only if this is asked afterwards. May be asked by any thread.
  [[nodiscard]] bool still_waits(const Notification& notification) const;

  // A caller that does not wait any more is not answered; that is no error.
  void let_through(const Notification& notification) const;
  void refuse(const Notification& notification, uint16_t error) const;  ///< By any thread.

 private:
  void send(const Notification& notification, int error, uint32_t flags) const;

  UniqueFd fd_;
  std::vector<char> request_;  ///< As large as the kernel's struct seccomp_notif.
  size_t response_size_;       ///< Of its struct seccomp_notif_resp.
};

}  // namespace sandbox::kernel
