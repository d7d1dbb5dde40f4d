// A compiler that has nothing in common with the project's: one comparison a number, one chain of comparisons a clause,
// in the order in which the policy has them, and every jump written out.
#pragma once

#include <optional>

#include "bpf/validate.h"
#include "resolve/rule_set.h"

namespace sandbox::differential {

/// None when the program would be longer than a filter may be.
std::optional<bpf::ValidatedProgram> plain_program(const resolve::PolicyRules& rules);

}  // namespace sandbox::differential
