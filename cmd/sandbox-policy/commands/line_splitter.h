// Lines out of what is read piece by piece.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace sandbox::tool {

/// Lines of any length, out of pieces of any size. A line that is longer than any record keeps its beginning.
class LineSplitter {
 public:
  static constexpr size_t kMaxLength = 65536;

  template <typename Take>
  void add(std::string_view piece, const Take& take) {
    while (!piece.empty()) {
      const size_t end = piece.find('\n');
      const std::string_view part = piece.substr(0, end);
      if (end != std::string_view::npos && line_.empty()) {
        take(part);
      } else {
        line_ += part.substr(0, kMaxLength - std::min(kMaxLength, line_.size()));
        if (end != std::string_view::npos) finish(take);
      }
      piece.remove_prefix(end == std::string_view::npos ? piece.size() : end + 1);
    }
  }

  template <typename Take>
  void finish(const Take& take) {
    if (!line_.empty()) take(std::string_view(line_));
    line_.clear();
  }

 private:
  std::string line_;
};

}  // namespace sandbox::tool
