#include "kernel/listener.h"

#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

// Linux 6.6; newer than Debian 12's headers.
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

namespace sandbox::kernel {

Listener::Listener(UniqueFd fd) : fd_(std::move(fd)) {
  // The kernel may know of more fields than we do, and writes them all.
  seccomp_notif_sizes sizes = {};
  if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0) sizes = {};
  request_.resize(std::max<size_t>(sizes.seccomp_notif, sizeof(seccomp_notif)));
  response_size_ = std::max<size_t>(sizes.seccomp_notif_resp, sizeof(seccomp_notif_resp));
  // Caller and supervisor take turns on one CPU: a tenth of the time that waking another CPU takes (seen in a virtual
  // machine). A kernel that does not know it works as well, and slower.
  ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

std::optional<Notification> Listener::receive() {
  std::fill(request_.begin(), request_.end(), 0);  // Else EINVAL.
  if (ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_RECV, request_.data()) != 0) {
    if (errno == EINTR || errno == ENOENT) return std::nullopt;  // ENOENT: the caller is gone again.
    throw std::runtime_error(std::string("notifications cannot be received: ") + strerrordesc_np(errno));
  }
  seccomp_notif request = {};
  std::memcpy(&request, request_.data(), sizeof request);
  Notification notification;
  notification.id = request.id;
  notification.thread = static_cast<pid_t>(request.pid);
  notification.call.number = static_cast<uint32_t>(request.data.nr);
  notification.call.arch = request.data.arch;
  notification.call.instruction_pointer = request.data.instruction_pointer;
  std::copy(std::begin(request.data.args), std::end(request.data.args), notification.call.args.begin());
  return notification;
}

bool Listener::still_waits(const Notification& notification) const {
  uint64_t id = notification.id;
  if (ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0) return true;
  if (errno == ENOENT) return false;
  // Kernels before 5.17 know the number that this had by mistake.
  return ioctl(fd_.get(), SECCOMP_IOR(2, __u64), &id) == 0;
}

void Listener::let_through(const Notification& notification) const {
  send(notification, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

void Listener::refuse(const Notification& notification, uint16_t error) const {
  send(notification, -static_cast<int>(error), 0);
}

void Listener::send(const Notification& notification, int error, uint32_t flags) const {
  seccomp_notif_resp response = {};
  response.id = notification.id;
  response.error = error;
  response.flags = flags;
  std::vector<char> whole(response_size_, 0);
  std::memcpy(whole.data(), &response, sizeof response);
  ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_SEND, whole.data());
}

}  // namespace sandbox::kernel
