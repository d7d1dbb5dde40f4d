#include "kernel/proc.h"

#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <system_error>

namespace sandbox::kernel {
namespace {

int proc = -1;

}  // namespace

bool is_procfs(int fd) {
  struct statfs system = {};
  return fstatfs(fd, &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
}

std::string link_text(int directory, const char* path) {
  std::array<char, PATH_MAX> text;
  const ssize_t size = readlinkat(directory, path, text.data(), text.size());
  // A text that fills the array may be longer: part of a path would be another one.
  return size <= 0 || static_cast<size_t>(size) == text.size() ? "" : std::string(text.data(), size);
}

int proc_directory() {
  if (proc >= 0) return proc;
  const int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -1;
  if (is_procfs(fd) && link_text(fd, "self") == std::to_string(getpid())) {
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

std::optional<int> number_of(std::string_view name) {
  int value = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return value;
}

std::string read_proc_link(pid_t pid, const char* name) {
  const UniqueFd folder = open_proc_file(std::to_string(pid).c_str(), O_PATH | O_DIRECTORY);
  return folder.valid() ? link_text(folder.get(), name) : "";
}

}  // namespace sandbox::kernel
