#include "sandbox-policy/write.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "base/diagnostic.h"
#include "base/file.h"
#include "base/text.h"

namespace sandbox::tool {
namespace {

std::string failure(const std::string& path, int number) {
  return printable_path(path) + ": cannot be written: " + std::strerror(number);
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

struct Beside {
  UniqueFd fd;
  std::string name;
};

/// A new file in the folder, under a name that cannot be foreseen. The error is an errno.
Result<Beside, int> make_beside(int folder, const std::string& base) {
  constexpr int kTries = 16;
  constexpr size_t kMaxBaseLength = 200;  // So that the name is not too long where that of the file is not.
  int error = EEXIST;
  for (int i = 0; i < kTries && error == EEXIST; ++i) {
    uint64_t random = 0;
    if (getrandom(&random, sizeof random, 0) != sizeof random) return EIO;
    std::string name = "." + base.substr(0, kMaxBaseLength) + "." + std::to_string(random) + ".tmp";
    UniqueFd fd(openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (fd.valid()) return Beside{std::move(fd), std::move(name)};
    error = errno;
  }
  return error;
}

}  // namespace

Result<OutputFile, std::string> OutputFile::prepare(const std::string& name, Link link) {
  if (name == kStandardStream) {
    UniqueFd fd(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!fd.valid()) return failure("<standard output>", errno);
    return OutputFile(std::move(fd));
  }
  struct stat info = {};
  const bool follows = link == Link::kFollowed;
  const bool there = (follows ? stat(name.c_str(), &info) : lstat(name.c_str(), &info)) == 0;
  const bool exists = there && !S_ISLNK(info.st_mode);
  if (exists && S_ISDIR(info.st_mode)) return printable_path(name) + ": is a directory, expected a file";
  if (exists && !S_ISREG(info.st_mode)) return printable_path(name) + ": is no regular file";
  const size_t slash = name.rfind('/');
  // The folder of the file that a link leads to, or of one that is not there yet.
  const std::string known = exists ? name : slash == std::string::npos ? "." : name.substr(0, slash + 1);
  const std::unique_ptr<char, decltype(&std::free)> resolved(realpath(known.c_str(), nullptr), &std::free);
  if (!resolved) return failure(name, errno);
  std::string path = resolved.get();
  if (!exists) path += "/" + name.substr(slash + 1);  // npos + 1 is 0.
  const size_t last = path.rfind('/');
  UniqueFd folder(open(path.substr(0, last + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return failure(name, errno);
  const std::string base = path.substr(last + 1);
  const auto beside = make_beside(folder.get(), base);
  if (!beside) return failure(name, beside.error());
  unlinkat(folder.get(), beside->name.c_str(), 0);
  return OutputFile(std::move(folder), name, base, exists ? info.st_mode & 0777U : 0);
}

std::optional<std::string> OutputFile::contents(size_t limit) const {
  if (base_.empty()) return std::nullopt;
  const UniqueFd fd(openat(folder_.get(), base_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid()) return std::nullopt;
  std::string bytes;
  char part[4096];
  while (bytes.size() < limit) {
    const ssize_t got = read(fd.get(), part, std::min(sizeof part, limit - bytes.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    bytes.append(part, static_cast<size_t>(got));
  }
  return bytes;
}

bool OutputFile::is_free() const {
  struct stat info = {};
  return base_.empty() || (fstatat(folder_.get(), base_.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT);
}

std::optional<std::string> OutputFile::write(std::string_view bytes) const {
  if (base_.empty()) {
    const int error = write_all(folder_.get(), bytes);
    return error == 0 ? std::nullopt : std::optional(failure(name_, error));
  }
  const auto beside = make_beside(folder_.get(), base_);
  if (!beside) return failure(name_, beside.error());
  int error = write_all(beside->fd.get(), bytes);
  if (error == 0 && mode_ != 0 && fchmod(beside->fd.get(), mode_) != 0) error = errno;
  if (error == 0 && fsync(beside->fd.get()) != 0) error = errno;
  if (error == 0 && renameat(folder_.get(), beside->name.c_str(), folder_.get(), base_.c_str()) != 0) error = errno;
  if (error == 0) return std::nullopt;
  unlinkat(folder_.get(), beside->name.c_str(), 0);
  return failure(name_, error);
}

std::optional<std::string> write_file(const std::string& path, std::string_view bytes) {
  struct stat info = {};
  const bool exists = stat(path.c_str(), &info) == 0;
  if (exists && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) return write_in_place(path, bytes);
  const auto file = OutputFile::prepare(path);
  return file ? file->write(bytes) : file.error();
}

}  // namespace sandbox::tool
