// Verdicts as people read them.
#pragma once

#include <string>

#include "arch/abi.h"
#include "resolve/rule_set.h"

namespace sandbox::resolve {

/// "allow", "errno EPERM": errno numbers have other names on other ABIs.
std::string verdict_text(Verdict verdict, arch::Abi abi);

/// "the largest number that the profile names, 302 (prlimit64)", of rules with `largest_named`.
std::string largest_named_text(const RuleSet& rules);

/// Why such a number gets ENOSYS: "above " and the text before; or what 0 stands for on s390.
std::string above_named_text(const RuleSet& rules, uint32_t number);

}  // namespace sandbox::resolve
