// The capabilities with which a container profile would allow what it denies.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "bpf/program.h"
#include "policy/environment.h"
#include "policy/policy.h"
#include "resolve/rule_set.h"

namespace sandbox::resolve {

/// Asks a profile what it means with more capabilities, by reading it again: so `includes`, `excludes` and arguments
/// count as they do in a launch.
class CapabilityAdvice {
 public:
  /// `policy` is borrowed, and was read in `environment` with note_capabilities; other formats name no capabilities.
  CapabilityAdvice(const policy::Policy& policy, policy::Environment environment);

  /// What to give by `--cap` so that the call is allowed: each entry suffices, as "CAP_SYS_ADMIN" or, where only
  /// several together do, "CAP_BPF,CAP_PERFMON". Empty if none would. Without its arguments, a call that the profile
  /// then allows for some of them alone has none.
  std::vector<std::string> allowing(const bpf::SystemCall& call, bool arguments_known);

 private:
  const PolicyRules& rules_with(const policy::Capabilities& more);

  const policy::Policy& policy_;
  policy::Environment environment_;
  std::map<policy::Capabilities, PolicyRules> read_;  ///< By what was added.
};

}  // namespace sandbox::resolve
