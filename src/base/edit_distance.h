// "Did you mean": the nearest of a list of names.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace sandbox {

/// The optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours each cost 1.
/// Bytes are compared; the case of ASCII letters is ignored.
size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `name`, the first of equals; none when the nearest is so far that naming it would mislead
/// (further than a third of the longer name, and never further than 3).
std::optional<std::string_view> nearest_name(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace sandbox
