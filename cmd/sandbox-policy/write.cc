#include "write.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/diagnostic.h"
#include "base/file.h"

namespace sandbox::tool {
namespace {

std::string failure(const std::string& path, int number) {
  return printable(path, 4096) + ": cannot be written: " + std::strerror(number);
}

/// 0, or the errno of what went wrong.
int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

std::optional<std::string> write_in_place(const std::string& path, std::string_view bytes) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  const int error = fd.valid() ? write_all(fd.get(), bytes) : errno;
  if (error != 0) return failure(path, error);
  return std::nullopt;
}

/// 0, or the errno of what went wrong; then `beside` is gone again.
int replace(const std::string& path, const std::string& beside, std::string_view bytes, mode_t mode) {
  const UniqueFd fd(open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd.valid()) return errno;
  int error = write_all(fd.get(), bytes);
  if (error == 0 && mode != 0 && fchmod(fd.get(), mode) != 0) error = errno;
  if (error == 0 && fsync(fd.get()) != 0) error = errno;
  if (error == 0 && rename(beside.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) unlink(beside.c_str());
  return error;
}

}  // namespace

std::optional<std::string> write_file(const std::string& path, std::string_view bytes) {
  struct stat info = {};
  const bool exists = stat(path.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) return printable(path, 4096) + ": is a directory, expected a file";
  if (exists && !S_ISREG(info.st_mode)) return write_in_place(path, bytes);
  // Through a symbolic link the file is replaced, not the link.
  char* resolved = exists ? realpath(path.c_str(), nullptr) : nullptr;
  const std::string target = resolved != nullptr ? resolved : path;
  std::free(resolved);
  const mode_t mode = exists ? info.st_mode & 0777U : 0;
  const int error = replace(target, target + "." + std::to_string(getpid()) + ".tmp", bytes, mode);
  if (error != 0) return failure(path, error);
  return std::nullopt;
}

}  // namespace sandbox::tool
