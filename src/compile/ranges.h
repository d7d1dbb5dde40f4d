// The number line of one ABI, cut where the decision changes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "arch/abi.h"
#include "resolve/rule_set.h"

namespace sandbox::compile {

/// What one policy decides for a number: the clauses in order, else `otherwise`.
struct Chain {
  std::vector<const resolve::Clause*> clauses;  ///< Owned by the rule set; all have conditions.
  resolve::Verdict otherwise;
  bool operator==(const Chain& other) const;
};

/// What is decided for a number: the most restrictive verdict of all chains. None: it is allowed.
struct Decision {
  std::vector<Chain> chains;  ///< In the order of the policies; none of them allows regardless of the arguments.
  bool token = false;  ///< The launcher's own call gets through with the exec token where this would not allow it.
  bool operator==(const Decision&) const = default;
};

/// The numbers from `first` up to the next range's first, or to 2^32-1.
struct Range {
  uint32_t first = 0;
  Decision decision;
};

/// The rule sets of one policy for the ABIs that share a value of seccomp_data.arch: one, or x86_64 and x32.
struct ArchRules {
  const resolve::RuleSet* base = nullptr;  ///< Null: calls through it kill the process.
  const resolve::RuleSet* x32 = nullptr;   ///< Null: x32's numbers get ENOSYS. On x86_64 only.
};

/// A total, sorted and merged partition of 0 .. 2^32-1: neighbours decide differently. The fixed answers (ENOSYS for
/// reserved numbers) stand in it as any other. `policies` has the rules of each policy for one arch; `token_calls` are
/// the numbers that the exec token opens.
std::vector<Range> partition(uint32_t audit_arch, std::span<const ArchRules> policies,
                             std::span<const uint32_t> token_calls);

}  // namespace sandbox::compile
