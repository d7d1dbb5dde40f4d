// Names of calls, put shortly: by the sets that they fill.
#pragma once

#include <set>
#include <string_view>
#include <vector>

#include "arch/abi.h"

namespace sandbox::tool {

/// A set that stands for its members.
struct NamedSet {
  std::string_view name;
  std::vector<std::string_view> missing;  ///< But for these.
};

struct Summary {
  std::vector<NamedSet> sets;
  std::vector<std::string_view> rest;
};

/// Names as few sets and calls of the ABI as a greedy choice comes to. @known, which is everything, is no help.
Summary summarise(const std::set<std::string_view>& names, arch::Abi abi);

}  // namespace sandbox::tool
