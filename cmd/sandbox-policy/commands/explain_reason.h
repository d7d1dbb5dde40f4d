// Why a call gets what it gets, and when all its cases are the better answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "arch/abi.h"
#include "base/source_text.h"
#include "bpf/program.h"
#include "sandbox-policy/describe.h"
#include "sandbox-policy/load.h"

namespace sandbox::tool {

/// Why a call gets its answer.
struct AnswerReason {
  std::string_view id;  ///< For programs: group, default, kernel, above-named, abi, fixed, disabled, filter.
  std::string text;
  std::optional<SourceRange> place;  ///< In the policy.
};

/// `abi` is that in whose names conditions are written.
AnswerReason reason_for(const Input& input, const bpf::SystemCall& call, arch::Abi abi);

/// What a call gets over all arguments, where these matter; without cases where they do not, or where no rule decides:
/// then the one answer is all that there is to tell.
CallChain cases_of(const Input& input, const bpf::SystemCall& call, const AnswerReason& reason);

}  // namespace sandbox::tool
