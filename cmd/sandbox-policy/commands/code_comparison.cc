#include "sandbox-policy/commands/code_comparison.h"

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include "arch/narrowed_arguments.h"
#include "arch/syscalls.h"
#include "resolve/evaluate.h"
#include "sandbox-policy/commands/scan_report.h"

namespace sandbox::tool {
namespace {

using arch::Abi;
using scan::FoundCall;

/// What a policy does with a call, over all its arguments.
enum class Answer : uint8_t { kAllows, kDepends, kDenies, kAbsent };

bool is_absent(const resolve::Verdict& verdict) {
  return verdict == resolve::Verdict{policy::Action::kErrno, ENOSYS};
}

Answer answer_of(const resolve::RuleSet& rules, uint32_t number) {
  bool allows = false;
  bool denies = false;
  const auto count = [&](policy::Action action) { (policy::is_allowed(action) ? allows : denies) = true; };
  const auto clauses = resolve::clauses_of(rules, number);
  bool decided = false;
  for (const resolve::Clause& clause : clauses) {
    count(clause.verdict.action);
    decided = clause.conditions.empty();
    if (decided) break;
  }
  const resolve::Fallback fallback = resolve::fallback_of(rules, number);
  if (!decided) count(fallback.verdict.action);
  if (allows) return denies ? Answer::kDepends : Answer::kAllows;
  const bool by_group = !clauses.empty() && clauses.front().conditions.empty() && is_absent(clauses.front().verdict);
  const bool by_kernel =
      clauses.empty() && fallback.source == resolve::VerdictSource::kKernel && is_absent(fallback.verdict);
  return by_group || by_kernel ? Answer::kAbsent : Answer::kDenies;
}

/// Whether a condition is about bits of an argument that a scan follows, and about no others.
bool is_about(const resolve::Condition& condition, std::span<const arch::NarrowedArgument> narrowed) {
  return std::ranges::any_of(narrowed, [&](const arch::NarrowedArgument& argument) {
    if (condition.argument != argument.argument) return false;
    if (argument.part)
      return condition.operation == policy::Operation::kMaskedEqual && (condition.mask & ~argument.mask) == 0;
    return condition.width <= 64 && (UINT64_MAX >> (64U - condition.width) & ~argument.mask) == 0;
  });
}

bool has_condition_on(std::span<const resolve::Clause> clauses, uint8_t argument) {
  return std::ranges::any_of(clauses, [&](const resolve::Clause& clause) {
    return std::ranges::find(clause.conditions, argument, &resolve::Condition::argument) != clause.conditions.end();
  });
}

/// Whether all arguments that the code calls it with are known as far as conditions ask for them, and allowed.
bool allows_arguments(const resolve::RuleSet& rules, const FoundCall& call) {
  if (!call.arguments) return false;
  const auto narrowed = arch::narrowed_arguments(call.abi, call_name(call));
  const auto clauses = resolve::clauses_of(rules, call.number);
  for (const resolve::Clause& clause : clauses) {
    const bool followed =
        std::ranges::all_of(clause.conditions, [&](const auto& condition) { return is_about(condition, narrowed); });
    if (!followed) return false;
  }
  return std::ranges::all_of(call.arguments->values, [&](const arch::NarrowedValues& values) {
    bpf::SystemCall made;
    for (size_t i = 0; i < narrowed.size(); ++i) {
      const uint8_t argument = narrowed[i].argument;
      if (!values.at(i) && has_condition_on(clauses, argument)) return false;
      made.args.at(argument) = values.at(i).value_or(0);
    }
    const auto first =
        std::ranges::find_if(clauses, [&](const resolve::Clause& clause) { return resolve::matches(clause, made); });
    const resolve::Verdict verdict =
        first != clauses.end() ? first->verdict : resolve::fallback_of(rules, call.number).verdict;
    return policy::is_allowed(verdict.action);
  });
}

void print_list(const std::string& head, const std::vector<const FoundCall*>& calls, Colour colour, Output& out) {
  if (calls.empty()) return;
  out.line("");
  out.line(out.paint(Colour::kBold, head));
  std::vector<std::vector<Cell>> rows;
  for (const FoundCall* call : calls) {
    rows.push_back({{call_name(*call), colour}, call->places.empty() ? "by the kernel" : call->places.front().text()});
  }
  out.table(rows);
}

}  // namespace

CodeComparison compare_with_code(const scan::ScanResult& result, const resolve::PolicyRules& rules, std::string name) {
  CodeComparison comparison;
  comparison.policy = std::move(name);
  for (const FoundCall& call : result.calls) {
    const resolve::RuleSet* own = resolve::find_rules(rules, call.abi);
    const Answer answer = own == nullptr ? Answer::kDenies : answer_of(*own, call.number);
    if (answer == Answer::kDenies) comparison.denied.push_back(&call);
    if (answer == Answer::kDepends && !allows_arguments(*own, call)) comparison.conditional.push_back(&call);
    if (answer == Answer::kAbsent) comparison.absent.push_back(&call);
  }
  const resolve::RuleSet* own = resolve::find_rules(rules, Abi::kX86_64);
  if (own == nullptr) return comparison;
  for (const std::string_view call : arch::names_on(Abi::kX86_64)) {
    const uint32_t number = *arch::number_of(Abi::kX86_64, call);
    const bool in_code = std::ranges::any_of(
        result.calls, [&](const FoundCall& found) { return found.abi == Abi::kX86_64 && found.number == number; });
    const Answer answer = answer_of(*own, number);
    if (!in_code && (answer == Answer::kAllows || answer == Answer::kDepends)) comparison.needless.emplace_back(call);
  }
  return comparison;
}

bool misses_calls(const CodeComparison& comparison, const scan::ScanResult& result) {
  return !comparison.denied.empty() || !result.unknown.empty();
}

void print_missed(const CodeComparison& comparison, Output& out) {
  print_list("In the code, and denied by " + comparison.policy + ":", comparison.denied, Colour::kRed, out);
  print_list("In the code, and allowed by " + comparison.policy + " with some arguments alone:", comparison.conditional,
             Colour::kYellow, out);
  print_list("In the code, and answered by " + comparison.policy + " with ENOSYS, as if the kernel lacked them:",
             comparison.absent, Colour::kDim, out);
}

void print_needless(const CodeComparison& comparison, Output& out) {
  if (comparison.needless.empty()) return;
  out.line("");
  out.line(out.paint(Colour::kBold, "Allowed by " + comparison.policy + ", and not in the code:"));
  out.words("", 2, comparison.needless);
}

}  // namespace sandbox::tool
