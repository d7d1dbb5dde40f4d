// What the policies say of a call that the filter has stopped, and why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "bpf/validate.h"
#include "compile/compile.h"
#include "report/event.h"
#include "report/suggestion.h"
#include "resolve/capability_advice.h"
#include "resolve/evaluate.h"

namespace sandbox::report {

class AppliedPolicies {
 public:
  /// `policies` are those that apply, without calls: for each `rules` one with its policy; or a filter file alone,
  /// which has no rules and is judged by `filter`, as it was before anything was added to it. `names` says what to call
  /// them together. All but `filter` is borrowed.
  AppliedPolicies(std::vector<PolicyDenials> policies, std::span<const resolve::PolicyRules> rules,
                  const compile::Filter& filter, std::string names);

  /// What the policies say about a call together. A filter file has the verdict alone.
  [[nodiscard]] resolve::Judgement judge(const bpf::SystemCall& call) const;

  /// The same by what an audit record tells of a call, which is without arguments. None: they are what decides.
  [[nodiscard]] std::optional<resolve::Judgement> judge_by_number(const bpf::SystemCall& call) const;

  /// Whether some policy can give the call this action, with arguments that are not known.
  [[nodiscard]] bool can_give(const bpf::SystemCall& call, policy::Action action) const;

  /// From now on describe() and denials() also tell with which capabilities a container profile would allow a
  /// call. The policies were read in `environment`, with note_capabilities.
  void advise_capabilities(const policy::Environment& environment);

  /// The policies that apply and the deciding line, into the event.
  void describe(const std::optional<resolve::Judgement>& judgement, Event& event);

  /// Whether the call gets this judgement because a policy has it look absent, and programs do without it.
  [[nodiscard]] static bool looks_absent(const resolve::Judgement& judgement, const bpf::SystemCall& call);

  /// Keeps the call for denials(): every policy that denies it by itself has to be changed to allow it.
  /// Without its arguments, a call whose answer they decide has no capabilities told.
  void note_denial(const bpf::SystemCall& call, bool arguments_known = true);

  /// The same for the calls that are never watched (compile::must_not_wait), as far as they are denied: where denied
  /// calls are allowed, a run does not show what it will lack.
  void note_unwatched();

  /// The names of those calls that are denied, sorted.
  [[nodiscard]] std::vector<std::string> unwatched_denied() const;

  [[nodiscard]] std::vector<PolicyDenials> denials() const;

  /// "beat.yml and profile default".
  [[nodiscard]] const std::string& policy_names() const { return policy_names_; }

 private:
  [[nodiscard]] resolve::Judgement judge_by_policies(const bpf::SystemCall& call) const;

  std::vector<PolicyDenials> policies_;
  std::span<const resolve::PolicyRules> rules_;
  std::string policy_names_;
  std::optional<bpf::ValidatedProgram> program_;   ///< Of a filter file: it has no rules to judge by.
  std::vector<std::set<DeniedCall>> denied_;       ///< By policy.
  std::vector<resolve::CapabilityAdvice> advice_;  ///< By policy; empty: none is wanted.
};

}  // namespace sandbox::report
