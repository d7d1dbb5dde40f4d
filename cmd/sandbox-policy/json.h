// What this program writes as JSON beyond the plain types.
#pragma once

#include <span>

#include "arch/abi.h"
#include "base/json.h"
#include "base/log.h"
#include "resolve/rule_set.h"

namespace sandbox::tool {

/// A verdict as {"action": "errno", "errno": "EPERM", "number": 1}; trace and trap have their data as "data".
Json& add_verdict(Json& json, resolve::Verdict verdict, arch::Abi abi);

/// Errors as [{"file": "a.yml", "line": 3, "column": 5, "message": "..."}]; what is about no file, or no line of it,
/// has none.
Json& add_errors(Json& json, std::span<const KeptError> errors);

}  // namespace sandbox::tool
