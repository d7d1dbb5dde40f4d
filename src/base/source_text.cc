#include "base/source_text.h"

#include <algorithm>
#include <utility>

namespace sandbox {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// A column is counted from the line's beginning, in a longer line from the block's.
constexpr size_t kBlock = 4096;

bool starts_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

}  // namespace

SourceText::SourceText(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {
  if (text_.starts_with(kByteOrderMark)) text_.erase(0, kByteOrderMark.size());
  line_starts_.push_back(0);
  for (size_t at = text_.find('\n'); at != std::string::npos; at = text_.find('\n', at + 1)) {
    line_starts_.push_back(static_cast<uint32_t>(at + 1));
  }
  bool long_lines = text_.size() - line_starts_.back() > kBlock;
  for (size_t i = 1; i < line_starts_.size() && !long_lines; ++i) {
    long_lines = line_starts_[i] - line_starts_[i - 1] > kBlock;
  }
  if (!long_lines) return;
  uint32_t count = 0;
  for (size_t at = 0; at < text_.size(); ++at) {
    if (at % kBlock == 0) code_points_.push_back(count);
    if (starts_code_point(text_[at])) ++count;
  }
}

/// How many code points begin before `offset`, with those before the text's blocks counted already.
size_t SourceText::code_points_before(size_t offset) const {
  const size_t block = std::min(offset / kBlock, code_points_.size() - 1);
  const auto begin = text_.begin() + static_cast<std::ptrdiff_t>(block * kBlock);
  const auto end = text_.begin() + static_cast<std::ptrdiff_t>(offset);
  return code_points_[block] + static_cast<size_t>(std::count_if(begin, end, starts_code_point));
}

size_t SourceText::line_index(size_t offset) const {
  const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  return static_cast<size_t>(after - line_starts_.begin()) - 1;
}

LineColumn SourceText::locate(size_t offset) const {
  offset = std::min(offset, text_.size());
  const size_t line = line_index(offset);
  size_t column = 0;
  if (code_points_.empty()) {
    const auto begin = text_.begin() + line_starts_[line];
    const auto end = text_.begin() + static_cast<std::ptrdiff_t>(offset);
    column = static_cast<size_t>(std::count_if(begin, end, starts_code_point));
  } else {
    column = code_points_before(offset) - code_points_before(line_starts_[line]);
  }
  return {static_cast<uint32_t>(line + 1), static_cast<uint32_t>(column + 1)};
}

size_t SourceText::offset_of(size_t line, size_t byte_column) const {
  if (line >= line_starts_.size()) return text_.size();
  return std::min(line_starts_[line] + byte_column, text_.size());
}

std::string_view SourceText::line_at(size_t offset) const {
  const size_t line = line_index(std::min(offset, text_.size()));
  const size_t begin = line_starts_[line];
  size_t end = line + 1 < line_starts_.size() ? line_starts_[line + 1] - 1 : text_.size();
  if (end > begin && text_[end - 1] == '\r') --end;
  return std::string_view(text_).substr(begin, end - begin);
}

}  // namespace sandbox
