// The files that execve(2) reads to start a program: the program itself, the interpreters of scripts, the dynamic
// loader.
//
//   for (ProgramFile file(path);;) {   // "/usr/bin/tool", then its interpreter "/usr/bin/python3", then
//   "/lib64/ld-linux…"
//     ... file.head(), file.fd() ...
//     if (!file.advance()) break;
//   }
//
// The author of a script chooses the path of its interpreter, and the builder of a program that of its loader. Either
// may name a FIFO without a writer or, to a launcher that root starts, a device that acts when it is opened. So only a
// regular file is opened, and only one with permission to execute: execve would not open anything else either.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace sandbox::kernel {

/// Why execve(2) would not take a path. `number` is the errno that it would give.
struct ExecError {
  int number = 0;
  std::string why;
  bool unreachable = false;  ///< A directory of the path may not be searched; whether there is a file is not known.
};

/// What speaks against executing this path, by its type and its permissions; none if nothing does. Opens nothing.
std::optional<ExecError> exec_error(const std::string& path);

/// Opens a regular file that has permission to execute, for reading, close-on-exec. Invalid where it cannot be read.
/// Never opens anything else for reading, not even for a moment, if another file takes the path meanwhile. That takes
/// /proc: without it nothing is opened, and all files count as unreadable. A file system that does not answer (a
/// network, FUSE) can hold up this call as it would hold up execve(2).
UniqueFd open_program(const std::string& path);

/// A part of an ELF file, of its program headers: where it lies in the file.
struct Segment {
  uint32_t type = 0;  ///< PT_*.
  uint64_t offset = 0;
  uint64_t size = 0;  ///< In the file, in bytes.
};

/// One of the files that are read to start a program, and where it names the next of them.
class ProgramFile {
 public:
  /// The first one, found at `path`.
  explicit ProgramFile(std::string path);

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Open for reading; invalid where the file cannot be read.
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// The first bytes of the file, 256 at most; none where it cannot be read.
  [[nodiscard]] std::optional<std::string_view> head() const;
  [[nodiscard]] bool is_script() const { return is_script_; }
  /// The segments of an ELF file of this machine's byte order whose program headers the kernel accepts: at most 64 KiB.
  [[nodiscard]] const std::vector<Segment>& segments() const { return segments_; }

  /// The path of the file that this one needs to be started: a script's interpreter, empty where "#!" names none, or
  /// the dynamic loader of an ELF file. None where it needs none, or its bytes do not say.
  [[nodiscard]] const std::optional<std::string>& next() const { return next_; }
  /// What stands behind the interpreter in the "#!" line: one argument, blanks in it included. Empty: nothing.
  [[nodiscard]] const std::string& argument() const { return argument_; }
  /// Goes on to next(). False, and nothing changes, where there is none, or the kernel would follow no further: after
  /// the sixth interpreter, and after the dynamic loader.
  bool advance();

 private:
  void read();

  std::string path_;
  bool is_loader_ = false;
  int interpreters_ = 0;  // How many were followed to come here.
  UniqueFd fd_;
  std::optional<std::string> head_;
  bool is_script_ = false;
  std::vector<Segment> segments_;
  std::optional<std::string> next_;
  std::string argument_;
};

}  // namespace sandbox::kernel
