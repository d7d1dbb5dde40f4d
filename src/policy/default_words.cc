#include "policy/default_words.h"

#include <algorithm>

namespace sandbox::policy {

std::string_view default_words(const Policy& policy) {
  if (is_container_profile(policy.format)) return "defaultAction";
  if (policy.format != Format::kSystemd) return "default_action";
  return is_allowed(policy.default_action) ? "SystemCallLog=" : "not in SystemCallFilter=";
}

const Name* taken_out(const Policy& policy, std::string_view call) {
  const auto found = std::ranges::find(policy.taken_out, call, &Name::text);
  return found == policy.taken_out.end() ? nullptr : &*found;
}

SourceRange default_place(const Policy& policy, std::optional<std::string_view> call) {
  const Name* word = call ? taken_out(policy, *call) : nullptr;
  return word != nullptr ? word->range : policy.default_range;
}

}  // namespace sandbox::policy
