// The meaning of a policy, said without any BPF: the specification that compiled programs are held against.
#pragma once

#include <optional>
#include <span>

#include "bpf/program.h"
#include "resolve/rule_set.h"

namespace sandbox::resolve {

/// What a call gets, and the clause that says so.
struct Judgement {
  Verdict verdict;
  const Clause* clause = nullptr;  ///< Owned by the rule set; null when the default or a fixed rule decides.
};

/// Whether the condition holds for the call's argument.
bool holds(const Condition& condition, uint64_t argument);

/// The outcome of a condition that is the same for every argument; none for a condition that has both.
std::optional<bool> constant_outcome(const Condition& condition);

/// Judges a call under one policy. Before any rule: a call through an ABI that the policy does not cover kills the
/// process; x32 numbers (unless x32 is covered), x32's own 512 to 547 without its bit, and the number -1, with which a
/// tracer skips a call, get ENOSYS.
Judgement evaluate(const PolicyRules& rules, const bpf::SystemCall& call);

/// Judges a call under several policies: the most restrictive verdict.
Judgement evaluate(std::span<const PolicyRules> policies, const bpf::SystemCall& call);

}  // namespace sandbox::resolve
