// The number line of one ABI, cut where the decision changes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "resolve/rule_set.h"

namespace sandbox::compile {

/// What is decided for a number: the clauses in order, else `otherwise`.
struct Decision {
  std::vector<const resolve::Clause*> clauses;  ///< Owned by the rule set; all have conditions.
  resolve::Verdict otherwise;
  bool token = false;  ///< The launcher's own call gets through with the exec token where this would not allow it.
  bool operator==(const Decision& other) const;
};

/// The numbers from `first` up to the next range's first, or to 2^32-1.
struct Range {
  uint32_t first = 0;
  Decision decision;
};

/// A total, sorted and merged partition of 0 .. 2^32-1: neighbours decide differently. The fixed answers (ENOSYS for
/// reserved numbers) stand in it as any other. `token_calls` are the numbers that the exec token opens.
std::vector<Range> partition(const resolve::RuleSet& rules, std::span<const uint32_t> token_calls);

}  // namespace sandbox::compile
