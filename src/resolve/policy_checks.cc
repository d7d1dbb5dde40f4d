#include "resolve/policy_checks.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "arch/argument_layout.h"
#include "arch/argument_widths.h"
#include "arch/call_sets.h"
#include "arch/constants.h"
#include "base/text.h"
#include "resolve/evaluate.h"
#include "resolve/values.h"

namespace sandbox::resolve {
namespace {

using policy::Action;
using policy::Group;
using policy::Name;

/// The call as messages name it: a set's member with its set.
std::string subject(const Name& entry, std::string_view call) {
  return in_quotes(call) + (call == entry.text ? "" : " of " + in_quotes(entry.text));
}

std::string join_names(const std::vector<arch::Abi>& abis) {
  return join_with_and(abis, [](arch::Abi abi) { return arch::info(abi).name; });
}

/// The same call by the name that the ABI has for it.
std::optional<std::string_view> own_name_on(std::string_view written, const CoveredAbi& covered) {
  constexpr std::string_view kSame[][3] = {
      {"fadvise64_64", "arm_fadvise64_64", "fadvise64"},
      {"sync_file_range", "sync_file_range2", "arm_sync_file_range"},
      {"newfstatat", "fstatat64", "newfstatat"},
  };
  for (const auto& names : kSame) {
    if (std::ranges::find(names, written) == std::end(names)) continue;
    for (const std::string_view name : names) {
      if (arch::number_of(covered.abi.abi, name)) return name;
    }
  }
  return std::nullopt;
}

/// All calls that a policy names, by themselves or in sets.
std::set<std::string_view> named_calls(const policy::Policy& policy) {
  std::set<std::string_view> named;
  const auto add = [&](const Name& name) {
    if (!named.insert(name.text).second) return;
    if (const auto members = arch::members_of_set(name.text)) named.insert(members->begin(), members->end());
  };
  for (const Group& group : policy.groups) {
    for (const Name& name : group.names) add(name);
    for (const policy::ConditionalName& entry : group.names_with_args) add(entry.name);
  }
  return named;
}

}  // namespace

CoveredAbi::CoveredAbi(const arch::AbiInfo& info) : abi(info) {
  for (const std::string_view multiplexer : {"socketcall", "ipc"}) {
    if (!arch::number_of(info.abi, multiplexer)) continue;
    for (const std::string_view name : arch::calls_behind(multiplexer)) {
      if (const auto call = arch::find_call(name)) multiplexed_[static_cast<size_t>(*call)] = true;
    }
  }
}

PolicyChecks::PolicyChecks(const policy::Policy& policy, std::vector<CoveredAbi> abis, Diagnostics& diagnostics)
    : policy_(policy), abis_(std::move(abis)), diagnostics_(diagnostics) {
  warn_of_empty_effect();
}

void PolicyChecks::finish(const PolicyRules& resolved) {
  warn_of_open_multiplexers(resolved);
  warn_of_skipped_denials(resolved);
  if (diagnostics_.has_errors()) return;
  for (Warning& warning : warnings_) diagnostics_.warning(warning.range, std::move(warning.message));
}

void PolicyChecks::warn_later(SourceRange range, std::string message) {
  warnings_.push_back({range, std::move(message)});
}

std::vector<const arch::AbiInfo*> PolicyChecks::abis_with(std::string_view call) const {
  std::vector<const arch::AbiInfo*> abis;
  for (const CoveredAbi& covered : abis_) {
    const std::optional<arch::CallId> id = arch::find_call(call);
    if (id && covered.has({call, *id})) abis.push_back(&covered.abi);
  }
  return abis;
}

std::string PolicyChecks::abi_list() const {
  return join(abis_, ", ", [](const CoveredAbi& covered) { return covered.abi.name; });
}

// ---- Names ----

bool PolicyChecks::may_be_skipped(const Name& name) {
  if (!policy_.skip_missing_calls || arch::abis_with(name.text).empty()) return false;
  return std::ranges::all_of(abis_, [&](const CoveredAbi& covered) {
    const auto own = own_name_on(name.text, covered);
    if (own && !named_) named_ = named_calls(policy_);
    return !own || named_->contains(*own);
  });
}

void PolicyChecks::report_unknown(const Name& name) {
  std::string message;
  if (const std::vector<arch::Abi> others = arch::abis_with(name.text); !others.empty()) {
    message = "no system call " + in_quotes(name.text) + " on " + abi_list();
    if (const auto own = own_name(name.text)) {
      const bool skips = policy_.skip_missing_calls;
      diagnostics_.error(name.range, message + "; it is " + in_quotes(*own) + " there" +
                                         (skips ? ", which the policy must name too" : ""));
      return;
    }
    message += "; it exists on " + join_names(others);
    if (policy_.architectures.empty()) message += "; is 'architectures' missing?";
  } else {
    message = "unknown system call " + in_quotes(name.text) + " (" + abi_list() + ")" + suggest(name.text);
  }
  diagnostics_.error(name.range, std::move(message));
}

/// The same for the first listed ABI that has one.
std::optional<std::string_view> PolicyChecks::own_name(std::string_view written) const {
  for (const CoveredAbi& covered : abis_) {
    if (const auto own = own_name_on(written, covered)) return own;
  }
  return std::nullopt;
}

void PolicyChecks::report_unknown_set(const Name& name) {
  const std::vector<std::string_view> sets = arch::set_names();
  std::string message = "unknown set " + in_quotes(name.text);
  if (name.text.find_first_of(" ,") != std::string::npos) {
    message += "; an entry is one name";
  } else if (const auto nearest = diagnostics_.nearest("sets", name.text, sets)) {
    message += "; did you mean " + in_quotes(*nearest) + "?";
  }
  diagnostics_.error(name.range, std::move(message));
}

/// The nearest valid thing to a name that is no system call.
std::string PolicyChecks::suggest(std::string_view written) {
  constexpr std::string_view kPrefixes[] = {"__NR_", "SYS_", "sys_"};
  std::string_view bare = written;
  for (const std::string_view prefix : kPrefixes) {
    if (bare.starts_with(prefix)) bare.remove_prefix(prefix.size());
  }
  const auto names = [&] {
    std::vector<std::string_view> all;
    for (const CoveredAbi& covered : abis_) {
      const std::vector<std::string_view> own = arch::names_on(covered.abi.abi);
      all.insert(all.end(), own.begin(), own.end());
    }
    return all;
  };
  const std::vector<std::string_view> sets = arch::set_names();
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

// ---- Conditions ----

bool PolicyChecks::check_conditions(const Name& entry, const std::vector<policy::Condition>& conditions,
                                    std::string_view call) {
  bool good = true;
  for (const policy::Condition& condition : conditions) {
    good = check_argument(entry, call, condition) && check_values(entry, call, condition) && good;
  }
  return good;
}

/// The argument must exist on every ABI that has the call, and be the same one; in a text for all ABIs, in a register.
bool PolicyChecks::check_argument(const Name& entry, std::string_view call, const policy::Condition& condition) {
  const std::vector<const arch::AbiInfo*> abis = abis_with(call);
  const std::string argument = "argument " + std::to_string(condition.argument);
  // A text for all ABIs means the arguments that most of them have, and x86_64.
  const bool for_all = has_arguments_of_x86_64(policy_, call);
  const arch::AbiInfo& first = for_all ? arch::info(arch::Abi::kX86_64) : *abis.front();
  for (const arch::AbiInfo* abi : abis) {
    const auto same = arch::same_argument(first.abi, condition.argument, abi->abi, call);
    if (for_all ? same.has_value() : same == condition.argument) continue;
    diagnostics_.error(condition.range, argument + " of " + subject(entry, call) + " is another one on " +
                                            std::string(abi->name) + " than on " + std::string(first.name) +
                                            "; write a policy for each");
    return false;
  }
  for (const arch::AbiInfo* abi : abis) {
    if (is_container_profile(policy_.format)) break;
    const auto known = arch::arguments_of(abi->abi, call);
    if (!known || condition.argument < known->size()) continue;
    const std::string where = abis_.size() > 1 ? " on " + std::string(abi->name) : "";
    const std::string has = known->empty() ? "it takes none" : "the last one is " + std::to_string(known->size() - 1);
    std::string message = subject(entry, call) + " has no ";
    message.append(argument).append(where).append("; ").append(has);
    diagnostics_.error(condition.range, std::move(message));
    return false;
  }
  return true;
}

bool PolicyChecks::check_values(const Name& entry, std::string_view call, const policy::Condition& condition) {
  const bool good = check_value(entry, call, condition, condition.value, "value") &&
                    check_value(entry, call, condition, condition.mask, "mask");
  if (good) warn_of_constant_outcome(entry, call, condition);
  return good;
}

/// A value must exist on every listed ABI that has the call, and fit on one of them.
bool PolicyChecks::check_value(const Name& entry, std::string_view call, const policy::Condition& condition,
                               const policy::Value& value, std::string_view what) {
  if (value.terms.empty()) return true;
  bool fits_somewhere = false;
  unsigned width = 0;
  for (const arch::AbiInfo* abi : abis_with(call)) {
    width = resolve_condition(policy_, condition, call, *abi).width;
    const ResolvedValue resolved = resolve_value(value, abi->abi, width);
    if (!resolved.missing_constant.empty()) {
      report_missing_constant(resolved.missing_constant, *abi, value.range);
      return false;
    }
    fits_somewhere = fits_somewhere || resolved.fits;
  }
  if (fits_somewhere) return true;
  diagnostics_.error(value.range, "the " + std::string(what) + " does not fit argument " +
                                      std::to_string(condition.argument) + " of " + subject(entry, call) +
                                      ", of which the kernel reads " + std::to_string(width) + " bits");
  return false;
}

void PolicyChecks::report_missing_constant(const std::string& constant, const arch::AbiInfo& abi, SourceRange range) {
  constexpr size_t kFew = 4;
  std::string message = "no constant " + in_quotes(std::string_view(constant)) + " on " + std::string(abi.name);
  const std::vector<arch::Abi> others = arch::abis_with_constant(constant);
  if (others.size() <= kFew) message += "; it exists on " + join_names(others);
  diagnostics_.error(range, std::move(message));
}

/// A condition that has one outcome for every argument is hardly what was meant.
void PolicyChecks::warn_of_constant_outcome(const Name& entry, std::string_view call,
                                            const policy::Condition& written) {
  for (const arch::AbiInfo* abi : abis_with(call)) {
    const std::optional<bool> outcome = constant_outcome(resolve_condition(policy_, written, call, *abi));
    if (!outcome) continue;
    warn_later(written.range, "this condition on " + subject(entry, call) + (*outcome ? " always" : " never") +
                                  " holds on " + std::string(abi->name));
  }
}

// ---- The whole ----

void PolicyChecks::warn_of_empty_effect() {
  const auto opens = [](Action action) { return action == Action::kAllow; };
  const bool denies =
      !opens(policy_.default_action) || std::any_of(policy_.groups.begin(), policy_.groups.end(),
                                                    [&](const Group& group) { return !opens(group.action); });
  if (denies || !policy_.enabled || policy_.kernel) return;
  // A unit may ask for no more than that: SystemCallArchitectures= alone.
  const bool unit = policy_.format == policy::Format::kSystemd;
  warn_later(policy_.default_range, unit ? "this unit denies only calls through other ABIs than " + abi_list() +
                                               ": no SystemCallFilter= denies a call"
                                         : "this policy denies nothing: the default is allow and every group allows");
}

/// Where skipping leaves an ABI nothing that is denied.
void PolicyChecks::warn_of_skipped_denials(const PolicyRules& resolved) {
  const auto opens = [](Action action) { return action == Action::kAllow; };
  const bool denies = std::ranges::any_of(policy_.groups, [&](const Group& group) { return !opens(group.action); });
  if (!policy_.skip_missing_calls || !policy_.enabled || !denies) return;
  for (const RuleSet& rules : resolved) {
    const auto denied = [&](const Clause& clause) { return !opens(clause.verdict.action); };
    const bool any = !opens(rules.default_verdict.action) ||
                     std::ranges::any_of(
                         rules.calls, [&](const CallRules& call) { return std::ranges::any_of(call.clauses, denied); });
    if (any) continue;
    const std::string abi(arch::info(rules.abi).name);
    warn_later(policy_.default_range,
               "this policy denies nothing on " + abi + ", which lacks all calls that it denies");
  }
}

void PolicyChecks::note_unchecked(const arch::AbiInfo& abi, std::string_view call, const arch::Multiplexed& multiplexed,
                                  SourceRange range) {
  unchecked_.push_back({&abi, call, multiplexed, range});
}

void PolicyChecks::warn_of_open_multiplexers(const PolicyRules& resolved) {
  std::map<std::tuple<arch::Abi, std::string_view, uint32_t>, bool> open;
  for (const UncheckedMultiplexer& unchecked : unchecked_) {
    const auto [answer, added] =
        open.try_emplace({unchecked.abi->abi, unchecked.multiplexed.multiplexer, unchecked.multiplexed.selector});
    if (added) {
      bpf::SystemCall call;
      call.arch = unchecked.abi->audit_arch;
      call.number = *arch::number_of(unchecked.abi->abi, unchecked.multiplexed.multiplexer);
      call.args[0] = unchecked.multiplexed.selector;
      const Action action = evaluate(resolved, call).verdict.action;
      answer->second = policy::is_allowed(action);
    }
    if (!answer->second) continue;
    warn_later(unchecked.range, "the conditions on " + in_quotes(unchecked.call) + " cannot be applied to " +
                                    in_quotes(unchecked.multiplexed.multiplexer) + " on " +
                                    std::string(unchecked.abi->name) +
                                    ", which makes the same call with its arguments in memory; deny " +
                                    in_quotes(unchecked.multiplexed.multiplexer) + " too, if no program needs it");
  }
}

}  // namespace sandbox::resolve
