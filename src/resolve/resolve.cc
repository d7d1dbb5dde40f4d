#include "resolve/resolve.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "arch/call_sets.h"
#include "arch/call_versions.h"
#include "arch/errno_names.h"
#include "arch/multiplexers.h"
#include "arch/syscalls.h"
#include "resolve/policy_checks.h"
#include "resolve/values.h"

namespace sandbox::resolve {
namespace {

using policy::Action;
using policy::Group;
using policy::Name;
using policy::Operation;

/// A clause, and the number of the call that it is for.
struct NumberedClause {
  uint32_t number = 0;
  Clause clause;
};

/// The indices of the clauses by number; those of one number stay in order.
std::vector<uint32_t> order_of(const std::vector<NumberedClause>& clauses) {
  const auto number_of = [&](uint32_t index) { return clauses[index].number; };
  std::vector<uint32_t> order(clauses.size());
  std::iota(order.begin(), order.end(), 0U);
  if (clauses.empty()) return order;
  const auto [low, high] = std::ranges::minmax(clauses, {}, &NumberedClause::number);
  // All numbers of an ABI lie close together, but for a few of arm: then there is nothing to compare.
  constexpr uint32_t kClose = 4096;
  if (high.number - low.number >= kClose) {
    std::ranges::stable_sort(order, {}, number_of);
    return order;
  }
  std::vector<uint32_t> places(high.number - low.number + 1);  // By number: of its first clause, then of its next.
  for (const NumberedClause& numbered : clauses) ++places[numbered.number - low.number];
  std::exclusive_scan(places.begin(), places.end(), places.begin(), 0U);
  for (uint32_t index = 0; index < clauses.size(); ++index) order[places[number_of(index) - low.number]++] = index;
  return order;
}

/// By number; the clauses of one call stay in order.
std::vector<CallRules> by_number(std::vector<NumberedClause> clauses) {
  std::vector<CallRules> calls;
  calls.reserve(std::min(clauses.size(), arch::call_count()));
  for (const uint32_t index : order_of(clauses)) {
    NumberedClause& numbered = clauses[index];
    if (calls.empty() || calls.back().number != numbered.number) calls.emplace_back().number = numbered.number;
    calls.back().clauses.push_back(std::move(numbered.clause));
  }
  return calls;
}

/// What a name of a group stands for: itself, or the members of a set.
using Calls = std::vector<NamedCall>;

class CallMarks {
 public:
  [[nodiscard]] bool contains(const NamedCall& call) const { return members_[static_cast<size_t>(call.id)]; }
  void insert(const NamedCall& call) { members_[static_cast<size_t>(call.id)] = true; }

 private:
  std::vector<bool> members_ = std::vector<bool>(arch::call_count());
};

/// Clauses behind the one that decides a call for all arguments are never reached. So many are kept for
/// lint() to tell of; the others are dropped when they come.
constexpr uint8_t kMaxBehind = 16;

/// Clauses for one call through one ABI. A filter has as many instructions.
constexpr uint16_t kMaxClauses = 4096;

/// What the groups name, sets by their members, on all ABIs together: thousands of times what the largest policy does.
constexpr size_t kMaxNamed = 2'000'000;

/// One ABI's share of the work.
struct AbiRules : CoveredAbi {
  using CoveredAbi::CoveredAbi;

  /// How many clauses a call has.
  struct Count {
    bool decided = false;      ///< One of them matches regardless of the arguments.
    uint8_t behind = 0;        ///< Clauses behind it that were kept.
    uint16_t conditional = 0;  ///< Clauses with conditions that can be reached.
  };

  std::vector<NumberedClause> clauses;                                 ///< As the groups come.
  std::vector<Count> counts = std::vector<Count>(arch::call_count());  ///< By call.
  std::optional<Verdict> verdict;                                      ///< That of the group at hand, once asked for.
  /// For container profiles. runc asks libseccomp for the numbers of names: that of a call which the ABI also has
  /// behind a multiplexer is negative there, and does not count.
  uint32_t largest_named = 0;
};

/// A conditional name's conditions, and the group that it stands in.
struct Rule {
  const Name& name;
  const std::vector<policy::Condition>& conditions;
  const Group& group;
  uint32_t group_index;
};

class Resolver {
 public:
  Resolver(const policy::Policy& policy, arch::Abi native, Diagnostics& diagnostics);

  std::vector<RuleSet> resolve();

 private:
  void add_group(const Group& group, uint32_t index);
  void add_rule(const Rule& rule);
  void add_names(const Group& group, uint32_t index, CallMarks& named);
  bool add_call(const Rule& rule, const NamedCall& call);
  bool add_clause(AbiRules& rules, const Rule& rule, const NamedCall& call);
  bool count(const Rule& rule, size_t calls);
  bool give_up(const Rule& rule, std::string message);
  void add_to_multiplexer(AbiRules& rules, const Rule& rule, std::string_view call, const Clause& clause);

  [[nodiscard]] bool is_beats() const { return policy_.format == policy::Format::kBeats; }
  [[nodiscard]] bool is_set(const Name& name) const;
  const Calls* calls_of(const Name& name);
  [[nodiscard]] bool anywhere(const NamedCall& call) const;
  Verdict verdict_for(const arch::AbiInfo& abi, Action action, const policy::ErrnoValue& error);
  void hide_later_calls(RuleSet& rules);
  static void note_named(AbiRules& rules, const NamedCall& call);
  static void hide_above_named(RuleSet& rules, uint32_t largest);

  const policy::Policy& policy_;
  Diagnostics& diagnostics_;
  std::vector<AbiRules> abis_;
  PolicyChecks checks_;

  Calls own_call_;                            ///< What calls_of() has found for a name that is no set.
  std::map<std::string, Calls> set_members_;  ///< What it has found for sets.
  size_t named_ = 0;                          ///< Calls that the groups have named, for each ABI.
  size_t conditions_ = 0;                     ///< Of all clauses.
  bool too_much_ = false;                     ///< A limit was exceeded; nothing more is resolved.
};

/// The ABIs that the policy lists; the native one if it lists none.
std::vector<AbiRules> covered_abis(const policy::Policy& policy, arch::Abi native) {
  std::vector<AbiRules> abis;
  for (const policy::ListedAbi& listed : policy.architectures) abis.emplace_back(arch::info(listed.abi));
  if (abis.empty()) abis.emplace_back(arch::info(native));
  return abis;
}

Resolver::Resolver(const policy::Policy& policy, arch::Abi native, Diagnostics& diagnostics)
    : policy_(policy),
      diagnostics_(diagnostics),
      abis_(covered_abis(policy, native)),
      checks_(policy, {abis_.begin(), abis_.end()}, diagnostics) {}

std::vector<RuleSet> Resolver::resolve() {
  size_t names = 0;
  for (const Group& group : policy_.groups) names += group.names.size() + group.names_with_args.size();
  for (AbiRules& rules : abis_) rules.clauses.reserve(std::min(names, size_t{2} * arch::call_count()));
  for (uint32_t i = 0; i < policy_.groups.size() && !too_much_; ++i) add_group(policy_.groups[i], i);
  for (const Name& name : policy_.also_named) {
    const std::optional<arch::CallId> id = arch::find_call(name.text);
    if (!id) continue;
    for (AbiRules& rules : abis_) note_named(rules, {name.text, *id});
  }

  std::vector<RuleSet> resolved;
  for (AbiRules& rules : abis_) {
    RuleSet set;
    set.abi = rules.abi.abi;
    set.default_verdict = verdict_for(rules.abi, policy_.default_action, policy_.default_error);
    set.calls = by_number(std::move(rules.clauses));
    if (policy_.kernel) hide_later_calls(set);
    if (policy_.enosys_above_named) hide_above_named(set, rules.largest_named);
    resolved.push_back(std::move(set));
  }
  checks_.finish(resolved);
  return resolved;
}

void Resolver::add_group(const Group& group, uint32_t index) {
  CallMarks named;
  for (AbiRules& rules : abis_) rules.verdict.reset();
  add_names(group, index, named);
  for (const policy::ConditionalName& entry : group.names_with_args) {
    if (too_much_) return;
    const Calls* calls = calls_of(entry.name);
    if (calls == nullptr) continue;
    const auto twice =
        std::find_if(calls->begin(), calls->end(), [&](const NamedCall& call) { return named.contains(call); });
    if (twice != calls->end()) {
      diagnostics_.error(entry.name.range,
                         in_quotes(twice->name) +
                             " stands in 'names' of this group too, which decides it regardless of its "
                             "arguments");
      continue;
    }
    const Rule rule = {entry.name, entry.conditions, group, index};
    if (!count(rule, calls->size())) return;
    for (const NamedCall& call : *calls) {
      if (!checks_.check_conditions(entry.name, entry.conditions, call.name))
        break;  // The other members of a set would say the same.
      if (!add_call(rule, call)) return;
    }
  }
}

/// The group's `names`. `named` gets the calls that they stand for.
void Resolver::add_names(const Group& group, uint32_t index, CallMarks& named) {
  static const std::vector<policy::Condition> kNone;
  CallMarks written;
  std::set<std::string_view> written_sets;
  for (const Name& name : group.names) {
    const Calls* calls = calls_of(name);
    if (calls == nullptr) continue;
    const bool twice = is_set(name) ? !written_sets.insert(name.text).second : written.contains(calls->front());
    if (twice) {
      if (is_beats()) diagnostics_.warning(name.range, in_quotes(name.text) + " is named twice in this group");
      continue;
    }
    if (!is_set(name)) written.insert(calls->front());
    const Rule rule = {name, kNone, group, index};
    if (!count(rule, calls->size())) return;
    for (const NamedCall& call : *calls) {
      named.insert(call);
      if (!add_call(rule, call)) return;
    }
  }
}

bool Resolver::is_set(const Name& name) const {
  return is_beats() && name.text.starts_with('@');
}

/// The calls that a name stands for, until the next name is asked for; null if there are none: it is not
/// known, which is an error, or it may be skipped.
const Calls* Resolver::calls_of(const Name& name) {
  if (!is_set(name)) {
    const std::optional<arch::CallId> id = arch::find_call(name.text);
    if (id && anywhere({name.text, *id})) {
      own_call_ = {{name.text, *id}};
      return &own_call_;
    }
    if (is_beats() && !checks_.may_be_skipped(name)) checks_.report_unknown(name);
    return nullptr;
  }
  if (const auto known = set_members_.find(name.text); known != set_members_.end()) return &known->second;
  const auto members = arch::members_of_set(name.text);
  if (!members) {
    checks_.report_unknown_set(name);
    return nullptr;
  }
  Calls& calls = set_members_[name.text];
  for (const std::string_view member : *members) {
    // Members that no listed ABI has are skipped: a set is the same on every machine.
    const std::optional<arch::CallId> id = arch::find_call(member);
    if (id && anywhere({member, *id})) calls.push_back({member, *id});
  }
  return &calls;
}

/// Whether a listed ABI has the call.
bool Resolver::anywhere(const NamedCall& call) const {
  return std::any_of(abis_.begin(), abis_.end(), [&](const AbiRules& rules) { return rules.has(call); });
}

bool Resolver::give_up(const Rule& rule, std::string message) {
  diagnostics_.error(rule.name.range, std::move(message));
  too_much_ = true;
  return false;
}

/// Counts what a name stands for, before anything is done for it. False if that is too much, which is an error.
bool Resolver::count(const Rule& rule, size_t calls) {
  named_ += calls * abis_.size();
  conditions_ += calls * abis_.size() * rule.conditions.size();
  const std::string by_abis = abis_.size() > 1 ? " and ABI" : "";
  if (conditions_ > policy::kMaxConditions) {
    return give_up(rule, "with this entry the policy has more than " + std::to_string(policy::kMaxConditions) +
                             " conditions, counted for each call" + by_abis + "; the most that a policy may have");
  }
  if (named_ <= kMaxNamed) return true;
  return give_up(rule, "with this name the policy names more than " + std::to_string(kMaxNamed) +
                           " calls, counted for each time" + by_abis + "; the most that a policy may name");
}

/// False if the call has too many clauses, which is an error.
bool Resolver::add_call(const Rule& rule, const NamedCall& call) {
  return std::all_of(abis_.begin(), abis_.end(), [&](AbiRules& rules) { return add_clause(rules, rule, call); });
}

bool Resolver::add_clause(AbiRules& rules, const Rule& rule, const NamedCall& call) {
  const auto number = arch::number_of(rules.abi.abi, call.id);
  const bool multiplexed = rules.multiplexes(call);
  if (!number && !multiplexed) return true;  // The ABI lacks it.
  if (!rules.verdict) rules.verdict = verdict_for(rules.abi, rule.group.action, rule.group.error);
  if (number && !multiplexed) rules.largest_named = std::max(rules.largest_named, *number);
  AbiRules::Count& count = rules.counts[static_cast<size_t>(call.id)];
  if (count.decided) {
    if (count.behind == kMaxBehind) return true;
    ++count.behind;
  } else if (rule.conditions.empty()) {
    count.decided = true;
  } else if (++count.conditional > kMaxClauses) {
    return give_up(rule, "more than " + std::to_string(kMaxClauses) + " entries with conditions for " +
                             in_quotes(call.name) + "; the most that a call may have");
  }
  Clause clause;
  clause.verdict = *rules.verdict;
  clause.origin = Origin{0, rule.group_index, rule.name.range};
  for (const policy::Condition& written : rule.conditions) {
    clause.conditions.push_back(resolve_condition(policy_, written, call.name, rules.abi));
  }
  if (multiplexed) add_to_multiplexer(rules, rule, call.name, clause);
  if (number) rules.clauses.push_back({*number, std::move(clause)});
  return true;
}

/// What is said of `socket` also holds for `socketcall` with socket's number; but its arguments are in memory there.
void Resolver::add_to_multiplexer(AbiRules& rules, const Rule& rule, std::string_view call, const Clause& clause) {
  const std::vector<arch::Multiplexed> all = arch::multiplexed(rules.abi.abi, call);
  if (all.empty()) return;
  if (!clause.conditions.empty()) {
    const bool opens = policy::is_allowed(rule.group.action);
    if (opens) return;
    for (const arch::Multiplexed& one : all) checks_.note_unchecked(rules.abi, call, one, rule.name.range);
    return;
  }
  for (const arch::Multiplexed& one : all) {
    Condition selector;
    selector.argument = 0;
    selector.width = 32;
    selector.operation = Operation::kMaskedEqual;
    selector.value = one.selector;
    selector.mask = one.mask;
    const uint32_t number = *arch::number_of(rules.abi.abi, one.multiplexer);
    rules.clauses.push_back({number, {{selector}, clause.verdict, clause.origin}});
  }
}

Verdict Resolver::verdict_for(const arch::AbiInfo& abi, Action action, const policy::ErrnoValue& error) {
  if (action != Action::kErrno) return {action, 0};
  if (error.name.empty()) return {action, error.number};
  if (const auto number = arch::errno_number(abi.abi, error.name)) return {action, *number};
  diagnostics_.error(error.range, "no errno " + in_quotes(error.name) + " on " + std::string(abi.name));
  return {action, EPERM};
}

/// `kernel:`: calls that Linux gained after that version, and numbers that no table knows, get ENOSYS unless a group
/// names them, as they would on that kernel.
void Resolver::hide_later_calls(RuleSet& rules) {
  const Verdict by_default = rules.default_verdict;
  const Verdict no_such_call = {Action::kErrno, arch::errno_number(rules.abi, "ENOSYS").value_or(ENOSYS)};
  const std::vector<arch::DatedCall>& dated = arch::dated_calls(rules.abi);
  std::vector<CallRules> calls;
  calls.reserve(rules.calls.size() + dated.size());
  auto named = rules.calls.begin();
  for (const arch::DatedCall& call : dated) {
    for (; named != rules.calls.end() && named->number < call.number; ++named) calls.push_back(std::move(*named));
    const bool later = !call.introduced || *call.introduced > *policy_.kernel;
    if (named != rules.calls.end() && named->number == call.number) {
      calls.push_back(std::move(*named++));
    } else if (later) {
      continue;  // The new default.
    } else {
      calls.emplace_back().number = call.number;
    }
    calls.back().clauses.push_back({{}, by_default, std::nullopt});  // Behind those of groups.
  }
  for (; named != rules.calls.end(); ++named) calls.push_back(std::move(*named));
  rules.default_verdict = no_such_call;
  rules.default_source = VerdictSource::kKernel;
  rules.calls = std::move(calls);
}

/// A name in a rule that says what the default says; add_clause() notes the others.
void Resolver::note_named(AbiRules& rules, const NamedCall& call) {
  const auto number = arch::number_of(rules.abi.abi, call.id);
  if (number && !rules.multiplexes(call)) rules.largest_named = std::max(rules.largest_named, *number);
}

/// Programs do without calls that get ENOSYS, and break where they get what a profile says to calls that it was written
/// too early to know. So runc answers all numbers above the largest that a profile names, before it looks at any rule.
/// A profile that names none, or only number 0, has no such answers (libcontainer/seccomp/patchbpf).
void Resolver::hide_above_named(RuleSet& rules, uint32_t largest) {
  if (largest == 0) return;
  std::erase_if(rules.calls, [&](const CallRules& call) { return is_above_named(rules.abi, call.number, largest); });
  rules.largest_named = largest;
}

}  // namespace

std::vector<RuleSet> resolve(const policy::Policy& policy, arch::Abi native, Diagnostics& diagnostics) {
  if (!policy.has_filter) return {};
  return Resolver(policy, native, diagnostics).resolve();
}

}  // namespace sandbox::resolve
