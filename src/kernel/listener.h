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

  // A caller that does not wait any more is not answered; that is no error.
  void let_through(const Notification& notification);
  void refuse(const Notification& notification, uint16_t error);

 private:
  void send(const Notification& notification, int error, uint32_t flags);

  UniqueFd fd_;
  std::vector<char> request_;   ///< As large as the kernel's struct seccomp_notif.
  std::vector<char> response_;  ///< As large as its struct seccomp_notif_resp.
};

}  // namespace sandbox::kernel
