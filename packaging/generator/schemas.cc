// What the JSON schemas are made of: the tables of names that policies are written with.
#include <algorithm>
#include <cctype>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "arch/call_sets.h"
#include "arch/errno_names.h"
#include "arch/landlock.h"
#include "arch/syscalls.h"
#include "base/text.h"
#include "generator/answers.h"
#include "policy/policy.h"
#include "resolve/landlock/path_sets.h"

namespace sandbox::generator {
namespace {

using Names = std::vector<std::string_view>;

/// "read", "write": a part of a JSON list. The names have nothing in them that JSON would escape.
std::string list(const Names& names) {
  return join(names, ", ", [](std::string_view name) { return '"' + std::string(name) + '"'; });
}

/// ^([Ll][Oo][Gg]|...)$: the names in upper and lower case, as JSON Schema has no flag for it.
std::string in_any_case(const Names& names) {
  const auto pattern = [](std::string_view name) {
    std::string text;
    for (const unsigned char c : name) {
      if (std::isalpha(c) == 0) {
        text += static_cast<char>(c);
      } else {
        text += {'[', static_cast<char>(std::toupper(c)), static_cast<char>(std::tolower(c)), ']'};
      }
    }
    return text;
  };
  return "\"^(" + join(names, "|", pattern) + ")$\"";
}

Names calls() {
  std::set<std::string_view> all;
  for (const arch::AbiInfo& abi : arch::all_abis()) {
    for (const std::string_view name : arch::names_on(abi.abi)) all.insert(name);
  }
  return {all.begin(), all.end()};
}

template <typename Rows>
Names names_in(const Rows& rows) {
  Names names;
  for (const auto& row : rows) names.push_back(row.name);
  return names;
}

}  // namespace

Answers schema_answers() {
  const Names actions(policy::kActionNames.begin(), policy::kActionNames.end());
  const Names operations(policy::kOperationNames.begin(), policy::kOperationNames.end());
  Names access = names_in(arch::access_words());
  std::ranges::copy(names_in(arch::file_rights()), std::back_inserter(access));
  return {
      {"abis", list(arch::accepted_abi_names())},
      {"access", list(access)},
      {"actions", list(actions)},
      {"actions_in_any_case", in_any_case(actions)},
      {"calls", list(calls())},
      {"errno_names", list(arch::errno_names())},
      {"operations", list(operations)},
      {"operations_in_any_case", in_any_case(operations)},
      {"path_sets", list(names_in(resolve::path_sets()))},
      {"port_access", list(names_in(arch::port_rights()))},
      {"scopes", list(names_in(arch::scopes()))},
      {"sets", list(arch::set_names())},
  };
}

}  // namespace sandbox::generator
