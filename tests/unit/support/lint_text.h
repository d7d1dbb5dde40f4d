// A whole policy, and what lint() says of it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "resolve/lint/lint.h"
#include "resolve/resolve.h"
#include "support/policy_text.h"

namespace sandbox::testing {

/// Every warning with an id, sorted, as "LINE:COLUMN: MESSAGE [ID]" lines; the problems of a text that has errors.
/// `exceptions` gets the number of warnings that the text excepts from.
inline std::string lint_text(std::string yaml, const policy::Environment& environment = {},
                             size_t* exceptions = nullptr) {
  PolicyText text(std::move(yaml));
  const auto policy = text.read(environment);
  if (!policy) return text.problems();
  const resolve::PolicyRules rules = resolve::resolve(*policy, environment.native, text.diagnostics());
  if (text.diagnostics().has_errors()) return text.problems();
  const size_t excepted = resolve::lint(*policy, rules, text.diagnostics());
  if (exceptions != nullptr) *exceptions = excepted;
  if (text.diagnostics().has_errors()) return text.problems();
  text.diagnostics().sort();
  std::string found;
  for (const Diagnostic& diagnostic : text.diagnostics().all()) {
    if (diagnostic.id.empty()) continue;
    EXPECT_EQ(diagnostic.severity, Severity::kWarning);
    const LineColumn place = text.source().locate(diagnostic.range->offset);
    found += std::to_string(place.line) + ":" + std::to_string(place.column) + ": " + diagnostic.message + " [" +
             std::string(diagnostic.id) + "]\n";
  }
  return found;
}

/// The same of `groups`, which begin on line 4, two columns in.
inline std::string lint_groups(const std::string& groups, const std::string& default_action = "allow",
                               arch::Abi abi = arch::Abi::kX86_64) {
  policy::Environment environment;
  environment.native = abi;
  return lint_text("seccomp:\n  default_action: " + default_action + "\n  syscalls:\n" + groups, environment);
}

}  // namespace sandbox::testing
