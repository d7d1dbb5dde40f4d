// Whether a recorded policy's text means what it should.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "policy/policy.h"
#include "record/recording.h"

namespace sandbox::record {

/// What a policy is to mean: its groups in the order in which they decide, without places.
struct Meaning {
  policy::Policy policy;
  arch::Abi native = arch::Abi::kX86_64;
};

/// Reads the text of `diagnostics` back. It must have no errors, give every call with all arguments what `meaning`
/// gives it, and allow each call of the recording that has a name. The value is one line that says what is wrong; none
/// if nothing is. Warnings of the resolver and of lint are in `diagnostics` then.
std::optional<std::string> disagreement(const Meaning& meaning, const Recording& recording, Diagnostics& diagnostics,
                                        const std::shared_ptr<const SourceText>& source);

}  // namespace sandbox::record
