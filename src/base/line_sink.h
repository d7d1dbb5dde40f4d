// Lines for a reader that may not be reading: a writer that never waits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/result.h"

namespace sandbox {

/// Writes whole lines to a file, a pipe, a terminal or a socket. What cannot be written at once is dropped and counted:
/// a reader that is slow or gone, or a full disk, never holds up the writer. Precondition: SIGPIPE and SIGXFSZ are
/// ignored or blocked.
class LineSink {
 public:
  /// To a descriptor that other processes use too, such as standard error, and that stays theirs: whether their writes
  /// wait is not changed.
  static LineSink to_descriptor(int fd);

  /// To a file, which is made if it is not there, for its owner alone, and appended to otherwise. A regular file that
  /// is renamed or removed meanwhile, as when logs are rotated, is made anew, or the one that has taken its name is
  /// appended to: if it is a regular file of the same owner, without another link, in a folder that no other user may
  /// write to. The error is a sentence.
  static Result<LineSink, std::string> to_file(const std::string& path);

  /// A line with its newline. Lines up to 4096 bytes (PIPE_BUF) go into a pipe whole or not at all.
  void write(std::string_view line);

  /// How many lines were dropped, wholly or in part.
  [[nodiscard]] uint64_t dropped() const { return dropped_; }

  /// The descriptor that is written to.
  [[nodiscard]] int fd() const { return own_.valid() ? own_.get() : shared_; }
  /// The folder of a file that may be rotated; -1: there is none. Must stay open like fd().
  [[nodiscard]] int folder() const { return folder_.get(); }

 private:
  enum class Kind : uint8_t {
    kFile,    ///< Takes what there is room for.
    kPipe,    ///< Or a terminal: opened again, so that it does not wait for us.
    kSocket,  ///< Asked with every line not to wait.
    kShared,  ///< A pipe that could not be opened again: asked before every line whether there is room.
  };

  LineSink(Kind kind, int shared, UniqueFd own) : kind_(kind), shared_(shared), own_(std::move(own)) {}
  [[nodiscard]] long write_some(std::string_view bytes) const;
  void watch_name(const std::string& path);
  void follow_rotation();

  Kind kind_ = Kind::kFile;
  int shared_ = -1;
  UniqueFd own_;
  UniqueFd folder_;           ///< Of a regular file, and
  std::string base_;          ///< its name there.
  bool broken_line_ = false;  ///< The last line stands there without its end.
  uint64_t dropped_ = 0;
};

}  // namespace sandbox
