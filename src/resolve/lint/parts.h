// What the checks of lint() have in common.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "arch/abi.h"
#include "base/diagnostic.h"
#include "policy/policy.h"
#include "resolve/lint/lint.h"
#include "resolve/rule_set.h"

namespace sandbox::resolve {

/// Collects what the checks find on each ABI, and says it once.
class Findings {
 public:
  /// One finding on one ABI. `id` is one of lint_kinds().
  void add(std::string_view id, arch::Abi abi, SourceRange range, std::string message);

  /// Adds each finding to `diagnostics`, in the order of their places. Those that were not made on all `abis` ABIs name
  /// the ABIs.
  void report(size_t abis, Diagnostics& diagnostics) const;

 private:
  struct Finding {
    SourceRange range;
    std::vector<arch::Abi> abis;
  };
  std::map<std::tuple<uint32_t, std::string_view, std::string>, Finding> findings_;  ///< By offset, id and message.
};

/// What a call can get on one ABI, over all arguments.
struct Answers {
  bool passes = false;                           ///< For some arguments it is allowed, or logged.
  bool fails = false;                            ///< For some arguments it gets an errno, a signal or death.
  Verdict denied_with;                           ///< The first errno, signal or death, if `fails`,
  const Clause* denial = nullptr;                ///< and the first clause of a group that says so.
  const Clause* condition = nullptr;             ///< The first clause of a group that looks at its arguments.
  const Clause* permission = nullptr;            ///< The first clause of a group that lets it pass.
  VerdictSource source = VerdictSource::kGroup;  ///< Of what no clause decides, if that comes to pass.

  [[nodiscard]] bool open() const { return passes && !fails; }
  [[nodiscard]] bool filtered() const { return passes && fails && condition != nullptr; }
  [[nodiscard]] bool denied() const { return fails && !passes; }
};
Answers answers_of(const RuleSet& rules, uint32_t number);

/// The answers of a call by its name; none if the ABI has no such number.
std::optional<Answers> answers_of(const RuleSet& rules, std::string_view name);

/// Whether a group says it: resolve() adds clauses of its own for `kernel:`.
constexpr bool is_written(const Clause& clause) {
  return clause.origin.has_value();
}

/// Denied as if the kernel had no such call: programs then take another one, and that is what it is for.
bool is_no_such_call(Verdict verdict, arch::Abi abi);

/// "'a'", "'a' and 'b'", "'a', 'b' and 'c'".
std::string quoted_list(const std::vector<std::string_view>& names);

/// The words of a text, separated by single spaces.
std::vector<std::string_view> split_words(std::string_view text);

/// Whether `narrow` holds only where `wide` does. True is certain; false may also mean that it was not found out.
bool implies(const Condition& narrow, const Condition& wide);

/// Whether every call that `later` matches is matched by `earlier` too; as certain as implies().
bool covers(const Clause& earlier, const Clause& later);

/// The first clause that covers the one at `index`, and stands before it. Looked for among the first hundred of a call,
/// and behind them among those without conditions: what each of thousands of clauses does to each other one would take
/// minutes to find out, and would not be read.
const Clause* decider_of(std::span<const Clause> clauses, size_t index);

// The checks. One ABI at a time but for the first three.
void check_names(const policy::Policy& policy, Diagnostics& diagnostics);
void check_errno_zero(const policy::Policy& policy, Diagnostics& diagnostics);
void check_reachability(const policy::Policy& policy, const PolicyRules& rules, Findings& findings);
void check_siblings(const RuleSet& rules, Findings& findings);
void check_execveat(const RuleSet& rules, Findings& findings);
void check_io_uring(const RuleSet& rules, Findings& findings);
void check_conditions(const policy::Policy& policy, const RuleSet& rules, Findings& findings);
void check_needed_calls(const policy::Policy& policy, const RuleSet& rules, Findings& findings);
void check_multiplexers(const policy::Policy& policy, const RuleSet& rules, Findings& findings);
void check_socketcall(const RuleSet& rules, Findings& findings);
void check_trace(const policy::Policy& policy, const RuleSet& rules, Findings& findings);
void check_upgrades(const policy::Policy& policy, const RuleSet& rules, const LintOptions& options, Findings& findings);

}  // namespace sandbox::resolve
