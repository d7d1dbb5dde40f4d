// "Did you mean": the nearest of a list of names.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sandbox {

/// The optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours each cost 1.
/// Bytes are compared; the case of ASCII letters is ignored.
size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `name`, the first of equals; none when the nearest is so far that naming it would mislead
/// (further than a third of the longer name, and never further than 3).
std::optional<std::string_view> nearest_name(std::string_view name, std::span<const std::string_view> candidates);

/// nearest_name() for the problems of one text: each name is looked up once, and no more than kMaxCount names are
/// looked up at all. A text with twenty wrong names is a policy for something else; and the time that a lookup takes
/// is the only thing in reading a text that grows with the tables of names.
class Suggestions {
 public:
  static constexpr size_t kMaxCount = 20;

  /// The candidate nearest to `name`; `list` says which list the candidates are, whose texts must outlive this. None
  /// when there is none, and for each new name after the first kMaxCount.
  std::optional<std::string_view> nearest(std::string_view list, std::string_view name,
                                          std::span<const std::string_view> candidates);

  /// The same; the candidates are asked for only when the name is looked up.
  std::optional<std::string_view> nearest(std::string_view list, std::string_view name,
                                          const std::function<std::vector<std::string_view>()>& candidates);

 private:
  std::map<std::pair<std::string, std::string>, std::optional<std::string_view>> found_;
};

}  // namespace sandbox
