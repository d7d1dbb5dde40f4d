#include "kernel/listener.h"

#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

// Linux 6.6; newer than Debian 12's headers.
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

namespace sandbox::kernel {
namespace {

constexpr size_t kLargestResponse = 256;  // The kernel's has 24 bytes.
constexpr int kInterruptions = 100000;    // In a row: an outer sandbox answers for the kernel.

/// 0 or an errno. The kernel takes a lock for some of these requests, and a signal interrupts that, such as the one of
/// the supervisor's interval timer.
int ask(int fd, unsigned long what, void* argument) {
  for (int i = 0; i < kInterruptions; ++i) {
    if (ioctl(fd, what, argument) == 0) return 0;
    if (errno != EINTR) return errno;
  }
  return EINTR;
}

[[noreturn]] void give_up(const char* what, int number) {
  throw std::runtime_error(std::string("notifications cannot be ") + what + ": " + strerrordesc_np(number));
}

}  // namespace

Notification notification_of(const seccomp_notif& request) {
  Notification notification;
  notification.id = request.id;
  notification.thread = static_cast<pid_t>(request.pid);
  notification.call.number = static_cast<uint32_t>(request.data.nr);
  notification.call.arch = request.data.arch;
  notification.call.instruction_pointer = request.data.instruction_pointer;
  std::copy(std::begin(request.data.args), std::end(request.data.args), notification.call.args.begin());
  return notification;
}

bool needs_no_answer(int error) {
  return error == 0 || error == ENOENT || error == EINPROGRESS;  // EINPROGRESS: it was answered already.
}

Listener::Listener(int fd) : fd_(fd) {
  // The kernel may know of more fields than we do, and writes them all.
  seccomp_notif_sizes sizes = {};
  if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0) sizes = {};
  request_.resize(std::max<size_t>(sizes.seccomp_notif, sizeof(seccomp_notif)));
  response_size_ = std::max<size_t>(sizes.seccomp_notif_resp, sizeof(seccomp_notif_resp));
  if (response_size_ > kLargestResponse) give_up("answered", E2BIG);
  // Caller and supervisor take turns on one CPU: a tenth of the time that waking another CPU takes (seen in a virtual
  // machine). A kernel that does not know it works as well, and slower.
  ioctl(fd_, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

std::optional<Notification> Listener::receive() {
  std::fill(request_.begin(), request_.end(), 0);  // Else EINVAL.
  if (ioctl(fd_, SECCOMP_IOCTL_NOTIF_RECV, request_.data()) != 0) {
    const bool again = errno == EINTR || errno == ENOENT;  // ENOENT: the caller is gone again.
    if (again && ++in_vain_ < kInterruptions) return std::nullopt;
    give_up("received", errno);
  }
  in_vain_ = 0;
  seccomp_notif request = {};
  std::memcpy(&request, request_.data(), sizeof request);
  return notification_of(request);
}

bool Listener::is_valid(const Notification& notification) const {
  uint64_t id = notification.id;
  int error = ask(fd_, SECCOMP_IOCTL_NOTIF_ID_VALID, &id);
  // Kernels before 5.17 know the number that this had by mistake.
  if (error == EINVAL) error = ask(fd_, SECCOMP_IOR(2, __u64), &id);
  if (error != 0 && error != ENOENT) give_up("looked at", error);
  return error == 0;
}

void Listener::allow(const Notification& notification) const {
  send(notification, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

void Listener::deny(const Notification& notification, uint16_t error) const {
  send(notification, -static_cast<int>(error), 0);
}

void Listener::send(const Notification& notification, int error, uint32_t flags) const {
  seccomp_notif_resp response = {};
  response.id = notification.id;
  response.error = error;
  response.flags = flags;
  std::array<char, kLargestResponse> whole = {};  // The kernel's may be larger than ours.
  std::memcpy(whole.data(), &response, sizeof response);
  const int result = ask(fd_, SECCOMP_IOCTL_NOTIF_SEND, whole.data());
  if (!needs_no_answer(result)) give_up("answered", result);
}

}  // namespace sandbox::kernel
