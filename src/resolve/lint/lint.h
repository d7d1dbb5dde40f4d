// What a reader should know about a policy that is valid all the same: the warnings of `sandbox-policy check`.
#pragma once

#include <span>
#include <string_view>

#include "base/diagnostic.h"
#include "policy/policy.h"
#include "resolve/rule_set.h"

namespace sandbox::resolve {

/// A kind of warning.
struct LintKind {
  std::string_view id;       ///< Stable, for programs: what Diagnostic::id holds.
  std::string_view summary;  ///< One line.
};

/// Every kind, sorted by id.
std::span<const LintKind> lint_kinds();

/// Adds a warning with an id for everything in a policy that does not do what its author seems to think: entries that
/// are never reached, calls that are denied while others do the same work, conditions that see less than they say, and
/// calls without which programs break. `rules` is what resolve() made of the policy, without errors. There are none for
/// a policy that is not enabled. Warnings that hold on some of the ABIs alone name them.
void lint(const policy::Policy& policy, const PolicyRules& rules, Diagnostics& diagnostics);

}  // namespace sandbox::resolve
