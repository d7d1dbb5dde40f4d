#include "resolve/rule_set.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>

#include "arch/errno_names.h"

namespace sandbox::resolve {

using policy::Action;

uint32_t seccomp_return(Verdict verdict) {
  switch (verdict.action) {
    case Action::kKillProcess:
      return SECCOMP_RET_KILL_PROCESS;
    case Action::kKillThread:
      return SECCOMP_RET_KILL_THREAD;
    case Action::kTrap:
      return SECCOMP_RET_TRAP | verdict.data;
    case Action::kErrno:
      return SECCOMP_RET_ERRNO | verdict.data;
    case Action::kTrace:
      return SECCOMP_RET_TRACE | verdict.data;
    case Action::kLog:
      return SECCOMP_RET_LOG;
    case Action::kAllow:
      return SECCOMP_RET_ALLOW;
  }
  return SECCOMP_RET_KILL_PROCESS;
}

void set_policy(RuleSet& rules, uint32_t policy) {
  for (CallRules& call : rules.calls) {
    for (Clause& clause : call.clauses) {
      if (clause.origin) clause.origin->policy = policy;
    }
  }
}

bool is_above_named(arch::Abi abi, uint32_t number, uint32_t largest) {
  // On s390 the number of a call that is not known stays 0: arch/s390/kernel/syscall.c.
  const bool stands_for_unknown = number == 0 && (abi == arch::Abi::kS390 || abi == arch::Abi::kS390x);
  return number > largest || stands_for_unknown;
}

Fallback fallback_of(const RuleSet& rules, uint32_t number) {
  if (rules.largest_named && is_above_named(rules.abi, number, *rules.largest_named)) {
    return {{Action::kErrno, arch::errno_number(rules.abi, "ENOSYS").value_or(ENOSYS)}, VerdictSource::kAboveNamed};
  }
  return {rules.default_verdict, rules.default_source};
}

std::span<const Clause> clauses_of(const RuleSet& rules, uint32_t number) {
  const auto call = std::ranges::lower_bound(rules.calls, number, {}, &CallRules::number);
  if (call == rules.calls.end() || call->number != number) return {};
  return call->clauses;
}

const RuleSet* find_rules(const PolicyRules& rules, arch::Abi abi) {
  const auto set = std::ranges::find(rules, abi, &RuleSet::abi);
  return set == rules.end() ? nullptr : &*set;
}

const RuleSet* find_rules(const PolicyRules& rules, const bpf::SystemCall& call) {
  const auto abi = arch::abi_of(call.arch, call.number);
  return abi ? find_rules(rules, *abi) : nullptr;
}

Verdict verdict_of(uint32_t seccomp_return) {
  const auto data = static_cast<uint16_t>(seccomp_return & SECCOMP_RET_DATA);
  switch (seccomp_return & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
      return {Action::kAllow, 0};
    case SECCOMP_RET_LOG:
      return {Action::kLog, 0};
    case SECCOMP_RET_TRACE:
      return {Action::kTrace, data};
    case SECCOMP_RET_ERRNO:
      return {Action::kErrno, data};
    case SECCOMP_RET_TRAP:
      return {Action::kTrap, data};
    case SECCOMP_RET_KILL_THREAD:
      return {Action::kKillThread, 0};
    default:
      return {Action::kKillProcess, 0};
  }
}

}  // namespace sandbox::resolve
