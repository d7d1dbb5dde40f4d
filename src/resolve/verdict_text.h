// Verdicts as people read them.
#pragma once

#include <string>

#include "arch/abi.h"
#include "resolve/rule_set.h"

namespace sandbox::resolve {

/// "allow", "errno EPERM": errno numbers have other names on other ABIs.
std::string verdict_text(Verdict verdict, arch::Abi abi);

}  // namespace sandbox::resolve
