// A policy's text with its name, and places in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sandbox {

/// A stretch of a text: byte offset and length in bytes.
struct SourceRange {
  uint32_t offset = 0;
  uint32_t length = 0;
};

/// A place as people count it: both from 1, the column in code points.
struct LineColumn {
  uint32_t line = 1;
  uint32_t column = 1;
};

/// An input file's name (as the user wrote it) and its whole text (UTF-8). A byte order mark is not part of the text.
class SourceText {
 public:
  SourceText(std::string name, std::string text);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& text() const { return text_; }

  /// The place of a byte offset; an offset past the end counts as the end.
  [[nodiscard]] LineColumn locate(size_t offset) const;

  /// The byte offset of a line and a column in bytes, both from 0 as yaml-cpp counts them; clamped to the text.
  [[nodiscard]] size_t offset_of(size_t line, size_t byte_column) const;

  /// The text of the line that holds `offset`, without its line end.
  [[nodiscard]] std::string_view line_at(size_t offset) const;

 private:
  [[nodiscard]] size_t line_index(size_t offset) const;
  [[nodiscard]] size_t code_points_before(size_t offset) const;

  std::string name_;
  std::string text_;
  std::vector<uint32_t> line_starts_;
  std::vector<uint32_t> code_points_;  ///< Before each block of the text; empty where every line is short.
};

}  // namespace sandbox
