#include "report/applied_policies.h"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "arch/abi.h"
#include "arch/errno_names.h"
#include "arch/syscalls.h"
#include "base/diagnostic.h"
#include "bpf/interpret.h"
#include "compile/listener_guard.h"
#include "compile/notify.h"
#include "policy/default_words.h"
#include "report/arguments.h"
#include "report/tally.h"

namespace sandbox::report {
namespace {

using policy::Action;
using resolve::Verdict;
using resolve::VerdictSource;

constexpr size_t kMaxDenied = Tally::kMaxKeys + Tally::kMaxNamesOfCalls;  // In one policy.

/// A program to judge by. Where the filter has a token this one has other bits, with which no call is ever allowed:
/// a call that it allows although it was notified is denied (see answer_of in cmd/sandbox-run/report.cc).
bpf::ValidatedProgram judging_program(const compile::Filter& filter) {
  constexpr compile::Token kNoToken = {0x5bd1e995, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f, 0x165667b1};
  auto program = bpf::validate(compile::with_token(filter, kNoToken));
  if (program) return *program;
  return filter.program;
}

std::string place(const policy::Policy& policy, SourceRange range) {
  const LineColumn at = policy.source->locate(range.offset);
  return printable(policy.source->name(), 4096) + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

std::optional<std::string_view> name_of(const bpf::SystemCall& call) {
  const auto abi = arch::abi_of(call.arch, call.number);
  return abi ? arch::name_of(*abi, call.number) : std::nullopt;
}

/// Which call socketcall or ipc is asked for; 0 for other calls.
uint32_t selector_of(const bpf::SystemCall& call) {
  const auto abi = arch::abi_of(call.arch, call.number);
  const auto name = name_of(call);
  if (!name || !call_behind(*abi, *name, call.args[0])) return 0;
  // The rest of ipc's is a version, with which one call would count as many.
  return static_cast<uint32_t>(call.args[0]) & (*name == "ipc" ? 0xffffU : UINT32_MAX);
}

DeniedCall denied_call(const resolve::Judgement& judgement, const bpf::SystemCall& call) {
  const bool absent = judgement.verdict == Verdict{Action::kErrno, ENOSYS};
  return {call.arch, call.number, judgement.source, selector_of(call), absent, {}};
}

/// Those of this machine's that no notification may hold up, with arguments that say nothing.
std::vector<bpf::SystemCall> unwatched_calls() {
  std::vector<bpf::SystemCall> calls;
  for (const uint32_t number : compile::must_not_wait(arch::native_abi())) {
    calls.push_back({number, arch::info(arch::native_abi()).audit_arch, {}, 0});
  }
  return calls;
}

}  // namespace

AppliedPolicies::AppliedPolicies(std::vector<PolicyDenials> policies, std::span<const resolve::PolicyRules> rules,
                                 const compile::Filter& filter, std::string names)
    : policies_(std::move(policies)), rules_(rules), policy_names_(std::move(names)), denied_(policies_.size()) {
  if (rules_.empty()) program_ = judging_program(filter);
}

resolve::Judgement AppliedPolicies::judge(const bpf::SystemCall& call) const {
  const resolve::Judgement judgement = judge_by_policies(call);
  if (!compile::asks_for_listener(call, arch::native_abi())) return judgement;
  const Verdict busy = {Action::kErrno, arch::errno_number(arch::native_abi(), "EBUSY").value_or(EBUSY)};
  if (resolve::more_restrictive(judgement.verdict, busy) != busy) return judgement;
  return {busy, VerdictSource::kFixed};  // No policy decides, but compile/listener_guard.h.
}

resolve::Judgement AppliedPolicies::judge_by_policies(const bpf::SystemCall& call) const {
  if (!program_) return resolve::evaluate(rules_, call);
  return {resolve::verdict_of(bpf::interpret(*program_, call, arch::info(arch::native_abi()).endian).value)};
}

std::optional<resolve::Judgement> AppliedPolicies::judge_by_number(const bpf::SystemCall& call) const {
  const auto open = [&](const resolve::PolicyRules& rules) { return resolve::depends_on_arguments(rules, call); };
  if (program_ || std::any_of(rules_.begin(), rules_.end(), open)) return std::nullopt;
  return judge(call);
}

bool AppliedPolicies::can_give(const bpf::SystemCall& call, Action action) const {
  const auto gives = [&](const resolve::PolicyRules& rules) { return resolve::can_give(rules, call, action); };
  return program_ || std::ranges::any_of(rules_, gives);
}

void AppliedPolicies::advise_capabilities(const policy::Environment& environment) {
  for (const PolicyDenials& one : policies_) {
    if (one.policy != nullptr) advice_.emplace_back(*one.policy, environment);
  }
}

void AppliedPolicies::describe(const std::optional<resolve::Judgement>& judgement, Event& event) {
  event.policy = policy_names_;
  if (!judgement) return;
  const bool fixed = judgement->source == VerdictSource::kFixed || judgement->source == VerdictSource::kNotCovered;
  const bool guard =
      judgement->source == VerdictSource::kFixed && compile::asks_for_listener(event.call, arch::native_abi());
  if (fixed) event.rule_kind = guard ? "the listener guard" : "a fixed rule";
  if (program_ || fixed) return;
  const policy::Policy& policy = *policies_[judgement->policy].policy;
  if (!advice_.empty() && policy::is_denied(judgement->verdict.action)) {
    event.capabilities = advice_[judgement->policy].allowing(event.call, event.arguments_known);
  }
  switch (judgement->source) {
    case VerdictSource::kGroup:
      event.rule_kind = "a group";
      event.rule = place(policy, judgement->clause->origin->range);
      break;
    case VerdictSource::kDefault:
      event.rule_kind = "the default action";
      event.default_words = policy::default_words(policy);
      event.rule = place(policy, policy::default_place(policy, name_of(event.call)));
      break;
    case VerdictSource::kKernel:
      event.rule_kind = "kernel:";
      if (policy.kernel_range.length > 0) event.rule = place(policy, policy.kernel_range);
      break;
    case VerdictSource::kAboveNamed:
      event.rule_kind = "above the largest number named";
      event.rule = place(policy, policy.default_range);
      break;
    case VerdictSource::kFixed:
    case VerdictSource::kNotCovered:
      break;
  }
}

bool AppliedPolicies::looks_absent(const resolve::Judgement& judgement, const bpf::SystemCall& call) {
  return report::looks_absent(denied_call(judgement, call));
}

void AppliedPolicies::note_denial(const bpf::SystemCall& call, bool arguments_known) {
  for (size_t i = 0; i < denied_.size(); ++i) {
    if (denied_[i].size() >= kMaxDenied) continue;
    const resolve::Judgement judgement = program_ ? judge_by_policies(call) : resolve::evaluate(rules_[i], call);
    if (policy::is_allowed(judgement.verdict.action)) continue;
    DeniedCall denied = denied_call(judgement, call);
    if (!advice_.empty()) denied.capabilities = advice_[i].allowing(call, arguments_known);
    denied_[i].insert(std::move(denied));
  }
}

void AppliedPolicies::note_unwatched() {
  for (const bpf::SystemCall& call : unwatched_calls()) {
    if (!policy::is_allowed(judge(call).verdict.action)) note_denial(call);
  }
}

std::vector<std::string> AppliedPolicies::unwatched_denied() const {
  std::vector<std::string> names;
  for (const bpf::SystemCall& call : unwatched_calls()) {
    if (policy::is_allowed(judge(call).verdict.action)) continue;
    names.emplace_back(arch::name_of(arch::native_abi(), call.number).value());
  }
  std::ranges::sort(names);
  return names;
}

std::vector<PolicyDenials> AppliedPolicies::denials() const {
  std::vector<PolicyDenials> denials = policies_;
  for (size_t i = 0; i < denials.size(); ++i) denials[i].calls.assign(denied_[i].begin(), denied_[i].end());
  return denials;
}

}  // namespace sandbox::report
