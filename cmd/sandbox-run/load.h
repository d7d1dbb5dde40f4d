// The launcher's first steps: from the options to a checked filter.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "compile/compile.h"
#include "options.h"
#include "policy/policy.h"
#include "resolve/rule_set.h"

namespace sandbox::launcher {

inline constexpr int kExitFailed = 125;  // As env(1), timeout(1) and others that exec a program have it.

/// A launch that ends before anything was started. The reason has been said.
struct Stop {
  int exit_status = kExitFailed;
};

template <typename T>
using Step = Result<T, Stop>;

/// The policies that are to be in force together, in order.
struct LoadedPolicies {
  std::vector<policy::Policy> policies;
  std::vector<resolve::PolicyRules> rules;  ///< Parallel to `policies`.
  std::vector<bool> built_in;               ///< Parallel to `policies`: a profile, which nobody can edit.

  /// Those whose `enabled` is not false; the others change nothing.
  [[nodiscard]] std::vector<resolve::PolicyRules> rules_in_force() const;
  [[nodiscard]] bool any_in_force() const;
  /// "beat.yml and profile default".
  [[nodiscard]] std::string names() const;
  /// Whether the policy at `index` covers an ABI.
  [[nodiscard]] bool covers(size_t index, arch::Abi abi) const;
  /// The ABIs that every policy in force covers.
  [[nodiscard]] std::vector<arch::Abi> covered() const;
  /// SECCOMP_FILTER_FLAG_*: `log` and `tsync` if any policy has it, `spec_allow` if all have.
  [[nodiscard]] uint32_t filter_flags() const;
};

/// Reads and resolves every policy. All problems of all files are shown, not the first one alone.
Step<LoadedPolicies> load_policies(const Options& options, const Log& log);

/// Compiles the policies in force to one filter.
Step<compile::Filter> compile_policies(const LoadedPolicies& loaded, const Log& log);

}  // namespace sandbox::launcher
