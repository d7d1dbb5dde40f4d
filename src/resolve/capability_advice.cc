#include "resolve/capability_advice.h"

#include <optional>
#include <utility>

#include "arch/syscalls.h"
#include "base/text.h"
#include "policy/reader.h"
#include "resolve/evaluate.h"
#include "resolve/resolve.h"

namespace sandbox::resolve {

CapabilityAdvice::CapabilityAdvice(const policy::Policy& policy, policy::Environment environment)
    : policy_(policy), environment_(std::move(environment)) {}

const PolicyRules& CapabilityAdvice::rules_with(const policy::Capabilities& more) {
  const auto [place, fresh] = read_.try_emplace(more);
  if (!fresh) return place->second;
  policy::Environment environment = environment_;
  environment.note_capabilities = false;
  environment.capabilities = [&] {
    policy::Capabilities all = environment_.capabilities ? environment_.capabilities() : policy::Capabilities();
    all.insert(more.begin(), more.end());
    return all;
  };
  Diagnostics diagnostics(policy_.source);  // What there is to say has been said when the policy was read.
  const auto policy = policy::read_policy(policy_.source, environment, diagnostics);
  if (policy && !diagnostics.has_errors()) place->second = resolve(*policy, environment.native, diagnostics);
  if (diagnostics.has_errors()) place->second.clear();
  return place->second;
}

std::vector<std::string> CapabilityAdvice::allowing(const bpf::SystemCall& call, bool arguments_known) {
  std::vector<std::string> advice;
  const auto abi = arch::abi_of(call.arch, call.number);
  const auto name = abi ? arch::name_of(*abi, call.number) : std::nullopt;
  if (!name) return advice;
  for (const auto& [missing, names] : policy_.capability_rules) {
    if (!names.contains(std::string(*name))) continue;
    const PolicyRules& rules = rules_with(missing);
    if (rules.empty() || (!arguments_known && depends_on_arguments(rules, call))) continue;
    if (policy::is_allowed(evaluate(rules, call).verdict.action)) advice.push_back(join(missing, ","));
  }
  return advice;
}

}  // namespace sandbox::resolve
