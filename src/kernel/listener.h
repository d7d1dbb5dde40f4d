// The supervisor's end of a filter that notifies (seccomp_unotify(2)).
#pragma once

#include <optional>
#include <vector>

#include "kernel/watcher.h"

struct seccomp_notif;

namespace sandbox::kernel {

/// The kernel's notification as ours.
Notification notification_of(const seccomp_notif& request);

/// Whether a call needs no answer any more, after SECCOMP_IOCTL_NOTIF_SEND returned 0 or this errno: it was answered,
/// or it no longer waits.
bool needs_no_answer(int error);

class Listener {
 public:
  /// Borrowed: it stays open until this process ends, so that a caller that cannot be killed waits as long.
  explicit Listener(int fd);

  [[nodiscard]] int fd() const { return fd_; }

  /// The next call that waits. None if it no longer waits (it was interrupted, or its caller killed), or if a signal
  /// interrupted this. Throws when no more calls can be received.
  std::optional<Notification> receive();

  /// Whether the caller still waits (SECCOMP_IOCTL_NOTIF_ID_VALID). If not, its thread's number may have been reused:
  /// what was found out by that number holds only if this is true afterwards. For any thread. Throws if the kernel
  /// gives no answer.
  [[nodiscard]] bool is_valid(const Notification& notification) const;

  // A caller that no longer waits is not answered, which is no error. They throw if it waits and cannot be answered.
  void allow(const Notification& notification) const;
  void deny(const Notification& notification, uint16_t error) const;  ///< For any thread.

 private:
  void send(const Notification& notification, int error, uint32_t flags) const;

  int fd_;
  std::vector<char> request_;  ///< As large as the kernel's struct seccomp_notif.
  size_t response_size_;       ///< Of its struct seccomp_notif_resp.
  int in_vain_ = 0;            ///< How many times in a row nothing was received.
};

}  // namespace sandbox::kernel
