#include "resolve/evaluate.h"

#include <algorithm>
#include <cerrno>

namespace sandbox::resolve {
namespace {

using policy::Action;
using policy::Operation;

constexpr uint32_t kSkippedNumber = UINT32_MAX;

bool is_reserved(arch::Abi abi, uint32_t number) {
  if (number == kSkippedNumber) return true;
  if (abi != arch::Abi::kX86_64) return false;
  // arch/x86/entry/syscalls/syscall_64.tbl: 512 to 547 are x32's, which kernels before 5.4 took without the x32 bit.
  return (number >= 512 && number <= 547) || number >= arch::info(arch::Abi::kX32).first_number;
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

Judgement evaluate(std::span<const RuleSet> rules, const bpf::SystemCall& call) {
  const auto set = std::find_if(rules.begin(), rules.end(),
                                [&](const RuleSet& r) { return arch::info(r.abi).audit_arch == call.arch; });
  if (set == rules.end()) return {{Action::kKillProcess, 0}};
  if (is_reserved(set->abi, call.number)) return {{Action::kErrno, ENOSYS}};

  for (const CallRules& rule : set->calls) {
    if (rule.number != call.number) continue;
    for (const Clause& clause : rule.clauses) {
      const bool matches = std::all_of(clause.conditions.begin(), clause.conditions.end(),
                                       [&](const Condition& c) { return holds(c, call.args[c.argument]); });
      if (matches) return {clause.verdict, &clause};
    }
  }
  return {set->default_verdict};
}

}  // namespace sandbox::resolve
