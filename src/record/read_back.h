// Whether a recorded policy's text means what it should.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "arch/abi.h"
#include "base/diagnostic.h"
#include "bpf/program.h"
#include "policy/policy.h"
#include "record/recording.h"
#include "resolve/rule_set.h"

namespace sandbox::record {

/// The call that was seen, with those of its arguments that were looked at.
bpf::SystemCall call_with(const RecordedCall& seen, const Values& values);

struct ReadBack {
  std::optional<std::string> wrong;  ///< One line; none if nothing is.
  resolve::PolicyRules rules;        ///< Of the text; where something is wrong, maybe none.
};

/// Reads the text of `diagnostics` back. It must have no errors, give every call with all arguments what `meant` gives
/// it, and allow each call of the recording that has a name. If it does, warnings of the resolver and of lint are in
/// `diagnostics`.
ReadBack read_back(const policy::Policy& meant, arch::Abi native, const Recording& recording, Diagnostics& diagnostics,
                   const std::shared_ptr<const SourceText>& source);

}  // namespace sandbox::record
