// The calls that a policy is tried with.
#pragma once

#include <vector>

#include "bpf/program.h"
#include "random.h"
#include "resolve/rule_set.h"

namespace sandbox::differential {

/// The values of an argument at which a condition may change its mind: each compared value plus and minus one, in both
/// halves, with other bits around them, and the ends of the range.
std::vector<uint64_t> boundary_values(const resolve::Condition& condition, Random& random);

/// For each condition of a call of the policy's only ABI every boundary value, with the other conditions of its clause
/// holding where they can; and random mixtures of the boundary values of all clauses.
std::vector<bpf::SystemCall> argument_probes(const resolve::PolicyRules& policy, const resolve::CallRules& call,
                                             Random& random);

/// Every number from -1 to 1024, the x32 range, and numbers far out, each with arguments 0 and random.
std::vector<bpf::SystemCall> number_probes(const resolve::RuleSet& rules, Random& random);

/// Calls through every other ABI, and through ABIs that do not exist.
std::vector<bpf::SystemCall> foreign_probes(const resolve::RuleSet& rules, Random& random);

}  // namespace sandbox::differential
