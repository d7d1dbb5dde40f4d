// Files and descriptors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace sandbox {

/// Owns a file descriptor and closes it.
class UniqueFd {
 public:
  explicit UniqueFd(int fd = -1) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd();

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  /// Gives it to the caller, who closes it.
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// Has /dev/null take the places of standard input, output and error that are closed, until a program is executed: no
/// other descriptor then gets one of these numbers.
void fill_standard_descriptors();

/// Why a file could not be read.
struct FileError {
  enum class Kind : uint8_t {
    kSystem,     ///< A system call failed; `number` is its errno.
    kDirectory,  ///< The path names a directory.
    kTooLarge,   ///< The file has more bytes than the limit.
  };
  Kind kind = Kind::kSystem;
  int number = 0;
};

/// What was read, and what is worth knowing of the file it came from.
struct FileContents {
  std::string bytes;
  bool regular = false;           ///< A regular file, not a pipe or a device.
  bool others_may_write = false;  ///< A user other than root and the caller owns it, or group or others may write it.
};

/// What stands for standard input where a file is read, and for standard output where one is written. A file of that
/// name is "./-".
inline constexpr std::string_view kStandardStream = "-";

/// What is read from the path, for messages: the path, or "<standard input>".
std::string input_name(const std::string& path);

/// Reads a whole file, pipe or device, or standard input, once, up to `limit` bytes. The descriptor is close-on-exec
/// and closed on return; standard input stays open.
Result<FileContents, FileError> read_file(const std::string& path, size_t limit);

/// The bytes of a regular file, where the kernel keeps them: what is not looked at takes no memory. For files that are
/// large and only looked into. One that is made shorter meanwhile ends the program by SIGBUS.
class MappedFile {
 public:
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  /// A file of at most `limit` bytes; ENODEV for a pipe or a device.
  static Result<MappedFile, FileError> open(const std::string& path, size_t limit);
  /// Valid as long as this, or what it is moved to, lives.
  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  /// Gives back the memory of what was looked at; the kernel brings it again when it is looked at again.
  void give_back() const;

 private:
  std::string_view bytes_;
};

/// The error's text in words, such as "No such file or directory"; `what` the file should have been.
std::string describe(const FileError& error, size_t limit, std::string_view what = "a policy");

}  // namespace sandbox
