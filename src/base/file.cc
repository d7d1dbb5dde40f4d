#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sandbox {

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    if (valid()) close(fd_);
    fd_ = other.fd_;
    other.fd_ = -1;
  }
  return *this;
}

UniqueFd::~UniqueFd() {
  if (valid()) close(fd_);
}

void fill_standard_descriptors() {
  for (int fd = 0; fd >= 0 && fd <= STDERR_FILENO;) {
    fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd > STDERR_FILENO) close(fd);
  }
}

std::string input_name(const std::string& path) {
  return path == kStandardStream ? "<standard input>" : path;
}

Result<FileContents, FileError> read_file(const std::string& path, size_t limit) {
  const UniqueFd fd(path == kStandardStream ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
                                            : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd.valid()) return FileError{FileError::Kind::kSystem, errno};

  struct stat info = {};
  if (fstat(fd.get(), &info) != 0) return FileError{FileError::Kind::kSystem, errno};
  if (S_ISDIR(info.st_mode)) return FileError{FileError::Kind::kDirectory, EISDIR};

  // Not read first, only to be found too large. A file that grows, or a pipe, shows it below.
  if (S_ISREG(info.st_mode) && info.st_size > 0 && static_cast<uint64_t>(info.st_size) > limit) {
    return FileError{FileError::Kind::kTooLarge, 0};
  }

  FileContents contents;
  contents.regular = S_ISREG(info.st_mode);
  const bool foreign_owner = info.st_uid != 0 && info.st_uid != geteuid();
  const bool foreign_group = (info.st_mode & S_IWGRP) != 0 && info.st_gid != 0;
  contents.others_may_write = foreign_owner || foreign_group || (info.st_mode & S_IWOTH) != 0;

  // One byte more than the limit is asked for: getting it is how a file that grows, or a pipe, shows that it is too
  // large.
  const size_t most = limit + 1;
  size_t size = 0;
  size_t room = S_ISREG(info.st_mode) ? static_cast<size_t>(info.st_size) + 1 : 65536;
  while (size < most) {
    room = room > most ? most : room;
    if (contents.bytes.size() < room) contents.bytes.resize(room);
    const ssize_t got = read(fd.get(), contents.bytes.data() + size, room - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError{FileError::Kind::kSystem, errno};
    if (got == 0) break;
    size += static_cast<size_t>(got);
    if (size == room) room *= 2;
  }
  if (size > limit) return FileError{FileError::Kind::kTooLarge, 0};
  contents.bytes.resize(size);
  return contents;
}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

void MappedFile::give_back() const {
  if (!bytes_.empty()) madvise(const_cast<char*>(bytes_.data()), bytes_.size(), MADV_DONTNEED);
}

Result<MappedFile, FileError> MappedFile::open(const std::string& path, size_t limit) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));  // Waits for no pipe.
  struct stat info = {};
  if (!fd.valid() || fstat(fd.get(), &info) != 0) return FileError{FileError::Kind::kSystem, errno};
  if (S_ISDIR(info.st_mode)) return FileError{FileError::Kind::kDirectory, EISDIR};
  if (!S_ISREG(info.st_mode)) return FileError{FileError::Kind::kSystem, ENODEV};
  const auto size = static_cast<uint64_t>(info.st_size);
  if (size > limit) return FileError{FileError::Kind::kTooLarge, 0};
  MappedFile file;
  if (size == 0) return file;
  const void* bytes = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (bytes == MAP_FAILED) return FileError{FileError::Kind::kSystem, errno};
  file.bytes_ = {static_cast<const char*>(bytes), size};
  return file;
}

std::string describe(const FileError& error, size_t limit, std::string_view what) {
  switch (error.kind) {
    case FileError::Kind::kDirectory:
      return "is a directory, expected a file";
    case FileError::Kind::kTooLarge:
      return "is larger than " + std::to_string(limit) + " bytes, the most that " + std::string(what) + " may have";
    case FileError::Kind::kSystem:
      break;
  }
  return std::string("cannot be read: ") + strerrordesc_np(error.number);
}

}  // namespace sandbox
