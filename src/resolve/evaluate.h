// The meaning of a policy, said without any BPF: the specification that compiled programs are held against.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "bpf/program.h"
#include "resolve/rule_set.h"

namespace sandbox::resolve {

/// What a call gets, and why.
struct Judgement {
  Verdict verdict;
  VerdictSource source = VerdictSource::kDefault;
  const Clause* clause = nullptr;  ///< With kGroup: the one that decides, owned by the rule set. Else null.
  size_t policy = 0;               ///< Of several policies: the index of the one that decides.
};

/// Whether the condition holds for the call's argument.
bool holds(const Condition& condition, uint64_t argument);

/// Whether every condition of the clause holds.
bool matches(const Clause& clause, const bpf::SystemCall& call);

/// The outcome of a condition that is the same for every argument; none for a condition that has both.
std::optional<bool> constant_outcome(const Condition& condition);

/// Judges a call under one policy. Before any rule: a call through an ABI that the policy does not cover kills the
/// process; x32 numbers (unless x32 is covered), x32's own 512 to 547 without its bit, and the number -1, with which a
/// tracer skips a call, get ENOSYS.
Judgement evaluate(const PolicyRules& rules, const bpf::SystemCall& call);

/// Judges a call under several policies: the most restrictive verdict.
Judgement evaluate(std::span<const PolicyRules> policies, const bpf::SystemCall& call);

/// Whether a clause for the call looks at its arguments.
bool depends_on_arguments(const PolicyRules& rules, const bpf::SystemCall& call);

/// Whether the rules can give the call this action, with some arguments. What stands before all rules is left out.
bool can_give(const PolicyRules& rules, const bpf::SystemCall& call, policy::Action action);

}  // namespace sandbox::resolve
