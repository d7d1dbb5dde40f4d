// The meaning of a policy, said without any BPF: the specification that compiled programs are held against.
#pragma once

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

/// Judges a call under a policy that was resolved for each of its ABIs. Before any rule: a call through an ABI that no
/// rule set covers kills the process; x32 numbers on x86_64 (and x32's own 512 to 547 without its bit) and the number
/// -1, with which a tracer skips a call, get ENOSYS.
Judgement evaluate(std::span<const RuleSet> rules, const bpf::SystemCall& call);

}  // namespace sandbox::resolve
