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

/// Whether the kernel closed them. close_range(2) came with Linux 5.9, and older sandboxes deny it.
bool close_range_between(std::span<const int> kept) {
  unsigned first = 0;
  for (const int fd : kept) {
    if (fd < 0) continue;
    const auto number = static_cast<unsigned>(fd);
    if (number > first && close_range(first, number - 1, 0) != 0) return false;
    first = std::max(first, number + 1);
  }
  return close_range(first, ~0U, 0) == 0;
}

/// Those that /proc shows: a process may be allowed a million, and trying all of them takes a tenth of a second, or a
/// minute under a tracer. And some may be open that a limit, lowered since, no longer reaches.
bool close_listed(std::span<const int> kept) {
  const UniqueFd folder = open_proc_file("self/fd", O_RDONLY | O_DIRECTORY);
  return folder.valid() && for_each_number(folder.get(), [&](int fd) {
           if (fd != folder.get() && !std::ranges::binary_search(kept, fd)) close(fd);
         });
}

void close_all_allowed(std::span<const int> kept) {
  rlimit most = {};
  getrlimit(RLIMIT_NOFILE, &most);
  constexpr rlim_t kMaxCount = 1048576;  // As a kernel has it.
  const auto end = static_cast<int>(std::min(most.rlim_max, kMaxCount));
  for (int fd = 0; fd < end; ++fd) {
    if (!std::ranges::binary_search(kept, fd)) close(fd);
  }
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
  for (size_t i = 0; i < descriptors.size(); ++i) kept[i] = descriptors[i];
  kept[descriptors.size()] = STDERR_FILENO;
  kept[descriptors.size() + 1] = proc_directory();
  std::ranges::sort(kept);
  if (!close_range_between(kept) && !close_listed(kept)) close_all_allowed(kept);
  fill_standard_descriptors();
}

}  // namespace sandbox::kernel
