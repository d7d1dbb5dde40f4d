// What the converters share: the policy, what it means, and how a limit of the other format is reported.
#pragma once

#include <string>
#include <string_view>

#include "base/diagnostic.h"
#include "policy/environment.h"
#include "policy/policy.h"
#include "resolve/rule_set.h"
#include "resolve/verdict_sets.h"

namespace sandbox::resolve {

struct Conversion {
  const policy::Policy& policy;
  const policy::Environment& environment;
  const PolicyRules& rules;  ///< What the policy means. Not empty.
  std::string_view format;   ///< For messages: "an OCI profile".
  bool lossy = false;
  Diagnostics& diagnostics;

  /// "SUBJECT cannot be expressed in FORMAT: REASON". An error; with `lossy` a warning that adds what is written
  /// instead, which must be stricter. Returns whether to go on.
  bool reject(SourceRange range, const std::string& subject, const std::string& reason,
              const std::string& instead) const {
    const std::string message = subject + " cannot be expressed in " + std::string(format) + ": " + reason;
    if (lossy) {
      diagnostics.warning(range, message + "; made stricter: " + instead);
    } else {
      diagnostics.error(range, message);
    }
    return lossy;
  }

  /// The same where nothing stricter can be written either.
  void reject_always(SourceRange range, const std::string& subject, const std::string& reason) const {
    diagnostics.error(range, subject + " cannot be expressed in " + std::string(format) + ": " + reason);
  }

  /// A container runtime and systemd cover the machine's own ABI even if it is not listed. What is written is right on
  /// a machine of the ABI returned, and the reader is told so.
  [[nodiscard]] arch::Abi machine() const {
    for (const RuleSet& set : rules) {
      if (set.abi == environment.native) return set.abi;
    }
    return rules.front().abi;
  }
  void warn_of_machine() const {
    if (machine() == environment.native) return;
    const std::string abi(arch::info(machine()).name);
    diagnostics.warning(policy.architectures.front().range, "what is written is for machines whose own ABI is " + abi +
                                                                "; on others their own ABI would be covered too");
  }
};

}  // namespace sandbox::resolve
