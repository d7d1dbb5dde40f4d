#include "resolve/resolve.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "arch/syscalls.h"
#include "base/edit_distance.h"

namespace sandbox::resolve {
namespace {

using policy::Action;
using policy::Group;
using policy::Name;
using policy::Operation;

Verdict verdict_for(Action action, uint16_t errno_number) {
  return {action, action == Action::kErrno ? errno_number : uint16_t{0}};
}

uint64_t register_value(const policy::Integer& integer) {
  return integer.negative ? -integer.magnitude : integer.magnitude;
}

class Resolver {
 public:
  Resolver(const policy::Policy& policy, arch::Abi abi, Diagnostics& diagnostics)
      : policy_(policy), abi_(arch::info(abi)), diagnostics_(diagnostics) {}

  RuleSet resolve();

 private:
  void add_group(const Group& group, uint32_t index);
  std::optional<uint32_t> number_of(const Name& name);
  std::vector<Condition> conditions_of(const policy::ConditionalName& entry);
  Condition condition_of(const policy::Condition& written);
  uint64_t value_of(const policy::Condition& condition, const policy::Integer& integer);
  void report_unknown(const Name& name);
  std::string suggest(std::string_view written);

  const policy::Policy& policy_;
  const arch::AbiInfo& abi_;
  Diagnostics& diagnostics_;
  std::map<uint32_t, std::vector<Clause>> clauses_;
};

RuleSet Resolver::resolve() {
  for (uint32_t i = 0; i < policy_.groups.size(); ++i) add_group(policy_.groups[i], i);

  RuleSet rules;
  rules.abi = abi_.abi;
  rules.default_verdict = verdict_for(policy_.default_action, policy_.default_errno);
  for (auto& [number, clauses] : clauses_) rules.calls.push_back({number, std::move(clauses)});
  return rules;
}

void Resolver::add_group(const Group& group, uint32_t index) {
  const Verdict verdict = verdict_for(group.action, group.errno_number);
  std::set<std::string_view> named;
  for (const Name& name : group.names) {
    const std::optional<uint32_t> number = number_of(name);
    if (!number) continue;
    if (!named.insert(name.text).second) {
      diagnostics_.warning(name.range, quoted(name.text) + " is named twice in this group");
      continue;
    }
    clauses_[*number].push_back({{}, verdict, {index, name.range}});
  }
  for (const policy::ConditionalName& entry : group.names_with_args) {
    std::vector<Condition> conditions = conditions_of(entry);
    const std::optional<uint32_t> number = number_of(entry.name);
    if (!number) continue;
    if (named.contains(entry.name.text)) {
      diagnostics_.error(
          entry.name.range,
          quoted(entry.name.text) + " stands in 'names' of this group too, which decides it whatever its arguments");
      continue;
    }
    clauses_[*number].push_back({std::move(conditions), verdict, {index, entry.name.range}});
  }
}

std::optional<uint32_t> Resolver::number_of(const Name& name) {
  const std::optional<uint32_t> number = arch::number_of(abi_.abi, name.text);
  if (!number) report_unknown(name);
  return number;
}

void Resolver::report_unknown(const Name& name) {
  const std::string abi(abi_.name);
  std::string message;
  if (name.text.starts_with('@')) {
    message = "sets of system calls such as " + quoted(name.text) + " are not supported yet; name the calls";
  } else if (const std::vector<arch::Abi> others = arch::abis_with(name.text); !others.empty()) {
    message = "no system call " + quoted(name.text) + " on " + abi + "; it exists on ";
    for (size_t i = 0; i < others.size(); ++i) {
      if (i > 0) message += i + 1 == others.size() ? " and " : ", ";
      message += arch::info(others[i]).name;
    }
  } else {
    message = "unknown system call " + quoted(name.text) + " (" + abi + ")" + suggest(name.text);
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
  const std::vector<std::string_view> names = arch::names_on(abi_.abi);
  if (const auto nearest = nearest_name(bare, names)) return "; did you mean " + quoted(*nearest) + "?";
  if (written.find_first_of(" ,") != std::string_view::npos) return "; an entry is one name";
  if (!written.empty() && written.find_first_not_of("0123456789") == std::string_view::npos) {
    return "; a call is given by its name";
  }
  return "";
}

std::vector<Condition> Resolver::conditions_of(const policy::ConditionalName& entry) {
  std::vector<Condition> conditions;
  for (const policy::Condition& written : entry.conditions) conditions.push_back(condition_of(written));
  return conditions;
}

Condition Resolver::condition_of(const policy::Condition& written) {
  Condition condition;
  condition.argument = written.argument;
  condition.width = abi_.register_bits;
  condition.operation = written.operation;
  condition.value = value_of(written, written.value);
  condition.mask = value_of(written, written.mask);
  return condition;
}

uint64_t Resolver::value_of(const policy::Condition& condition, const policy::Integer& integer) {
  const uint64_t value = register_value(integer);
  if (abi_.register_bits == 64) return value;
  // A negative number is meant at the argument's width: -1 is 0xffffffff here.
  if (integer.negative && integer.magnitude <= uint64_t{1} << 31U) return value & UINT32_MAX;
  if (value > UINT32_MAX) {
    diagnostics_.error(condition.range,
                       "the value does not fit an argument of " + std::string(abi_.name) + ", which has 32 bits");
  }
  return value;
}

}  // namespace

RuleSet resolve(const policy::Policy& policy, arch::Abi abi, Diagnostics& diagnostics) {
  return Resolver(policy, abi, diagnostics).resolve();
}

}  // namespace sandbox::resolve
