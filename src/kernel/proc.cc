#include "kernel/proc.h"

#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

namespace sandbox::kernel {
namespace {

int proc = -1;

bool is_procfs(int fd) {
  struct statfs about = {};
  return fstatfs(fd, &about) == 0 && about.f_type == PROC_SUPER_MAGIC;
}

std::string read_link(int folder, const char* name) {
  std::array<char, PATH_MAX> buffer = {};
  const ssize_t count = readlinkat(folder, name, buffer.data(), buffer.size());
  return {buffer.data(), static_cast<size_t>(std::max<ssize_t>(count, 0))};
}

}  // namespace

int proc_directory() {
  if (proc >= 0) return proc;
  const int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -1;
  if (is_procfs(fd) && read_link(fd, "self") == std::to_string(getpid())) {
    proc = fd;
  } else {
    close(fd);
  }
  return proc;
}

bool reopen_proc_directory() {
  if (proc < 0) return true;
  const UniqueFd own(openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return own.valid() && dup3(own.get(), proc, O_CLOEXEC) >= 0;
}

UniqueFd open_proc_file(const char* path, int flags) {
  if (proc < 0) return UniqueFd();
  open_how how = {};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_NO_XDEV;
  UniqueFd fd(static_cast<int>(syscall(SYS_openat2, proc, path, &how, sizeof how)));
  // Linux 5.5 does not have it, and older sandboxes deny it.
  if (!fd.valid() && (errno == ENOSYS || errno == EPERM)) {
    fd = UniqueFd(openat(proc, path, flags | O_CLOEXEC | O_NONBLOCK));
    if (fd.valid() && !is_procfs(fd.get())) return UniqueFd();
  }
  return fd;
}

std::string read_proc_link(pid_t pid, const char* name) {
  const UniqueFd folder = open_proc_file(std::to_string(pid).c_str(), O_PATH | O_DIRECTORY);
  return folder.valid() ? read_link(folder.get(), name) : "";
}

}  // namespace sandbox::kernel
