// libseccomp as a further account of what a policy means, where it can express the policy.
#pragma once

#include <optional>

#include "bpf/program.h"
#include "bpf/validate.h"
#include "resolve/rule_set.h"

namespace sandbox::differential {

/// The filter that libseccomp generates for the same rules on the native ABI. None when it has no words for them:
/// clauses whose order matters, two conditions on one argument, BitsSet with more than one bit.
std::optional<bpf::ValidatedProgram> libseccomp_program(const resolve::RuleSet& rules);

/// Whether libseccomp and this project mean the same for such calls. Not for x32 and x32's own numbers: libseccomp
/// kills what we answer with ENOSYS, and has no opinion on 512 to 547.
bool libseccomp_judges(const bpf::SystemCall& call);

}  // namespace sandbox::differential
