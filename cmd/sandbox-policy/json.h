// What this program writes as JSON beyond the plain types.
#pragma once

#include "arch/abi.h"
#include "base/json.h"
#include "resolve/rule_set.h"

namespace sandbox::tool {

/// A verdict as {"action": "errno", "errno": "EPERM", "number": 1}; trace and trap have their data as "data".
Json& add_verdict(Json& json, resolve::Verdict verdict, arch::Abi abi);

}  // namespace sandbox::tool
