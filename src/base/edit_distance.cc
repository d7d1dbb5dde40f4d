#include "base/edit_distance.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

namespace sandbox {
namespace {

constexpr size_t kFurthest = 3;
constexpr size_t kMaxNameLength = 64;  // Longer than any name we know; what is longer has no neighbour.

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

size_t edit_distance(std::string_view a, std::string_view b) {
  // Three rows of the usual table: the one before the previous is needed for swaps.
  std::array<std::vector<size_t>, 3> rows;
  for (auto& row : rows) row.resize(b.size() + 1);
  std::iota(rows[0].begin(), rows[0].end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& previous = rows[(i - 1) % 3];
    const auto& before = rows[(i + 1) % 3];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return rows[a.size() % 3][b.size()];
}

std::optional<std::string_view> nearest_name(std::string_view name, std::span<const std::string_view> candidates) {
  if (name.empty() || name.size() > kMaxNameLength) return std::nullopt;
  std::optional<std::string_view> nearest;
  size_t least = kFurthest + 1;
  for (const std::string_view candidate : candidates) {
    const size_t longer = std::max(name.size(), candidate.size());
    const size_t shorter = std::min(name.size(), candidate.size());
    if (longer - shorter >= least) continue;  // The lengths alone are too far apart.
    const size_t distance = edit_distance(name, candidate);
    if (distance < least && distance * 3 <= longer) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::optional<std::string_view> Suggestions::nearest(std::string_view list, std::string_view name,
                                                     std::span<const std::string_view> candidates) {
  return nearest(list, name, [&] { return std::vector(candidates.begin(), candidates.end()); });
}

std::optional<std::string_view> Suggestions::nearest(std::string_view list, std::string_view name,
                                                     const std::function<std::vector<std::string_view>()>& candidates) {
  if (name.size() > kMaxNameLength) return std::nullopt;
  const std::pair<std::string, std::string> key(list, name);
  if (const auto known = found_.find(key); known != found_.end()) return known->second;
  if (found_.size() >= kMaxCount) return std::nullopt;
  return found_[key] = nearest_name(name, candidates());
}

}  // namespace sandbox
