#include "resolve/convert/beats_policy.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "arch/argument_widths.h"
#include "arch/errno_names.h"
#include "arch/multiplexers.h"
#include "arch/syscalls.h"
#include "resolve/evaluate.h"
#include "resolve/values.h"

namespace sandbox::resolve {
namespace {

using policy::ConditionalName;
using policy::Group;
using policy::Name;
using policy::Operation;

class BeatsBuilder {
 public:
  explicit BeatsBuilder(const Conversion& conversion) : conversion_(conversion) {}

  std::optional<policy::Policy> build();

 private:
  [[nodiscard]] std::vector<arch::Abi> abis_with(const std::string& call) const;
  void add_names(const Group& group);
  void add_conditional_names(const Group& group);
  bool add_condition(const std::vector<arch::Abi>& abis, const std::string& call, const policy::Condition& condition,
                     ConditionalName& entry);
  bool check_arguments(const std::vector<arch::Abi>& abis, const ConditionalName& entry, const Group& group);
  void simplify(policy::ErrnoValue& error) const;
  void add_group(Group group);
  void add_calls_above_named();

  const Conversion& conversion_;
  policy::Policy made_;
  std::set<std::string> decided_;  ///< Calls that a group without conditions has named.
  bool failed_ = false;
};

std::vector<arch::Abi> BeatsBuilder::abis_with(const std::string& call) const {
  std::vector<arch::Abi> abis;
  for (const RuleSet& rules : conversion_.rules) {
    const bool has = arch::number_of(rules.abi, call) || !arch::multiplexed(rules.abi, call).empty();
    if (has) abis.push_back(rules.abi);
  }
  return abis;
}

/// A number by its name, if all ABIs agree on it.
void BeatsBuilder::simplify(policy::ErrnoValue& error) const {
  if (!error.name.empty()) return;
  const std::string name = arch::errno_name(conversion_.rules.front().abi, error.number);
  const bool common = std::all_of(conversion_.rules.begin(), conversion_.rules.end(), [&](const RuleSet& rules) {
    return arch::errno_number(rules.abi, name) == error.number;
  });
  if (common) error.name = name;
}

/// Behind the others; one group with the last one where both say the same of calls, or both of conditional calls.
void BeatsBuilder::add_group(Group group) {
  simplify(group.error);
  const auto same_error = [&](const policy::ErrnoValue& error) {
    return group.action != policy::Action::kErrno ||
           (error.name == group.error.name && error.number == group.error.number);
  };
  Group* last = made_.groups.empty() ? nullptr : &made_.groups.back();
  if (last == nullptr || last->action != group.action || !same_error(last->error) ||
      last->names.empty() != group.names.empty()) {
    made_.groups.push_back(std::move(group));
    return;
  }
  last->names.insert(last->names.end(), group.names.begin(), group.names.end());
  last->names_with_args.insert(last->names_with_args.end(), group.names_with_args.begin(), group.names_with_args.end());
}

void BeatsBuilder::add_names(const Group& group) {
  Group made = {group.action, group.error, {}, {}, group.range};
  for (const Name& name : group.names) {
    if (!abis_with(name.text).empty() && decided_.insert(name.text).second) made.names.push_back(name);
  }
  if (!made.names.empty()) add_group(std::move(made));
}

Condition resolved(const policy::Condition& written, arch::Abi abi, const std::string& call) {
  Condition condition;
  condition.argument = written.argument;
  const uint8_t bits = arch::info(abi).register_bits;
  condition.width = written.wide ? bits : std::min(bits, arch::argument_width(abi, call, written.argument));
  condition.operation = written.operation;
  condition.value = resolve_value(written.value, abi, condition.width).value;
  condition.mask = resolve_value(written.mask, abi, condition.width).value;
  if (written.operation == Operation::kMaskedEqual) condition.value &= condition.mask;
  return condition;
}

policy::Value integer(uint64_t value, SourceRange range) {
  return {{{{value, false}, ""}}, range};
}

/// Adds a condition unless it always holds; false if it never does. Bits outside the mask do not count in a profile.
bool BeatsBuilder::add_condition(const std::vector<arch::Abi>& abis, const std::string& call,
                                 const policy::Condition& condition, ConditionalName& entry) {
  std::vector<std::optional<bool>> outcomes;
  bool narrow = false;
  const Condition* widest = nullptr;
  std::vector<Condition> conditions;
  conditions.reserve(abis.size());
  for (const arch::Abi abi : abis) conditions.push_back(resolved(condition, abi, call));
  for (size_t i = 0; i < abis.size(); ++i) {
    outcomes.push_back(constant_outcome(conditions[i]));
    if (widest == nullptr || conditions[i].width > widest->width) widest = &conditions[i];
    narrow = narrow || arch::argument_width(abis[i], call, condition.argument) < conditions[i].width;
  }
  const bool constant = std::all_of(outcomes.begin(), outcomes.end(),
                                    [&](const auto& outcome) { return outcome && outcome == outcomes.front(); });
  if (constant) return *outcomes.front();
  policy::Condition made = condition;
  made.wide = condition.wide && narrow;
  if (condition.operation == Operation::kMaskedEqual) {
    made.value = integer(widest->value, condition.value.range);
    made.mask = integer(widest->mask, condition.mask.range);
  }
  entry.conditions.push_back(std::move(made));
  return true;
}

/// A profile may compare arguments that a call does not have: registers that hold what they happen to hold.
bool BeatsBuilder::check_arguments(const std::vector<arch::Abi>& abis, const ConditionalName& entry,
                                   const Group& group) {
  for (const policy::Condition& condition : entry.conditions) {
    for (const arch::Abi abi : abis) {
      const auto known = arch::arguments_of(abi, entry.name.text);
      if (!known || condition.argument < known->size()) continue;
      const bool stricter = group.action > made_.default_action;  // Then the default is the stricter reading.
      const std::string reason =
          "it compares argument " + std::to_string(condition.argument) + ", which the call does not have";
      const std::string instead = stricter ? "the rule is left out" : "it holds regardless of the arguments";
      if (!conversion_.reject(condition.range, "the rule for " + in_quotes(std::string_view(entry.name.text)), reason,
                              instead)) {
        failed_ = true;
      } else if (!stricter && decided_.insert(entry.name.text).second) {
        add_group({group.action, group.error, {entry.name}, {}, group.range});
      }
      return false;
    }
  }
  return true;
}

void BeatsBuilder::add_conditional_names(const Group& group) {
  Group made = {group.action, group.error, {}, {}, group.range};
  const auto flush = [&] {
    if (!made.names_with_args.empty()) add_group(made);
    made.names_with_args.clear();
  };
  for (const ConditionalName& written : group.names_with_args) {
    const std::vector<arch::Abi> abis = abis_with(written.name.text);
    if (abis.empty() || decided_.contains(written.name.text) || !check_arguments(abis, written, group)) continue;
    ConditionalName entry = {written.name, {}};
    const bool possible = std::all_of(written.conditions.begin(), written.conditions.end(), [&](const auto& condition) {
      return add_condition(abis, written.name.text, condition, entry);
    });
    if (!possible) continue;
    if (!entry.conditions.empty()) {
      made.names_with_args.push_back(std::move(entry));
      continue;
    }
    flush();  // The order of the rules for this call.
    decided_.insert(written.name.text);
    add_group({group.action, group.error, {written.name}, {}, group.range});
  }
  flush();
}

void BeatsBuilder::add_calls_above_named() {
  Group group = {policy::Action::kErrno, {"ENOSYS", 0, made_.default_range}, {}, {}, made_.default_range};
  for (const std::string_view name : calls_above_named(conversion_)) {
    group.names.push_back({std::string(name), made_.default_range});
  }
  if (!group.names.empty()) add_group(std::move(group));
}

std::optional<policy::Policy> BeatsBuilder::build() {
  made_ = conversion_.policy;
  if (made_.format == policy::Format::kBeats) return made_;
  made_.format = policy::Format::kBeats;
  made_.enosys_above_named = false;
  made_.also_named.clear();
  made_.groups.clear();
  if (made_.architectures.empty()) made_.architectures.push_back({conversion_.rules.front().abi, made_.default_range});
  for (const Group& group : conversion_.policy.groups) {
    add_names(group);
    add_conditional_names(group);
  }
  add_calls_above_named();
  if (made_.groups.empty()) {  // A section needs a group.
    made_.groups.push_back({made_.default_action, made_.default_error, {{"exit_group", {}}}, {}, {}});
  }
  simplify(made_.default_error);
  if (failed_) return std::nullopt;
  return made_;
}

}  // namespace

std::set<std::string_view> calls_above_named(const Conversion& conversion) {
  // In a group such a name would also say what the multiplexer does.
  const auto behind_multiplexer = [&](std::string_view name) {
    return std::ranges::any_of(conversion.rules,
                               [&](const RuleSet& rules) { return !arch::multiplexed(rules.abi, name).empty(); });
  };
  std::set<std::string_view> above;
  std::set<std::string_view> below;
  for (const RuleSet& rules : conversion.rules) {
    for (const std::string_view name : arch::names_on(rules.abi)) {
      const VerdictSource source = fallback_of(rules, *arch::number_of(rules.abi, name)).source;
      if (source == VerdictSource::kAboveNamed && behind_multiplexer(name)) continue;
      (source == VerdictSource::kAboveNamed ? above : below).insert(name);
    }
  }
  if (conversion.policy.default_action != policy::Action::kErrno) {
    std::erase_if(above, [&](std::string_view name) { return below.contains(name); });
  }
  return above;
}

std::optional<policy::Policy> to_beats(const Conversion& conversion) {
  return BeatsBuilder(conversion).build();
}

}  // namespace sandbox::resolve
