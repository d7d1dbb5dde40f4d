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
  if (own.valid()) return LineSink(Kind::kFile, -1, std::move(own));
  if (errno == ENXIO) return std::string("this pipe has no reader");
  return std::string(strerrordesc_np(errno));
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
