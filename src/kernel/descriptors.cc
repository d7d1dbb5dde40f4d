#include "kernel/descriptors.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "kernel/proc.h"

namespace sandbox::kernel {
namespace {

void close_between(unsigned first, unsigned last) {
  if (close_range(first, last, 0) == 0) return;
  // Linux 5.9 brought it, and older sandboxes deny it.
  rlimit most = {};
  getrlimit(RLIMIT_NOFILE, &most);
  constexpr rlim_t kMaxCount = 1048576;  // As a kernel has it.
  last = static_cast<unsigned>(std::min<rlim_t>({last, most.rlim_max, kMaxCount}));
  for (unsigned fd = first; fd <= last; ++fd) close(static_cast<int>(fd));
}

}  // namespace

UniqueFd open_process(pid_t pid) {
  return UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

bool has_ended(int process_fd) {
  pollfd ended = {process_fd, POLLIN, 0};
  return poll(&ended, 1, 0) > 0;
}

bool send_signal(int process_fd, int signal) {
  return syscall(SYS_pidfd_send_signal, process_fd, signal, nullptr, 0) == 0;
}

void keep_only(std::span<const int> descriptors) {
  // With few nothing is allocated: a process that gives up may have no memory left.
  std::array<int, kFewDescriptors + 2> few = {};
  std::vector<int> many;
  std::span<int> kept(few);
  if (descriptors.size() > kFewDescriptors) {
    many.resize(descriptors.size() + 2);
    kept = many;
  }
  kept = kept.first(descriptors.size() + 2);
  std::ranges::copy(descriptors, kept.begin());
  kept[descriptors.size()] = STDERR_FILENO;
  kept[descriptors.size() + 1] = proc_directory();
  std::ranges::sort(kept);
  unsigned first = 0;
  for (const int fd : kept) {
    if (fd < 0) continue;
    const auto number = static_cast<unsigned>(fd);
    if (number > first) close_between(first, number - 1);
    first = std::max(first, number + 1);
  }
  close_between(first, ~0U);
  fill_standard_descriptors();
}

}  // namespace sandbox::kernel
