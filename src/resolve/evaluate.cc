#include "resolve/evaluate.h"

#include <algorithm>

#include "arch/errno_names.h"

namespace sandbox::resolve {
namespace {

using policy::Action;
using policy::Operation;

constexpr uint32_t kSkippedNumber = UINT32_MAX;

/// The rules of the ABI through which the call comes, or the answer that stands before all rules.
struct Route {
  const RuleSet* rules = nullptr;
  Judgement fixed;
};

constexpr Judgement kKilled = {{Action::kKillProcess, 0}, VerdictSource::kNotCovered};

/// x86_64 and x32 share their arch; the number tells them apart.
Route route_x86_64(const PolicyRules& rules, uint32_t number, Verdict no_such_call) {
  const RuleSet* x86_64 = find_rules(rules, arch::Abi::kX86_64);
  const RuleSet* x32 = find_rules(rules, arch::Abi::kX32);
  if (number >= arch::info(arch::Abi::kX32).first_number) return {x32, {no_such_call, VerdictSource::kNotCovered}};
  // arch/x86/entry/syscalls/syscall_64.tbl: 512 to 547 are x32's, which kernels before 5.4 took without the x32 bit.
  if (number >= 512 && number <= 547) return {nullptr, {no_such_call, VerdictSource::kFixed}};
  if (x86_64 == nullptr) return {nullptr, kKilled};
  return {x86_64, {}};
}

Route route(const PolicyRules& rules, const bpf::SystemCall& call) {
  const auto covered = std::find_if(rules.begin(), rules.end(),
                                    [&](const RuleSet& r) { return arch::info(r.abi).audit_arch == call.arch; });
  if (covered == rules.end()) return {nullptr, kKilled};
  const Verdict no_such_call = {Action::kErrno, *arch::errno_number(covered->abi, "ENOSYS")};
  if (call.number == kSkippedNumber) return {nullptr, {no_such_call, VerdictSource::kFixed}};
  if (call.arch == arch::info(arch::Abi::kX86_64).audit_arch) return route_x86_64(rules, call.number, no_such_call);
  return {&*covered, {}};
}

}  // namespace

bool holds(const Condition& condition, uint64_t argument) {
  const uint64_t read = condition.width == 64 ? argument : argument & ((uint64_t{1} << condition.width) - 1);
  switch (condition.operation) {
    case Operation::kEqual:
      return read == condition.value;
    case Operation::kNotEqual:
      return read != condition.value;
    case Operation::kGreaterThan:
      return read > condition.value;
    case Operation::kLessThan:
      return read < condition.value;
    case Operation::kGreaterOrEqual:
      return read >= condition.value;
    case Operation::kLessOrEqual:
      return read <= condition.value;
    case Operation::kBitsSet:
      return (read & condition.value) != 0;
    case Operation::kBitsNotSet:
      return (read & condition.value) == 0;
    case Operation::kMaskedEqual:
      return (read & condition.mask) == condition.value;
  }
  return false;
}

std::optional<bool> constant_outcome(const Condition& condition) {
  const uint64_t maximum = UINT64_MAX >> (64U - condition.width);
  const uint64_t value = condition.value;
  switch (condition.operation) {
    case Operation::kEqual:
      if (value > maximum) return false;
      break;
    case Operation::kNotEqual:
      if (value > maximum) return true;
      break;
    case Operation::kGreaterThan:
      if (value >= maximum) return false;
      break;
    case Operation::kLessOrEqual:
      if (value >= maximum) return true;
      break;
    case Operation::kLessThan:
      if (value == 0 || value > maximum) return value != 0;
      break;
    case Operation::kGreaterOrEqual:
      if (value == 0 || value > maximum) return value == 0;
      break;
    case Operation::kBitsSet:
      if ((value & maximum) == 0) return false;
      break;
    case Operation::kBitsNotSet:
      if ((value & maximum) == 0) return true;
      break;
    case Operation::kMaskedEqual:
      if ((value & ~(condition.mask & maximum)) != 0) return false;
      if ((condition.mask & maximum) == 0) return true;
      break;
  }
  return std::nullopt;
}

bool matches(const Clause& clause, const bpf::SystemCall& call) {
  return std::all_of(clause.conditions.begin(), clause.conditions.end(),
                     [&](const Condition& condition) { return holds(condition, call.args[condition.argument]); });
}

Judgement evaluate(const PolicyRules& rules, const bpf::SystemCall& call) {
  const Route taken = route(rules, call);
  if (taken.rules == nullptr) return taken.fixed;
  for (const Clause& clause : clauses_of(*taken.rules, call.number)) {
    if (!matches(clause, call)) continue;
    if (!clause.origin) return {clause.verdict, VerdictSource::kDefault};
    return {clause.verdict, VerdictSource::kGroup, &clause};
  }
  const Fallback fallback = fallback_of(*taken.rules, call.number);
  return {fallback.verdict, fallback.source};
}

Judgement evaluate(std::span<const PolicyRules> policies, const bpf::SystemCall& call) {
  Judgement strictest = {{Action::kAllow, 0}};
  for (size_t i = 0; i < policies.size(); ++i) {
    Judgement judgement = evaluate(policies[i], call);
    judgement.policy = i;
    if (judgement.verdict.action <= strictest.verdict.action) strictest = judgement;
  }
  return strictest;
}

bool depends_on_arguments(const PolicyRules& rules, const bpf::SystemCall& call) {
  const RuleSet* set = find_rules(rules, call);
  const auto conditional = [](const Clause& clause) { return !clause.conditions.empty(); };
  return set != nullptr && std::ranges::any_of(clauses_of(*set, call.number), conditional);
}

bool can_give(const PolicyRules& rules, const bpf::SystemCall& call, Action action) {
  const RuleSet* set = find_rules(rules, call);
  if (set == nullptr) return false;
  std::span<const Clause> clauses = clauses_of(*set, call.number);
  const auto gives = [&](const Clause& clause) { return clause.verdict.action == action; };
  if (std::ranges::any_of(clauses, gives)) return true;
  const bool decided = !clauses.empty() && clauses.back().conditions.empty();
  return !decided && fallback_of(*set, call.number).verdict.action == action;
}

}  // namespace sandbox::resolve
