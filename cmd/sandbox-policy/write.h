// Files that are written whole or not at all.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace sandbox::tool {

/// A place for a file, found out before there is anything to write, and kept: a process that moves folders or plants
/// links meanwhile does not change where it is written.
class OutputFile {
 public:
  enum class Link : uint8_t { kFollowed, kReplaced };

  /// Standard output for "-". Through a symbolic link, to the file that it leads to now, or in the place of the link.
  /// Makes sure that a file can be made there. The error is a sentence.
  static Result<OutputFile, std::string> prepare(const std::string& name, Link link = Link::kFollowed);

  /// Writes it beside its place first, and then renames it, so that half of it is never seen. A file that is there
  /// gives it its permissions. The error is a sentence; none when all is well.
  [[nodiscard]] std::optional<std::string> write(std::string_view bytes) const;

  /// What stands in the file now, up to this many bytes; none if there is no file, or it cannot be read.
  [[nodiscard]] std::optional<std::string> contents(size_t limit) const;

  /// Whether nothing is in the way; standard output is always free.
  [[nodiscard]] bool is_free() const;

  /// The descriptor that must stay open.
  [[nodiscard]] int folder() const { return folder_.get(); }

 private:
  explicit OutputFile(UniqueFd standard_output) : folder_(std::move(standard_output)), name_("<standard output>") {}
  OutputFile(UniqueFd folder, std::string name, std::string base, mode_t mode)
      : folder_(std::move(folder)), name_(std::move(name)), base_(std::move(base)), mode_(mode) {}

  UniqueFd folder_;   ///< Or standard output, which stands in no folder.
  std::string name_;  ///< As it was typed, for messages.
  std::string base_;  ///< In the folder; empty: standard output.
  mode_t mode_ = 0;   ///< Of the file that was there; 0: none was.
};

/// Writes a file as OutputFile does, but a pipe or a device as it is. The error is a sentence; none when all is well.
std::optional<std::string> write_file(const std::string& path, std::string_view bytes);

}  // namespace sandbox::tool
