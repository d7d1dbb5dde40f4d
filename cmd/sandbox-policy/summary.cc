#include "sandbox-policy/summary.h"

#include <utility>

#include "arch/call_sets.h"
#include "arch/syscalls.h"

namespace sandbox::tool {
namespace {

/// What `set` would contribute: the calls that it names anew, and those that it should not name.
struct Offer {
  std::vector<std::string_view> fresh;
  std::vector<std::string_view> missing;
  size_t members = 0;

  /// A set is worth naming if it says more than it takes back.
  [[nodiscard]] int worth() const {
    if (fresh.size() < 2 || 4 * missing.size() > members) return 0;
    return static_cast<int>(fresh.size()) - 2 * static_cast<int>(missing.size()) - (missing.empty() ? 1 : 3);
  }
};

Offer offer_of(std::string_view set, const std::set<std::string_view>& names, const std::set<std::string_view>& left,
               arch::Abi abi) {
  Offer offer;
  const auto all = arch::members_of_set(set);
  for (const std::string_view member : *all) {
    if (!arch::number_of(abi, member)) continue;
    ++offer.members;
    if (!names.contains(member)) {
      offer.missing.push_back(member);
    } else if (left.contains(member)) {
      offer.fresh.push_back(member);
    }
  }
  return offer;
}

}  // namespace

Summary summarise(const std::set<std::string_view>& names, arch::Abi abi) {
  Summary summary;
  std::set<std::string_view> left = names;
  for (;;) {
    Offer best;
    std::string_view best_set;
    for (const std::string_view set : arch::set_names()) {
      if (set == "@known") continue;
      Offer offer = offer_of(set, names, left, abi);
      if (offer.worth() <= best.worth()) continue;
      best = std::move(offer);
      best_set = set;
    }
    if (best_set.empty()) break;
    for (const std::string_view name : best.fresh) left.erase(name);
    summary.sets.push_back({best_set, std::move(best.missing)});
  }
  summary.rest.assign(left.begin(), left.end());
  return summary;
}

}  // namespace sandbox::tool
