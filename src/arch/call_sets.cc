#include "arch/call_sets.h"

#include <algorithm>

namespace sandbox::arch {
namespace {

struct CallSet {
  std::string_view name;
  std::string_view members;  ///< Separated by single spaces.
};

#include "arch/call_sets.inc"

static_assert(std::ranges::is_sorted(kCallSets, {}, &CallSet::name));

const CallSet* find_set(std::string_view name) {
  const auto* const set = std::ranges::lower_bound(kCallSets, name, {}, &CallSet::name);
  return set != std::end(kCallSets) && set->name == name ? set : nullptr;
}

std::vector<std::string_view> split(std::string_view members) {
  std::vector<std::string_view> words;
  while (!members.empty()) {
    const size_t end = std::min(members.find(' '), members.size());
    words.push_back(members.substr(0, end));
    members.remove_prefix(std::min(end + 1, members.size()));
  }
  return words;
}

/// Replaces each set by its members until only calls are left. The table has no cycles: a test looks.
void expand(std::string_view members, std::vector<std::string_view>& calls) {
  for (const std::string_view member : split(members)) {
    if (const CallSet* nested = find_set(member)) {
      expand(nested->members, calls);
    } else {
      calls.push_back(member);
    }
  }
}

}  // namespace

std::optional<std::vector<std::string_view>> members_of_set(std::string_view set) {
  const CallSet* found = find_set(set);
  if (found == nullptr) return std::nullopt;
  std::vector<std::string_view> calls;
  expand(found->members, calls);
  std::ranges::sort(calls);
  calls.erase(std::unique(calls.begin(), calls.end()), calls.end());
  return calls;
}

std::optional<std::vector<std::string_view>> written_members_of_set(std::string_view set) {
  const CallSet* found = find_set(set);
  if (found == nullptr) return std::nullopt;
  return split(found->members);
}

std::vector<std::string_view> set_names() {
  std::vector<std::string_view> names;
  for (const CallSet& set : kCallSets) names.push_back(set.name);
  return names;
}

std::string_view source_of_sets() {
  return kCallSetsSource;
}

}  // namespace sandbox::arch
