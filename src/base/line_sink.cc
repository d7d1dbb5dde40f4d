#include "base/line_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

namespace sandbox {
namespace {

bool is_same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/// Whether others than root and this user can replace a file of this user's in the folder.
bool others_may_replace(int folder) {
  struct stat info = {};
  if (fstat(folder, &info) != 0 || (info.st_uid != 0 && info.st_uid != geteuid())) return true;
  return (info.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (info.st_mode & S_ISVTX) == 0;
}

}  // namespace

LineSink LineSink::to_descriptor(int fd) {
  struct stat info = {};
  if (fstat(fd, &info) != 0 || S_ISREG(info.st_mode)) return {Kind::kFile, fd, UniqueFd()};
  if (S_ISSOCK(info.st_mode)) return {Kind::kSocket, fd, UniqueFd()};
  // The same pipe or terminal once more, with a mode of its own.
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  UniqueFd own(open(path.c_str(), O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (own.valid()) return {Kind::kPipe, fd, std::move(own)};
  return {Kind::kShared, fd, UniqueFd()};
}

Result<LineSink, std::string> LineSink::to_file(const std::string& path) {
  // With O_NONBLOCK a pipe without a reader is an error now (ENXIO) instead of a wait.
  UniqueFd own(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600));
  // Where a standard stream is closed the file got its number, and what is meant for that stream would go into it.
  if (own.valid() && own.get() <= STDERR_FILENO) own = UniqueFd(fcntl(own.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (own.valid()) {
    LineSink sink(Kind::kFile, -1, std::move(own));
    sink.watch_name(path);
    return sink;
  }
  if (errno == ENXIO) return std::string("this pipe has no reader");
  return std::string(strerrordesc_np(errno));
}

/// Keeps the folder, unless the name is a link or something else than a regular file.
void LineSink::watch_name(const std::string& path) {
  const size_t slash = path.rfind('/');
  base_ = path.substr(slash + 1);  // npos + 1 is 0.
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  struct stat mine = {};
  struct stat named = {};
  UniqueFd opened(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!opened.valid() || fstat(own_.get(), &mine) != 0 || !S_ISREG(mine.st_mode)) return;
  if (fstatat(opened.get(), base_.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0 || !is_same(mine, named)) return;
  if (opened.get() <= STDERR_FILENO) opened = UniqueFd(fcntl(opened.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  folder_ = std::move(opened);
}

/// The folder may belong to the program that is watched: no link is followed, and no other file is written to. Where
/// others may write to the folder, no file that is there is taken: they could remove a hard link, to /etc/shadow for
/// example, between its opening and the counting of its links.
void LineSink::follow_rotation() {
  if (!folder_.valid()) return;
  struct stat mine = {};
  struct stat named = {};
  if (fstat(own_.get(), &mine) != 0) return;
  const bool there = fstatat(folder_.get(), base_.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0;
  if (there ? is_same(mine, named) || others_may_replace(folder_.get()) : errno != ENOENT) return;
  constexpr int kFlags = O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd next(openat(folder_.get(), base_.c_str(), there ? kFlags : kFlags | O_CREAT | O_EXCL, mine.st_mode & 0666U));
  if (!next.valid() || fstat(next.get(), &named) != 0) return;
  if (!S_ISREG(named.st_mode) || named.st_uid != mine.st_uid || named.st_nlink != 1) return;
  // Under the same number, which is the one that stays open.
  if (dup3(next.get(), own_.get(), O_CLOEXEC) >= 0) broken_line_ = false;
}

long LineSink::write_some(std::string_view bytes) const {
  if (kind_ == Kind::kSocket) return send(shared_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (kind_ == Kind::kShared) {
    pollfd room = {shared_, POLLOUT, 0};
    if (poll(&room, 1, 0) != 1 || (room.revents & POLLOUT) == 0) {
      errno = EAGAIN;
      return -1;
    }
    bytes = bytes.substr(0, PIPE_BUF);  // There is room for so much, and perhaps for no more.
  }
  return ::write(fd(), bytes.data(), bytes.size());
}

void LineSink::write(std::string_view line) {
  follow_rotation();
  const size_t end_of_broken = broken_line_ ? 1 : 0;
  std::string whole(end_of_broken, '\n');
  whole += line;
  std::string_view rest = whole;
  while (!rest.empty()) {
    const long written = write_some(rest);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    rest.remove_prefix(static_cast<size_t>(written));
  }
  if (rest.empty()) {
    broken_line_ = false;
    return;
  }
  ++dropped_;
  const size_t written = whole.size() - rest.size();
  if (written > 0) broken_line_ = written > end_of_broken;
}

}  // namespace sandbox
