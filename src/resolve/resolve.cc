#include "resolve/resolve.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "arch/argument_layout.h"
#include "arch/argument_widths.h"
#include "arch/call_versions.h"
#include "arch/constants.h"
#include "arch/errno_names.h"
#include "arch/multiplexers.h"
#include "arch/syscalls.h"
#include "resolve/call_sets.h"
#include "resolve/evaluate.h"
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

/// By number; the clauses of one call stay in order.
std::vector<CallRules> by_number(std::vector<NumberedClause> clauses) {
  std::vector<uint32_t> order(clauses.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return clauses[a].number < clauses[b].number; });
  std::vector<CallRules> calls;
  for (const uint32_t index : order) {
    NumberedClause& numbered = clauses[index];
    if (calls.empty() || calls.back().number != numbered.number) calls.push_back({numbered.number, {}});
    calls.back().clauses.push_back(std::move(numbered.clause));
  }
  return calls;
}

/// A call that some ABI has.
struct Call {
  std::string_view name;
  arch::CallId id;
};

/// What a name of a group stands for: itself, or the members of a set.
using Calls = std::vector<Call>;

class CallMarks {
 public:
  [[nodiscard]] bool contains(const Call& call) const { return members_[static_cast<size_t>(call.id)]; }
  void insert(const Call& call) { members_[static_cast<size_t>(call.id)] = true; }

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
struct AbiRules {
  explicit AbiRules(const arch::AbiInfo& info) : abi(info), multiplexes(arch::has_multiplexers(info.abi)) {}

  /// How many clauses a call has.
  struct Count {
    bool decided = false;      ///< One of them matches whatever the arguments are.
    uint8_t behind = 0;        ///< Clauses behind it that were kept.
    uint16_t conditional = 0;  ///< Clauses with conditions that can be reached.
  };

  [[nodiscard]] bool has(const Call& call) const {
    return arch::number_of(abi.abi, call.id) || (multiplexes && !arch::multiplexed(abi.abi, call.name).empty());
  }

  const arch::AbiInfo& abi;
  bool multiplexes;
  std::vector<NumberedClause> clauses;                                 ///< As the groups come.
  std::vector<Count> counts = std::vector<Count>(arch::call_count());  ///< By call.
  std::optional<Verdict> verdict;                                      ///< That of the group at hand, once asked for.
};

/// A conditional name's conditions, and the group that it stands in.
struct Rule {
  const Name& name;
  const std::vector<policy::Condition>& conditions;
  const Group& group;
  uint32_t group_index;
};

/// The call as messages name it: a set's member with its set.
std::string subject(const Rule& rule, std::string_view call) {
  return in_quotes(call) + (call == rule.name.text ? "" : " of " + in_quotes(rule.name.text));
}

/// "x86, arm and s390".
std::string join_names(const std::vector<arch::Abi>& abis) {
  std::string text;
  for (size_t i = 0; i < abis.size(); ++i) {
    if (i > 0) text += i + 1 == abis.size() ? " and " : ", ";
    text += arch::info(abis[i]).name;
  }
  return text;
}

class Resolver {
 public:
  Resolver(const policy::Policy& policy, arch::Abi native, Diagnostics& diagnostics);

  std::vector<RuleSet> resolve();

 private:
  void add_group(const Group& group, uint32_t index);
  void add_rule(const Rule& rule);
  void add_names(const Group& group, uint32_t index, CallMarks& named);
  bool add_call(const Rule& rule, const Call& call);
  bool add_clause(AbiRules& rules, const Rule& rule, const Call& call);
  bool count(const Rule& rule, size_t calls);
  bool give_up(const Rule& rule, std::string message);
  void add_to_multiplexer(AbiRules& rules, const Rule& rule, std::string_view call, const Clause& clause);

  [[nodiscard]] bool is_set(const Name& name) const;
  const Calls* calls_of(const Name& name);
  [[nodiscard]] bool anywhere(const Call& call) const;
  Verdict verdict_for(const arch::AbiInfo& abi, Action action, const policy::ErrnoValue& error);
  Condition condition_of(const arch::AbiInfo& abi, std::string_view call, const policy::Condition& written);
  bool check_conditions(const Rule& rule, std::string_view call);
  bool check_argument(const Rule& rule, std::string_view call, const policy::Condition& condition);
  bool check_values(const Rule& rule, std::string_view call, const policy::Condition& condition);
  bool check_value(const Rule& rule, std::string_view call, const policy::Condition& condition,
                   const policy::Value& value, std::string_view what);
  void report_missing_constant(const std::string& constant, const arch::AbiInfo& abi, SourceRange range);
  void warn_of_constant_outcome(const Rule& rule, std::string_view call, const policy::Condition& condition);
  void warn_of_open_multiplexers(const PolicyRules& resolved);
  void warn_later(SourceRange range, std::string message);
  void hide_later_calls(RuleSet& rules);
  void warn_of_empty_effect();

  void report_unknown(const Name& name);
  [[nodiscard]] std::string suggest(std::string_view written);
  [[nodiscard]] std::string abi_list() const;
  /// The listed ABIs that have the call.
  [[nodiscard]] std::vector<const arch::AbiInfo*> abis_with(std::string_view call) const;

  const policy::Policy& policy_;
  Diagnostics& diagnostics_;
  std::vector<AbiRules> abis_;

  Calls own_call_;                            ///< What calls_of() has found for a name that is no set.
  std::map<std::string, Calls> set_members_;  ///< What it has found for sets.
  size_t named_ = 0;                          ///< Calls that the groups have named, for each ABI.
  size_t conditions_ = 0;                     ///< Of all clauses.
  bool too_much_ = false;                     ///< A limit was exceeded; nothing more is resolved.

  struct Warning {
    SourceRange range;
    std::string message;
  };
  std::vector<Warning> warnings_;

  /// A deny with conditions that the multiplexer's way into the call does not have.
  struct UncheckedWay {
    const arch::AbiInfo* abi;
    std::string_view call;
    arch::Multiplexed way;
    SourceRange range;
  };
  std::vector<UncheckedWay> unchecked_ways_;
};

Resolver::Resolver(const policy::Policy& policy, arch::Abi native, Diagnostics& diagnostics)
    : policy_(policy), diagnostics_(diagnostics) {
  for (const policy::ListedAbi& listed : policy.architectures) abis_.emplace_back(arch::info(listed.abi));
  if (abis_.empty()) abis_.emplace_back(arch::info(native));
}

std::vector<RuleSet> Resolver::resolve() {
  warn_of_empty_effect();
  for (uint32_t i = 0; i < policy_.groups.size() && !too_much_; ++i) add_group(policy_.groups[i], i);

  std::vector<RuleSet> resolved;
  for (AbiRules& rules : abis_) {
    RuleSet set;
    set.abi = rules.abi.abi;
    set.default_verdict = verdict_for(rules.abi, policy_.default_action, policy_.default_error);
    set.calls = by_number(std::move(rules.clauses));
    if (policy_.kernel) hide_later_calls(set);
    resolved.push_back(std::move(set));
  }
  warn_of_open_multiplexers(resolved);
  if (diagnostics_.has_errors()) return resolved;
  for (Warning& warning : warnings_) diagnostics_.warning(warning.range, std::move(warning.message));
  return resolved;
}

void Resolver::warn_of_open_multiplexers(const PolicyRules& resolved) {
  std::map<std::tuple<arch::Abi, std::string_view, uint32_t>, bool> open;
  for (const UncheckedWay& unchecked : unchecked_ways_) {
    const auto [way, added] = open.try_emplace({unchecked.abi->abi, unchecked.way.multiplexer, unchecked.way.selector});
    if (added) {
      bpf::SystemCall call;
      call.arch = unchecked.abi->audit_arch;
      call.number = *arch::number_of(unchecked.abi->abi, unchecked.way.multiplexer);
      call.args[0] = unchecked.way.selector;
      const Action action = evaluate(resolved, call).verdict.action;
      way->second = action == Action::kAllow || action == Action::kLog;
    }
    if (!way->second) continue;
    warn_later(unchecked.range, "the conditions on " + in_quotes(unchecked.call) + " cannot be applied to " +
                                    in_quotes(unchecked.way.multiplexer) + " on " + std::string(unchecked.abi->name) +
                                    ", which makes the same call with its arguments in memory; deny " +
                                    in_quotes(unchecked.way.multiplexer) + " too, if no program needs it");
  }
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
        std::find_if(calls->begin(), calls->end(), [&](const Call& call) { return named.contains(call); });
    if (twice != calls->end()) {
      diagnostics_.error(entry.name.range, in_quotes(twice->name) +
                                               " stands in 'names' of this group too, which decides it whatever its "
                                               "arguments");
      continue;
    }
    const Rule rule = {entry.name, entry.conditions, group, index};
    if (!count(rule, calls->size())) return;
    for (const Call& call : *calls) {
      if (!check_conditions(rule, call.name)) break;  // The other members of a set would say the same.
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
      if (!policy_.oci) diagnostics_.warning(name.range, in_quotes(name.text) + " is named twice in this group");
      continue;
    }
    if (!is_set(name)) written.insert(calls->front());
    const Rule rule = {name, kNone, group, index};
    if (!count(rule, calls->size())) return;
    for (const Call& call : *calls) {
      named.insert(call);
      if (!add_call(rule, call)) return;
    }
  }
}

bool Resolver::is_set(const Name& name) const {
  return !policy_.oci && name.text.starts_with('@');
}

/// The calls that a name stands for, until the next name is asked for; null if it is not known, which is an error.
const Calls* Resolver::calls_of(const Name& name) {
  if (!is_set(name)) {
    const std::optional<arch::CallId> id = arch::find_call(name.text);
    if (id && anywhere({name.text, *id})) {
      own_call_ = {{name.text, *id}};
      return &own_call_;
    }
    if (!policy_.oci) report_unknown(name);
    return nullptr;
  }
  if (const auto known = set_members_.find(name.text); known != set_members_.end()) return &known->second;
  const auto members = members_of_set(name.text);
  if (!members) {
    const std::vector<std::string_view> sets = set_names();
    std::string message = "unknown set " + in_quotes(name.text);
    if (name.text.find_first_of(" ,") != std::string::npos) {
      message += "; an entry is one name";
    } else if (const auto nearest = diagnostics_.nearest("sets", name.text, sets)) {
      message += "; did you mean " + in_quotes(*nearest) + "?";
    }
    diagnostics_.error(name.range, std::move(message));
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
bool Resolver::anywhere(const Call& call) const {
  return std::any_of(abis_.begin(), abis_.end(), [&](const AbiRules& rules) { return rules.has(call); });
}

std::vector<const arch::AbiInfo*> Resolver::abis_with(std::string_view call) const {
  std::vector<const arch::AbiInfo*> abis;
  for (const AbiRules& rules : abis_) {
    const std::optional<arch::CallId> id = arch::find_call(call);
    if (id && rules.has({call, *id})) abis.push_back(&rules.abi);
  }
  return abis;
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
bool Resolver::add_call(const Rule& rule, const Call& call) {
  return std::all_of(abis_.begin(), abis_.end(),
                     [&](AbiRules& rules) { return !rules.has(call) || add_clause(rules, rule, call); });
}

bool Resolver::add_clause(AbiRules& rules, const Rule& rule, const Call& call) {
  if (!rules.verdict) rules.verdict = verdict_for(rules.abi, rule.group.action, rule.group.error);
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
    clause.conditions.push_back(condition_of(rules.abi, call.name, written));
  }
  if (rules.multiplexes) add_to_multiplexer(rules, rule, call.name, clause);
  const auto number = arch::number_of(rules.abi.abi, call.id);
  if (number) rules.clauses.push_back({*number, std::move(clause)});
  return true;
}

/// What is said of `socket` also holds for `socketcall` with socket's number; but its arguments are in memory there.
void Resolver::add_to_multiplexer(AbiRules& rules, const Rule& rule, std::string_view call, const Clause& clause) {
  const std::vector<arch::Multiplexed> ways = arch::multiplexed(rules.abi.abi, call);
  if (ways.empty()) return;
  if (!clause.conditions.empty()) {
    const bool opens = rule.group.action == Action::kAllow || rule.group.action == Action::kLog;
    if (opens) return;
    for (const arch::Multiplexed& way : ways) unchecked_ways_.push_back({&rules.abi, call, way, rule.name.range});
    return;
  }
  for (const arch::Multiplexed& way : ways) {
    Condition selector;
    selector.argument = 0;
    selector.width = 32;
    selector.operation = Operation::kMaskedEqual;
    selector.value = way.selector;
    selector.mask = way.mask;
    const uint32_t number = *arch::number_of(rules.abi.abi, way.multiplexer);
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

Condition Resolver::condition_of(const arch::AbiInfo& abi, std::string_view call, const policy::Condition& written) {
  Condition condition;
  condition.argument = written.argument;
  condition.operation = written.operation;
  const uint8_t read = arch::argument_width(abi.abi, call, written.argument);
  condition.width = written.wide ? abi.register_bits : std::min(read, abi.register_bits);
  condition.value = resolve_value(written.value, abi.abi, condition.width).value;
  condition.mask = resolve_value(written.mask, abi.abi, condition.width).value;
  const bool masked = condition.operation == Operation::kMaskedEqual;
  if (policy_.oci && masked) condition.value &= condition.mask;  // As libseccomp does.
  return condition;
}

bool Resolver::check_conditions(const Rule& rule, std::string_view call) {
  bool good = true;
  for (const policy::Condition& condition : rule.conditions) {
    good = check_argument(rule, call, condition) && check_values(rule, call, condition) && good;
  }
  return good;
}

/// The argument must be the same one on every ABI that has the call, and exist.
bool Resolver::check_argument(const Rule& rule, std::string_view call, const policy::Condition& condition) {
  const std::vector<const arch::AbiInfo*> abis = abis_with(call);
  const std::string argument = "argument " + std::to_string(condition.argument);
  for (const arch::AbiInfo* abi : abis) {
    const uint32_t meaning = arch::argument_meaning(abi->abi, call, condition.argument);
    if (meaning == arch::argument_meaning(abis.front()->abi, call, condition.argument)) continue;
    diagnostics_.error(condition.range, argument + " of " + subject(rule, call) + " is another one on " +
                                            std::string(abi->name) + " than on " + std::string(abis.front()->name) +
                                            "; write a policy for each");
    return false;
  }
  for (const arch::AbiInfo* abi : abis) {
    const auto known = arch::arguments_of(abi->abi, call);
    if (policy_.oci || !known || condition.argument < known->size()) continue;
    const std::string where = abis_.size() > 1 ? " on " + std::string(abi->name) : "";
    const std::string has = known->empty() ? "it takes none" : "the last one is " + std::to_string(known->size() - 1);
    diagnostics_.error(condition.range, subject(rule, call) + " has no " + argument + where + "; " + has);
    return false;
  }
  return true;
}

bool Resolver::check_values(const Rule& rule, std::string_view call, const policy::Condition& condition) {
  const bool good = check_value(rule, call, condition, condition.value, "value") &&
                    check_value(rule, call, condition, condition.mask, "mask");
  if (good) warn_of_constant_outcome(rule, call, condition);
  return good;
}

/// A value must exist on every listed ABI that has the call, and fit on one of them.
bool Resolver::check_value(const Rule& rule, std::string_view call, const policy::Condition& condition,
                           const policy::Value& value, std::string_view what) {
  if (value.terms.empty()) return true;
  bool fits_somewhere = false;
  unsigned width = 0;
  for (const arch::AbiInfo* abi : abis_with(call)) {
    width = condition_of(*abi, call, condition).width;
    const ResolvedValue resolved = resolve_value(value, abi->abi, width);
    if (!resolved.missing_constant.empty()) {
      report_missing_constant(resolved.missing_constant, *abi, value.range);
      return false;
    }
    fits_somewhere = fits_somewhere || resolved.fits;
  }
  if (fits_somewhere) return true;
  diagnostics_.error(value.range, "the " + std::string(what) + " does not fit argument " +
                                      std::to_string(condition.argument) + " of " + subject(rule, call) +
                                      ", of which the kernel reads " + std::to_string(width) + " bits");
  return false;
}

void Resolver::report_missing_constant(const std::string& constant, const arch::AbiInfo& abi, SourceRange range) {
  constexpr size_t kFew = 4;
  std::string message = "no constant " + in_quotes(std::string_view(constant)) + " on " + std::string(abi.name);
  const std::vector<arch::Abi> others = arch::abis_with_constant(constant);
  if (others.size() <= kFew) message += "; it exists on " + join_names(others);
  diagnostics_.error(range, std::move(message));
}

/// A condition that has one outcome for every argument is hardly what was meant.
void Resolver::warn_of_constant_outcome(const Rule& rule, std::string_view call, const policy::Condition& written) {
  for (const arch::AbiInfo* abi : abis_with(call)) {
    const std::optional<bool> outcome = constant_outcome(condition_of(*abi, call, written));
    if (!outcome) continue;
    warn_later(written.range, "this condition on " + subject(rule, call) + (*outcome ? " always" : " never") +
                                  " holds on " + std::string(abi->name));
  }
}

/// Warnings are about a policy that is whole; beside errors they would follow from these.
void Resolver::warn_later(SourceRange range, std::string message) {
  warnings_.push_back({range, std::move(message)});
}

void Resolver::warn_of_empty_effect() {
  const auto opens = [](Action action) { return action == Action::kAllow; };
  const bool denies =
      !opens(policy_.default_action) || std::any_of(policy_.groups.begin(), policy_.groups.end(),
                                                    [&](const Group& group) { return !opens(group.action); });
  if (denies || !policy_.enabled || policy_.kernel) return;
  warn_later(policy_.default_range, "this policy denies nothing: the default is allow and every group allows");
}

/// `kernel:`: calls that Linux gained after that version, and numbers that no table knows, get ENOSYS unless a group
/// names them, as they would on that kernel.
void Resolver::hide_later_calls(RuleSet& rules) {
  const Verdict by_default = rules.default_verdict;
  const Verdict no_such_call = {Action::kErrno, arch::errno_number(rules.abi, "ENOSYS").value_or(ENOSYS)};
  std::map<uint32_t, std::vector<Clause>> calls;
  for (CallRules& call : rules.calls) calls[call.number] = std::move(call.clauses);
  for (const std::string_view name : arch::names_on(rules.abi)) {
    const uint32_t number = *arch::number_of(rules.abi, name);
    const auto introduced = arch::introduced(rules.abi, name);
    const bool later = !introduced || *introduced > *policy_.kernel;
    if (later && !calls.contains(number)) continue;  // The new default.
    calls[number].push_back({{}, by_default, std::nullopt});
  }
  rules.default_verdict = no_such_call;
  rules.default_source = VerdictSource::kKernel;
  rules.calls.clear();
  for (auto& [number, clauses] : calls) rules.calls.push_back({number, std::move(clauses)});
}

std::string Resolver::abi_list() const {
  std::string list;
  for (const AbiRules& rules : abis_) {
    if (!list.empty()) list += ", ";
    list += rules.abi.name;
  }
  return list;
}

void Resolver::report_unknown(const Name& name) {
  std::string message;
  if (const std::vector<arch::Abi> others = arch::abis_with(name.text); !others.empty()) {
    message = "no system call " + in_quotes(name.text) + " on " + abi_list() + "; it exists on " + join_names(others);
    if (policy_.architectures.empty()) message += "; is 'architectures' missing?";
  } else {
    message = "unknown system call " + in_quotes(name.text) + " (" + abi_list() + ")" + suggest(name.text);
  }
  diagnostics_.error(name.range, std::move(message));
}

/// The nearest valid thing to a name that is no system call.
std::string Resolver::suggest(std::string_view written) {
  constexpr std::string_view kPrefixes[] = {"__NR_", "SYS_", "sys_"};
  std::string_view bare = written;
  for (const std::string_view prefix : kPrefixes) {
    if (bare.starts_with(prefix)) bare.remove_prefix(prefix.size());
  }
  const auto names = [&] {
    std::vector<std::string_view> all;
    for (const AbiRules& rules : abis_) {
      const std::vector<std::string_view> own = arch::names_on(rules.abi.abi);
      all.insert(all.end(), own.begin(), own.end());
    }
    return all;
  };
  const std::vector<std::string_view> sets = set_names();
  const std::string as_set = "@" + std::string(written);
  if (std::find(sets.begin(), sets.end(), as_set) != sets.end()) {
    return "; did you mean the set " + in_quotes(std::string_view(as_set)) + "?";
  }
  if (const auto nearest = diagnostics_.nearest("calls", bare, names))
    return "; did you mean " + in_quotes(*nearest) + "?";
  if (written.find_first_of(" ,") != std::string_view::npos) return "; an entry is one name";
  if (!written.empty() && written.find_first_not_of("0123456789") == std::string_view::npos) {
    return "; a call is given by its name";
  }
  return "";
}

}  // namespace

std::vector<RuleSet> resolve(const policy::Policy& policy, arch::Abi native, Diagnostics& diagnostics) {
  return Resolver(policy, native, diagnostics).resolve();
}

}  // namespace sandbox::resolve
