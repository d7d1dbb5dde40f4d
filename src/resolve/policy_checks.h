// What resolve() reports of a policy: names, conditions and values that its ABIs do not have, and what is hardly meant.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "arch/multiplexers.h"
#include "arch/syscalls.h"
#include "base/diagnostic.h"
#include "policy/policy.h"
#include "resolve/rule_set.h"

namespace sandbox::resolve {

/// A call that some ABI has.
struct NamedCall {
  std::string_view name;
  arch::CallId id;
};

/// An ABI that a policy covers.
struct CoveredAbi {
  explicit CoveredAbi(const arch::AbiInfo& info);

  /// Whether a multiplexer of the ABI makes the call.
  [[nodiscard]] bool multiplexes(const NamedCall& call) const { return multiplexed_[static_cast<size_t>(call.id)]; }

  /// Whether the ABI has the call, by a number of its own or through a multiplexer.
  [[nodiscard]] bool has(const NamedCall& call) const { return arch::number_of(abi.abi, call.id) || multiplexes(call); }

  const arch::AbiInfo& abi;

 private:
  std::vector<bool> multiplexed_ = std::vector<bool>(arch::call_count());  ///< By call.
};

/// Borrows the policy and the diagnostics. Errors are added at once, warnings by finish().
class PolicyChecks {
 public:
  PolicyChecks(const policy::Policy& policy, std::vector<CoveredAbi> abis, Diagnostics& diagnostics);

  /// Whether a call is skipped that no ABI of the policy has, because the policy says so: it cannot be made there. The
  /// name must be another ABI's, so that a misspelt one is found; and not stand for a call that an ABI of the policy
  /// has by another name, of which the policy says nothing.
  [[nodiscard]] bool may_be_skipped(const policy::Name& name);

  /// An error: no ABI of the policy has the call, or nothing has.
  void report_unknown(const policy::Name& name);
  void report_unknown_set(const policy::Name& name);

  /// Whether the conditions on a call can be resolved: each argument is the same one on every ABI, and exists; each
  /// value exists, and fits. `entry` is what stands for the call in the policy: itself or a set.
  bool check_conditions(const policy::Name& entry, const std::vector<policy::Condition>& conditions,
                        std::string_view call);

  /// A call is denied under conditions that its multiplexer does not have: a warning if that one is open in the end.
  void note_unchecked(const arch::AbiInfo& abi, std::string_view call, const arch::Multiplexed& multiplexed,
                      SourceRange range);

  /// Adds the warnings. They are about a policy that is whole; beside errors they would follow from these.
  void finish(const PolicyRules& resolved);

 private:
  bool check_argument(const policy::Name& entry, std::string_view call, const policy::Condition& condition);
  bool check_values(const policy::Name& entry, std::string_view call, const policy::Condition& condition);
  bool check_value(const policy::Name& entry, std::string_view call, const policy::Condition& condition,
                   const policy::Value& value, std::string_view what);
  void report_missing_constant(const std::string& constant, const arch::AbiInfo& abi, SourceRange range);
  void warn_of_constant_outcome(const policy::Name& entry, std::string_view call, const policy::Condition& written);
  void warn_of_open_multiplexers(const PolicyRules& resolved);
  void warn_of_empty_effect();
  void warn_of_skipped_denials(const PolicyRules& resolved);
  void warn_later(SourceRange range, std::string message);

  [[nodiscard]] std::string suggest(std::string_view written);
  [[nodiscard]] std::optional<std::string_view> own_name(std::string_view written) const;
  [[nodiscard]] std::string abi_list() const;
  /// The policy's ABIs that have the call.
  [[nodiscard]] std::vector<const arch::AbiInfo*> abis_with(std::string_view call) const;

  const policy::Policy& policy_;
  std::vector<CoveredAbi> abis_;
  Diagnostics& diagnostics_;
  std::optional<std::set<std::string_view>> named_;  ///< What the policy names, once asked for.

  struct Warning {
    SourceRange range;
    std::string message;
  };
  std::vector<Warning> warnings_;

  /// See note_unchecked().
  struct UncheckedMultiplexer {
    const arch::AbiInfo* abi;
    std::string_view call;
    arch::Multiplexed multiplexed;
    SourceRange range;
  };
  std::vector<UncheckedMultiplexer> unchecked_;
};

}  // namespace sandbox::resolve
