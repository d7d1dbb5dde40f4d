// What else does the work of calls that are denied.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "resolve/rule_set.h"

namespace sandbox::resolve {

/// Calls that do what denied ones do, by the tables of the lint `sibling-open`. The names live as long as the program.
struct Siblings {
  /// What does some of the work of denied calls beside other things.
  struct Partial {
    std::vector<std::string_view> denied;
    std::vector<std::string_view> calls;
    std::string_view effect;           ///< "data can be sent without connecting".
    std::optional<uint64_t> argument;  ///< With which they do it; none: with any.
  };
  std::vector<std::string_view> same;  ///< Denying the others is pointless without these.
  std::vector<std::string_view>
      absent;  ///< The same, and programs take another way if they get ENOSYS: io_uring, clone3.
  std::vector<Partial> partial;
};

/// The siblings of calls on one ABI, without those that are among them.
Siblings siblings_of(arch::Abi abi, const std::set<std::string_view>& denied);

/// Whether a policy's rules on one ABI allow the call, with this first argument or, without one, for all arguments.
/// False if the ABI does not have it.
bool is_open(const RuleSet& rules, std::string_view call, std::optional<uint64_t> argument = std::nullopt);

}  // namespace sandbox::resolve
