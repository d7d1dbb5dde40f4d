#include "resolve/convert/oci_profile.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <string>
#include <utility>

#include "arch/errno_names.h"
#include "arch/multiplexers.h"
#include "arch/syscalls.h"
#include "resolve/convert/oci_comparisons.h"
#include "resolve/verdict_text.h"

namespace sandbox::resolve {
namespace {

using policy::Action;
using policy::OciArgument;
using policy::Operation;
using Set = ArgumentSets::Set;

/// A rule of one call, before calls with equal rules are put together.
struct CallRule {
  Verdict verdict;
  OciArguments arguments;
  auto operator<=>(const CallRule&) const = default;
};

/// A call on one of the ABIs that have it.
struct OnAbi {
  const RuleSet* rules = nullptr;
  uint32_t number = 0;
};

class OciBuilder {
 public:
  OciBuilder(const Conversion& conversion, const OciLimits& limits) : conversion_(conversion), limits_(limits) {}

  std::optional<policy::OciProfile> build();

 private:
  bool choose_default();
  void collect_calls();
  void add_call(const std::string& name, const std::vector<OnAbi>& abis);
  void add_multiplexer(const std::string& name, const std::vector<OnAbi>& abis);
  /// What the call gets on all the ABIs, as the first with the widest registers sees it.
  std::optional<VerdictSets> common_verdict_sets(const std::string& name, const std::vector<OnAbi>& abis);
  std::optional<std::vector<CallRule>> rules_for(const std::string& name, const OnAbi& abi,
                                                 const VerdictSets& verdict_sets, const VerdictSets& said_already);
  [[nodiscard]] std::vector<NamedVerdict> rules_by_name() const;
  void keep_largest_named(policy::OciProfile& profile) const;
  void reject(const std::string& name, const std::vector<OnAbi>& abis, const std::string& reason);

  const Conversion& conversion_;
  const OciLimits& limits_;
  ArgumentSets sets_;
  Verdict default_;
  std::map<std::string, std::vector<OnAbi>> calls_;
  std::map<Verdict, std::vector<std::string>> whole_multiplexers_;
  std::map<Verdict, std::vector<std::string>> unconditional_;
  std::vector<std::pair<std::vector<CallRule>, std::vector<std::string>>> conditional_;
  bool failed_ = false;
};

unsigned register_bits(const OnAbi& abi) {
  return arch::info(abi.rules->abi).register_bits;
}

const OnAbi& widest(const std::vector<OnAbi>& abis) {
  return *std::max_element(abis.begin(), abis.end(),
                           [](const OnAbi& a, const OnAbi& b) { return register_bits(a) < register_bits(b); });
}

bool is_multiplexer(std::string_view name) {
  return !arch::calls_behind(name).empty();
}

std::string_view abi_name(const OnAbi& abi) {
  return arch::info(abi.rules->abi).name;
}

/// One default for all ABIs; an errno may have another number on one of them.
bool OciBuilder::choose_default() {
  default_ = conversion_.rules.front().default_verdict;
  const SourceRange range = conversion_.policy.default_range;
  for (const RuleSet& rules : conversion_.rules) {
    if (rules.default_verdict == default_) continue;
    if (!conversion_.reject(range, "the default action",
                            "its errno has another number on " + std::string(arch::info(rules.abi).name) + " than on " +
                                std::string(arch::info(conversion_.rules.front().abi).name),
                            "every ABI gets the number " + std::to_string(default_.data))) {
      return false;
    }
  }
  if (limits_.default_errno || default_.action != Action::kErrno || default_.data == EPERM) return true;
  const std::string name = arch::errno_name(conversion_.rules.front().abi, default_.data);
  const std::string why =
      conversion_.policy.kernel ? "'kernel' hides calls with ENOSYS" : "the default errno is " + name;
  default_.data = EPERM;
  return conversion_.reject(range, "the default action", why + ", and the default errno there is EPERM",
                            "calls that no table knows get EPERM");
}

/// The calls that get something else than the default on one ABI at least, with all ABIs that have them.
void OciBuilder::collect_calls() {
  std::map<std::string, bool> names;
  for (const RuleSet& rules : conversion_.rules) {
    for (const CallRules& call : rules.calls) {
      if (const auto name = arch::name_of(rules.abi, call.number)) names[std::string(*name)] = true;
    }
    if (rules.default_verdict == default_) continue;
    for (const std::string_view name : arch::names_on(rules.abi)) names[std::string(name)] = true;
  }
  for (const auto& [name, unused] : names) {
    for (const RuleSet& rules : conversion_.rules) {
      if (const auto number = arch::number_of(rules.abi, name)) calls_[name].push_back({&rules, *number});
    }
  }
}

void OciBuilder::reject(const std::string& name, const std::vector<OnAbi>& abis, const std::string& reason) {
  Verdict strictest = {Action::kAllow, 0};
  SourceRange range = conversion_.policy.default_range;
  bool placed = false;
  for (const OnAbi& abi : abis) {
    strictest = more_restrictive(strictest, fallback_of(*abi.rules, abi.number).verdict);
    for (const Clause& clause : clauses_of(*abi.rules, abi.number)) {
      strictest = more_restrictive(strictest, clause.verdict);
      if (!placed && clause.origin) {
        range = clause.origin->range;
        placed = true;
      }
    }
  }
  if (strictest.action == default_.action) strictest = default_;
  const std::string instead = verdict_text(strictest, abis.front().rules->abi) + " regardless of its arguments";
  if (!conversion_.reject(range, "the rule for " + in_quotes(std::string_view(name)), reason, instead)) {
    failed_ = true;
  } else if (strictest != default_) {
    unconditional_[strictest].push_back(name);
  }
}

std::optional<VerdictSets> OciBuilder::common_verdict_sets(const std::string& name, const std::vector<OnAbi>& abis) {
  const OnAbi& first = widest(abis);
  VerdictSets common = decide(sets_, *first.rules, first.number);
  for (const OnAbi& abi : abis) {
    const VerdictSets here = decide(sets_, *abi.rules, abi.number);
    const bool narrower = register_bits(abi) < register_bits(first);
    const auto same = [&](const VerdictSet& verdict_set) {
      Set set = set_of(common, verdict_set.verdict);
      if (narrower) set = sets_.low_words(set);
      return set == verdict_set.set;
    };
    if (std::all_of(here.begin(), here.end(), same)) continue;
    reject(name, abis,
           "it is not the same on " + std::string(abi_name(abi)) + " as on " + std::string(abi_name(first)) +
               "; write a policy for each");
    return std::nullopt;
  }
  return common;
}

bool branches(const OciArgument& argument) {
  return argument.operation != Operation::kEqual && argument.operation != Operation::kMaskedEqual;
}

bool masks_upper_half(const OciArgument& argument) {
  return argument.operation == Operation::kMaskedEqual && argument.value > UINT32_MAX;
}

/// Adding a rule with several arguments to others takes libseccomp (2.5.4) twice as long for each that is there, if
/// comparisons branch on the upper half; with both kinds below in one rule the third does not return. Seen by trying.
bool overwhelms_libseccomp(const std::vector<CallRule>& rules) {
  constexpr size_t kManageable = 12;
  size_t slow = 0;
  size_t endless = 0;
  for (const CallRule& rule : rules) {
    if (rule.arguments.size() < 2) continue;
    const bool branching = std::any_of(rule.arguments.begin(), rule.arguments.end(), branches);
    const bool upper = std::any_of(rule.arguments.begin(), rule.arguments.end(), masks_upper_half);
    slow += branching || upper ? 1 : 0;
    endless += branching && upper ? 1 : 0;
  }
  return slow > kManageable || endless > 1;
}

/// Where two rules branch on one argument, libseccomp (2.5.4) can hang what the first asks besides, or its verdict,
/// behind the other's comparison, too: seen in its exported program, and by trying. It does not where both rules ask
/// nothing else and the values have one upper half.
bool confuses_libseccomp(const std::vector<CallRule>& rules) {
  const auto confuses = [](const CallRule& one, const CallRule& other) {
    const bool simple = one.arguments.size() == 1 && other.arguments.size() == 1;
    const auto clash = [&](const OciArgument& a, const OciArgument& b) {
      return a.index == b.index && branches(a) && branches(b) && (a.value != b.value || a.operation != b.operation) &&
             !(simple && a.value >> 32U == b.value >> 32U);
    };
    return std::ranges::any_of(one.arguments, [&](const OciArgument& a) {
      return std::ranges::any_of(other.arguments, [&](const OciArgument& b) { return clash(a, b); });
    });
  };
  for (size_t i = 0; i < rules.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (confuses(rules[j], rules[i])) return true;
    }
  }
  return false;
}

std::optional<std::vector<CallRule>> OciBuilder::rules_for(const std::string& name, const OnAbi& abi,
                                                           const VerdictSets& verdict_sets,
                                                           const VerdictSets& said_already) {
  std::vector<CallRule> rules;
  for (const VerdictSet& verdict_set : verdict_sets) {
    if (verdict_set.verdict == default_) continue;
    const Set open = sets_.without(verdict_set.set, set_of(said_already, verdict_set.verdict));
    const auto made =
        oci_rules_for(sets_, open, verdict_set.set, clauses_of(*abi.rules, abi.number), register_bits(abi));
    if (!made || rules.size() + made->size() > kMaxOciRules) {
      reject(name, calls_.at(name), "it would take more than " + std::to_string(kMaxOciRules) + " rules there");
      return std::nullopt;
    }
    for (const OciArguments& arguments : *made) rules.push_back({verdict_set.verdict, arguments});
  }
  if (overwhelms_libseccomp(rules)) {
    reject(name, calls_.at(name), "libseccomp, which container runtimes use, would not come to an end with its rules");
    return std::nullopt;
  }
  if (confuses_libseccomp(rules)) {
    reject(name, calls_.at(name), "libseccomp, which container runtimes use, would mix up its rules");
    return std::nullopt;
  }
  const auto too_great = [&](const CallRule& rule) {
    return std::any_of(rule.arguments.begin(), rule.arguments.end(), [&](const OciArgument& argument) {
      return std::max(argument.value, argument.value_two) > limits_.greatest_value;
    });
  };
  if (std::none_of(rules.begin(), rules.end(), too_great)) return rules;
  reject(name, calls_.at(name), "it needs a value over " + std::to_string(limits_.greatest_value));
  return std::nullopt;
}

void OciBuilder::add_call(const std::string& name, const std::vector<OnAbi>& abis) {
  const auto verdict_sets = common_verdict_sets(name, abis);
  if (!verdict_sets) return;
  if (verdict_sets->size() == 1) {
    const Verdict verdict = verdict_sets->front().verdict;
    if (verdict != default_) unconditional_[verdict].push_back(name);
    return;
  }
  auto rules = rules_for(name, widest(abis), *verdict_sets, {{default_, ArgumentSets::kAll}});
  if (!rules) return;
  const auto same = [&](const auto& entry) { return entry.first == *rules; };
  const auto known = std::find_if(conditional_.begin(), conditional_.end(), same);
  if (known != conditional_.end()) {
    known->second.push_back(name);
  } else {
    conditional_.emplace_back(std::move(*rules), std::vector<std::string>{name});
  }
}

/// The rules without arguments, in the order in which they will stand.
std::vector<NamedVerdict> OciBuilder::rules_by_name() const {
  std::vector<NamedVerdict> rules;
  for (const auto& [verdict, names] : unconditional_) {
    for (const std::string& name : names) rules.push_back({name, verdict});
  }
  return rules;
}

/// Behind the calls, whose rules speak of it too.
void OciBuilder::add_multiplexer(const std::string& name, const std::vector<OnAbi>& abis) {
  const auto verdict_sets = common_verdict_sets(name, abis);
  if (!verdict_sets) return;
  const OnAbi& abi = widest(abis);
  if (verdict_sets->size() == 1 && verdict_sets->front().verdict != default_) {
    whole_multiplexers_[verdict_sets->front().verdict].push_back(name);  // Before the others: the first decides.
    return;
  }
  const VerdictSets said = decide(sets_, clauses_behind(name, abi.rules->abi, rules_by_name()), default_);
  for (const VerdictSet& verdict_set : said) {
    if (verdict_set.verdict == default_ || sets_.within(verdict_set.set, set_of(*verdict_sets, verdict_set.verdict)))
      continue;
    SourceRange range = conversion_.policy.default_range;
    for (const Clause& clause : clauses_of(*abi.rules, abi.number)) {
      if (clause.origin) range = clause.origin->range;
    }
    conversion_.reject_always(range,
                              "the rule for " + in_quotes(std::string_view(name)) + " on " + std::string(abi_name(abi)),
                              "rules for the calls behind it say something else, and hold for both");
    failed_ = true;
    return;
  }
  auto rules = rules_for(name, abi, *verdict_sets, said);
  if (rules && !rules->empty()) conditional_.emplace_back(std::move(*rules), std::vector<std::string>{name});
}

/// As policy::read_oci, for a profile that sets an errno with the action errno only.
bool gets_enosys_above(Verdict by_default, arch::Abi machine) {
  const bool enosys = by_default.action == Action::kErrno && by_default.data == arch::errno_number(machine, "ENOSYS");
  return policy::is_denied(by_default.action) && !enosys;
}

/// The largest number of the ABI that container runtimes find among the names: not those of calls behind a multiplexer.
uint32_t largest_counted(const policy::OciProfile& profile, arch::Abi abi) {
  uint32_t largest = 0;
  for (const policy::OciRule& rule : profile.rules) {
    for (const std::string& name : rule.names) {
      const auto number = arch::number_of(abi, name);
      if (number && arch::multiplexed(abi, name).empty()) largest = std::max(largest, *number);
    }
  }
  return largest;
}

/// The call with the lowest number from `least` on that counts.
std::optional<std::string_view> first_counted(arch::Abi abi, uint32_t least) {
  std::optional<std::string_view> first;
  for (const std::string_view name : arch::names_on(abi)) {
    const uint32_t number = *arch::number_of(abi, name);
    if (number < least || !arch::multiplexed(abi, name).empty()) continue;
    if (!first || number < *arch::number_of(abi, *first)) first = name;
  }
  return first;
}

/// Container runtimes answer numbers above the largest that a profile names with ENOSYS, before they look at a rule. So
/// a call that gets what the default says is named all the same where that keeps the largest number of a profile, or
/// the rules of calls behind a multiplexer, whose names do not count.
void OciBuilder::keep_largest_named(policy::OciProfile& profile) const {
  if (!gets_enosys_above(default_, conversion_.machine())) return;
  for (bool added = true; added;) {  // A name for one ABI also counts on the others.
    added = false;
    for (const RuleSet& rules : conversion_.rules) {
      uint32_t needed = rules.largest_named.value_or(0);
      for (const CallRules& call : rules.calls) {
        const auto is_written = [](const Clause& clause) { return clause.origin.has_value(); };
        if (std::ranges::any_of(call.clauses, is_written)) needed = std::max(needed, call.number);
      }
      const uint32_t counted = largest_counted(profile, rules.abi);
      const auto name = counted != 0 && counted < needed ? first_counted(rules.abi, needed) : std::nullopt;
      if (!name) continue;
      profile.rules.push_back({{std::string(*name)}, default_.action, default_.data, {}});
      added = true;
    }
  }
}

std::optional<policy::OciProfile> OciBuilder::build() {
  if (!choose_default()) return std::nullopt;
  collect_calls();
  for (const auto& [name, abis] : calls_) {
    if (!is_multiplexer(name)) add_call(name, abis);
  }
  for (const auto& [name, abis] : calls_) {
    if (is_multiplexer(name)) add_multiplexer(name, abis);
  }
  if (failed_) return std::nullopt;

  policy::OciProfile profile;
  profile.default_action = default_.action;
  profile.default_error = default_.data;
  for (const RuleSet& rules : conversion_.rules) profile.architectures.push_back(rules.abi);
  profile.flags = conversion_.policy.flags;
  for (const auto* table : {&whole_multiplexers_, &unconditional_}) {
    for (const auto& [verdict, names] : *table) profile.rules.push_back({names, verdict.action, verdict.data, {}});
  }
  for (const auto& [rules, names] : conditional_) {
    for (const CallRule& rule : rules) {
      profile.rules.push_back({names, rule.verdict.action, rule.verdict.data, rule.arguments});
    }
  }
  keep_largest_named(profile);
  return profile;
}

}  // namespace

std::optional<policy::OciProfile> to_oci(const Conversion& conversion, const OciLimits& limits) {
  return OciBuilder(conversion, limits).build();
}

}  // namespace sandbox::resolve
