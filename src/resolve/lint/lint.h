// What a reader should know about a policy that is valid all the same: the warnings of `sandbox-policy check`.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

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

/// What check cannot know from the policy.
struct LintOptions {
  /// The program installs the policy itself once it has started: what only a start needs is not missed, unless the
  /// policy lets it execute other programs.
  bool self_installed = false;
  /// What else was found in the policy's text: exceptions are for its warnings, too. Borrowed.
  const Diagnostics* further = nullptr;
};

/// What a policy that was written for one C library lacks for others, on all of its ABIs: what lint() warns of as
/// newer-call-denied and newer-call-not-enosys. Each name once.
struct UpgradeCalls {
  std::vector<std::string_view> to_allow;  ///< Made in place of calls that are allowed; without them programs fail.
  std::vector<std::string_view> to_hide;   ///< With errno ENOSYS for these, calls that are allowed are made instead.
};
UpgradeCalls upgrade_calls(const policy::Policy& policy, const PolicyRules& rules);

/// Adds a warning with an id for everything in a policy that does not do what its author seems to think: entries that
/// are never reached, calls that are denied while others do the same work, conditions that see less than they say, and
/// calls without which programs break. `rules` is what resolve() made of the policy, without errors. For a policy that
/// is not enabled there is none but that. Warnings that hold on some of the ABIs alone name them. Those from which the
/// policy's text makes an exception (lint/exceptions.h) are left out, and their number is returned; a wrong exception
/// is an error, and one that is not needed a warning.
size_t lint(const policy::Policy& policy, const PolicyRules& rules, Diagnostics& diagnostics,
            const LintOptions& options = {});

/// Adds those of lint()'s warnings that a launch shows: that what a policy denies can be done all the same, through
/// io_uring, execveat or a multiplexer. `all` are the rules of the policies that apply together, `rules` among them:
/// what another one of them denies undoes nothing. Exceptions count here, too.
void lint_launch(const policy::Policy& policy, const PolicyRules& rules, std::span<const PolicyRules> all,
                 Diagnostics& diagnostics);

}  // namespace sandbox::resolve
