#include "sandbox-policy/commands/explain_reason.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "arch/syscalls.h"
#include "base/text.h"
#include "policy/default_words.h"
#include "resolve/evaluate.h"
#include "resolve/verdict_text.h"
#include "sandbox-policy/condition_text.h"

namespace sandbox::tool {
namespace {

AnswerReason clause_reason(const resolve::Clause& clause, const Input& input, arch::Abi abi, uint32_t number) {
  const std::vector<std::string> conditions = conditions_text(clause, &*input.policy, abi, number);
  if (conditions.empty()) return {"group", "", clause.origin->range};
  return {"group", "because " + join(conditions, " and "), clause.origin->range};
}

/// No group decides; of a unit, none of its lists.
std::string unmatched_text(const Input& input, const bpf::SystemCall& call, std::optional<std::string_view> name) {
  if (input.policy->format == policy::Format::kSystemd) {
    const bool denied = policy::is_denied(input.policy->default_action);
    if (name && policy::taken_out(*input.policy, *name) != nullptr) {
      return denied ? "this takes it out of the list of SystemCallFilter="
                    : "this takes it out of the list of denied calls";
    }
    return denied ? "not in the list of SystemCallFilter=" : "no SystemCallFilter= denies it";
  }
  std::span<const resolve::Clause> clauses = resolve::clauses_of(*resolve::find_rules(input.rules, call), call.number);
  const bool named =
      std::ranges::any_of(clauses, [](const resolve::Clause& clause) { return clause.origin.has_value(); });
  return named ? "no group matches these arguments" : "no group names it";
}

AnswerReason fixed_reason(const bpf::SystemCall& call) {
  if (call.number == UINT32_MAX) return {"fixed", "a tracer skips a call with this number", {}};
  return {"fixed", "one of x32's own numbers, 512 to 547, which no policy opens on x86_64", {}};
}

AnswerReason uncovered_reason(const bpf::SystemCall& call, const resolve::Judgement& judgement) {
  const bool kills = judgement.verdict.action == policy::Action::kKillProcess;
  if (!kills) return {"abi", "a number of x32, which the policy does not cover", {}};
  const std::string name(arch::info(*arch::abi_of(call.arch, call.number)).name);
  return {"abi", "the policy does not cover " + name + ": every call through it kills", {}};
}

AnswerReason judged_reason(const Input& input, const bpf::SystemCall& call, const resolve::Judgement& judgement,
                           arch::Abi abi) {
  const policy::Policy& policy = *input.policy;
  const std::optional<std::string_view> name = arch::name_of(abi, call.number);
  switch (judgement.source) {
    case resolve::VerdictSource::kGroup:
      return clause_reason(*judgement.clause, input, abi, call.number);
    case resolve::VerdictSource::kDefault:
      return {
          "default",
          unmatched_text(input, call, name) + (policy.format == policy::Format::kSystemd ? "" : ": the default action"),
          policy::default_place(policy, name)};
    case resolve::VerdictSource::kKernel:
      return {"kernel",
              unmatched_text(input, call, name) + ", and Linux " + origin_text(nullptr, policy).substr(8) +
                  " has no such call ('kernel')",
              policy.kernel_range};
    case resolve::VerdictSource::kAboveNamed:
      return {"above-named",
              above_named_text(*resolve::find_rules(input.rules, call), call.number) +
                  ": ENOSYS, as from container runtimes",
              {}};
    case resolve::VerdictSource::kFixed:
      return fixed_reason(call);
    case resolve::VerdictSource::kNotCovered:
      return uncovered_reason(call, judgement);
  }
  return {};
}

}  // namespace

AnswerReason reason_for(const Input& input, const bpf::SystemCall& call, arch::Abi abi) {
  if (input.kind == Input::Kind::kFilterFile) {
    return {"filter",
            "a compiled filter" + (input.filter->source.empty() ? "" : ", made from " + input.filter->source),
            {}};
  }
  if (input.kind == Input::Kind::kRawBpf) return {"filter", "raw BPF", {}};
  if (!input.enabled())
    return {"disabled", std::string(input.why_no_filter()) + ": the policy filters nothing", input.no_filter_range()};
  return judged_reason(input, call, resolve::evaluate(input.rules, call), abi);
}

CallChain cases_of(const Input& input, const bpf::SystemCall& call, const AnswerReason& reason) {
  const bool by_rules = reason.id == "group" || reason.id == "default" || reason.id == "kernel";
  const resolve::RuleSet* rules = resolve::find_rules(input.rules, call);
  return by_rules && rules != nullptr ? chain_of(*rules, call.number) : CallChain();
}

}  // namespace sandbox::tool
