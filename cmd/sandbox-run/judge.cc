#include "judge.h"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "arch/errno_names.h"
#include "arch/syscalls.h"
#include "base/diagnostic.h"
#include "bpf/interpret.h"
#include "compile/listener_guard.h"
#include "compile/notify.h"
#include "report/arguments.h"
#include "report/tally.h"

namespace sandbox::launcher {
namespace {

using policy::Action;
using report::Reason;
using resolve::Verdict;

constexpr size_t kMostDenied = report::Tally::kMostKeys + report::Tally::kMostNamesOfCalls;  // Of one policy.

/// A program to judge by. Where the filter has a token this one has other bits, with which nothing is ever let through:
/// a call that it allows although it was notified is refused (see report.cc).
bpf::ValidatedProgram judging_program(const compile::Filter& filter) {
  constexpr compile::Token kNoToken = {0x5bd1e995, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f, 0x165667b1};
  auto program = bpf::validate(compile::with_token(filter, kNoToken));
  return program ? std::move(*program) : filter.program;
}

std::string place(const policy::Policy& policy, SourceRange range) {
  const LineColumn at = policy.source->locate(range.offset);
  return printable(policy.source->name(), 4096) + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

const resolve::RuleSet* rules_for(const resolve::PolicyRules& rules, const bpf::SystemCall& call) {
  const auto abi = report::abi_of(call.arch, call.number);
  const auto set = std::find_if(rules.begin(), rules.end(), [&](const resolve::RuleSet& s) { return s.abi == abi; });
  return set == rules.end() ? nullptr : &*set;
}

const std::vector<resolve::Clause>* clauses_for(const resolve::RuleSet& set, uint32_t number) {
  const auto call = std::ranges::lower_bound(set.calls, number, {}, &resolve::CallRules::number);
  return call != set.calls.end() && call->number == number ? &call->clauses : nullptr;
}

/// Which call socketcall or ipc is asked for; 0 for other calls.
uint32_t selector_of(const bpf::SystemCall& call) {
  const auto abi = report::abi_of(call.arch, call.number);
  const auto name = abi ? arch::name_of(*abi, call.number) : std::nullopt;
  if (!name || !report::call_behind(*abi, *name, call.args[0])) return 0;
  // The rest of ipc's is a version, with which one call would count as many.
  return static_cast<uint32_t>(call.args[0]) & (*name == "ipc" ? 0xffffU : UINT32_MAX);
}

/// The parts whose policies are in force, in the order of the policies.
std::vector<const Part*> parts_in_force(const Loaded& loaded) {
  std::vector<const Part*> parts;
  for (const Part& part : loaded.parts) {
    if (part.in_force()) parts.push_back(&part);
  }
  return parts;
}

/// Those of this machine's that no notification may hold up, with arguments that say nothing.
std::vector<bpf::SystemCall> unwatched_calls() {
  std::vector<bpf::SystemCall> calls;
  for (const uint32_t number : compile::must_not_wait(arch::native_abi())) {
    calls.push_back({number, arch::info(arch::native_abi()).audit_arch, {}, 0});
  }
  return calls;
}

bool has_conditions(const resolve::PolicyRules& rules, const bpf::SystemCall& call) {
  const resolve::RuleSet* set = rules_for(rules, call);
  const auto* clauses = set == nullptr ? nullptr : clauses_for(*set, call.number);
  return clauses != nullptr && std::any_of(clauses->begin(), clauses->end(),
                                           [](const resolve::Clause& clause) { return !clause.conditions.empty(); });
}

}  // namespace

bool is_denial(Verdict verdict) {
  return verdict.action != Action::kAllow && verdict.action != Action::kLog;
}

Judge::Judge(const Loaded& loaded)
    : loaded_(loaded), policy_names_(loaded.names()), denied_(std::max<size_t>(loaded.rules.size(), 1)) {
  if (loaded.rules.empty()) program_ = judging_program(*loaded.judge);
}

Decision Judge::decide(const bpf::SystemCall& call) const {
  const Decision decision = decide_by_policies(call);
  if (!compile::asks_for_listener(call, arch::native_abi())) return decision;
  const Verdict busy = {Action::kErrno, arch::errno_number(arch::native_abi(), "EBUSY").value_or(EBUSY)};
  if (resolve::more_restrictive(decision.verdict, busy) != busy) return decision;
  Decision guarded;
  guarded.verdict = busy;
  guarded.guard = true;
  return guarded;
}

Decision Judge::decide_by_policies(const bpf::SystemCall& call) const {
  Decision decision;
  if (program_) {
    const uint32_t value = bpf::interpret(*program_, call, arch::info(arch::native_abi()).endian).value;
    decision.verdict = resolve::verdict_of(value);
    return decision;
  }
  for (size_t i = 0; i < loaded_.rules.size(); ++i) {
    const resolve::Judgement one = resolve::evaluate(loaded_.rules[i], call);
    if (resolve::more_restrictive(decision.verdict, one.verdict) != one.verdict) continue;
    decision.verdict = one.verdict;
    decision.policy = i;
    decision.clause = one.clause;
  }
  return decision;
}

std::optional<Decision> Judge::decide_by_number(const bpf::SystemCall& call) const {
  const auto open = [&](const resolve::PolicyRules& rules) { return has_conditions(rules, call); };
  if (program_ || std::any_of(loaded_.rules.begin(), loaded_.rules.end(), open)) return std::nullopt;
  return decide(call);
}

bool Judge::can_give(const bpf::SystemCall& call, Action action) const {
  if (program_) return true;
  return std::any_of(loaded_.rules.begin(), loaded_.rules.end(), [&](const resolve::PolicyRules& rules) {
    const resolve::RuleSet* set = rules_for(rules, call);
    if (set == nullptr) return false;
    const auto* clauses = clauses_for(*set, call.number);
    const auto gives = [&](const resolve::Clause& clause) { return clause.verdict.action == action; };
    if (clauses != nullptr && std::any_of(clauses->begin(), clauses->end(), gives)) return true;
    const bool decided = clauses != nullptr && !clauses->empty() && clauses->back().conditions.empty();
    return !decided && set->default_verdict.action == action;
  });
}

void Judge::describe(const std::optional<Decision>& decision, report::Event& event) const {
  event.policy = policy_names_;
  if (!decision) return;
  if (decision->guard) event.rule_kind = "a fixed rule";
  if (program_ || decision->guard) return;
  const policy::Policy& policy = loaded_.policies[decision->policy];
  switch (report::reason_of(policy, loaded_.rules[decision->policy], event.call)) {
    case Reason::kGroup:
    case Reason::kHidden:
      event.rule_kind = "a group";
      if (decision->clause != nullptr) event.rule = place(policy, decision->clause->origin.range);
      break;
    case Reason::kDefault:
      event.rule_kind = "the default action";
      event.rule = place(policy, policy.default_range);
      break;
    case Reason::kKernel:
      event.rule_kind = "kernel:";
      if (policy.kernel_range.length > 0) event.rule = place(policy, policy.kernel_range);
      break;
    case Reason::kFixed:
      event.rule_kind = "a fixed rule";
      break;
  }
}

void Judge::note_denial(const bpf::SystemCall& call) {
  for (size_t i = 0; i < denied_.size(); ++i) {
    if (denied_[i].size() >= kMostDenied) continue;
    Reason reason = Reason::kDefault;
    if (program_) {
      if (!is_denial(decide_by_policies(call).verdict)) continue;
    } else {
      if (!is_denial(resolve::evaluate(loaded_.rules[i], call).verdict)) continue;
      reason = report::reason_of(loaded_.policies[i], loaded_.rules[i], call);
    }
    denied_[i].insert({call.arch, call.number, reason, selector_of(call)});
  }
}

void Judge::note_unwatched() {
  for (const bpf::SystemCall& call : unwatched_calls()) {
    if (is_denial(decide(call).verdict)) note_denial(call);
  }
}

std::vector<std::string> Judge::unwatched_denied() const {
  std::vector<std::string> names;
  for (const bpf::SystemCall& call : unwatched_calls()) {
    if (!is_denial(decide(call).verdict)) continue;
    names.emplace_back(arch::name_of(arch::native_abi(), call.number).value());
  }
  std::ranges::sort(names);
  return names;
}

std::vector<report::PolicyDenials> Judge::denials() const {
  using Kind = report::PolicyDenials::Kind;
  constexpr std::string_view kProfilePrefix = "profile ";
  const std::vector<const Part*> parts = parts_in_force(loaded_);
  std::vector<report::PolicyDenials> denials;
  for (size_t i = 0; i < denied_.size(); ++i) {
    report::PolicyDenials one;
    one.name = parts[i]->name;
    one.kind = program_ ? Kind::kFilterFile : parts[i]->kind == Part::Kind::kProfile ? Kind::kProfile : Kind::kFile;
    if (one.kind == Kind::kProfile && one.name.starts_with(kProfilePrefix)) one.name.erase(0, kProfilePrefix.size());
    if (!program_) one.policy = &loaded_.policies[i];
    one.calls.assign(denied_[i].begin(), denied_[i].end());
    denials.push_back(std::move(one));
  }
  return denials;
}

}  // namespace sandbox::launcher
