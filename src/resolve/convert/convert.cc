#include "resolve/convert/convert.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "arch/errno_names.h"
#include "arch/syscalls.h"
#include "base/text.h"
#include "policy/beats_writer.h"
#include "policy/landlock_writer.h"
#include "policy/oci_writer.h"
#include "policy/reader.h"
#include "resolve/convert/beats_policy.h"
#include "resolve/convert/conversion.h"
#include "resolve/convert/oci_profile.h"
#include "resolve/convert/runtime_calls.h"
#include "resolve/convert/systemd_drop_in.h"
#include "resolve/resolve.h"
#include "resolve/verdict_text.h"

namespace sandbox::resolve {

namespace {

std::string_view words_for(TextFormat format) {
  switch (format) {
    case TextFormat::kBeats:
      return "the Beats format";
    case TextFormat::kOci:
      return "an OCI profile";
    case TextFormat::kKubernetes:
      return "a SeccompProfile";
    case TextFormat::kSystemd:
      break;
  }
  return "a systemd unit";
}

std::string describe(const Difference& difference) {
  const arch::AbiInfo& abi = arch::info(difference.abi);
  std::string call = "other calls";
  if (difference.number) {
    const auto name = arch::name_of(difference.abi, *difference.number);
    call = name ? std::string(*name) : std::to_string(*difference.number);
    call += "(";
    call += join(difference.arguments, ", ", [](uint64_t argument) { return hex(argument); }) + ")";
  }
  return call + " would get " + verdict_text(difference.after, difference.abi) + " on " + std::string(abi.name) +
         ", not " + verdict_text(difference.before, difference.abi);
}

Verdict no_such_call(arch::Abi abi) {
  return {policy::Action::kErrno, arch::errno_number(abi, "ENOSYS").value_or(ENOSYS)};
}

/// What container runtimes make of the rules where `written` names no larger number: ENOSYS above it. That is no fault
/// of the converter, and the reader is told.
PolicyRules as_runtimes_answer(PolicyRules rules, const PolicyRules& written, const Conversion& conversion) {
  std::vector<std::string> places;
  std::string before;
  for (RuleSet& set : rules) {
    const RuleSet* other = find_rules(written, set.abi);
    if (other == nullptr || !other->largest_named || set.largest_named == other->largest_named) continue;
    const uint32_t largest = *other->largest_named;
    std::erase_if(set.calls, [&](const CallRules& call) { return is_above_named(set.abi, call.number, largest); });
    set.largest_named = largest;
    places.push_back(largest_named_text(*other) + " on " + std::string(arch::info(set.abi).name));
    before = verdict_text(set.default_verdict, set.abi);
  }
  if (!places.empty()) {
    conversion.diagnostics.warning(conversion.policy.default_range,
                                   "container runtimes give errno ENOSYS, where this policy has " + before +
                                       ", to calls above " + join(places, ", "));
  }
  return rules;
}

/// The same rules with the names of calls in place of "above the largest number that the profile names", which has no
/// words in a Beats section. The reader is told what is lost: numbers that no table knows, and the ABIs apart.
PolicyRules with_names_above(PolicyRules rules, const Conversion& conversion) {
  if (std::ranges::none_of(rules, [](const RuleSet& set) { return set.largest_named.has_value(); })) return rules;
  const std::set<std::string_view> above = calls_above_named(conversion);
  for (RuleSet& set : rules) {
    for (const std::string_view name : above) {
      const auto number = arch::number_of(set.abi, name);
      if (!number || !clauses_of(set, *number).empty()) continue;
      const CallRules call = {*number, {{{}, no_such_call(set.abi), std::nullopt}}};
      set.calls.insert(std::ranges::lower_bound(set.calls, *number, {}, &CallRules::number), call);
    }
    set.largest_named.reset();
  }
  conversion.diagnostics.warning(conversion.policy.default_range,
                                 "the Beats format has no rule for numbers above the largest one that the profile "
                                 "names: the calls that get ENOSYS by it are listed, the same ones on every ABI, and "
                                 "calls that this version of sandbox-policy does not know get " +
                                     verdict_text(rules.front().default_verdict, rules.front().abi));
  return rules;
}

std::string landlock_text(const policy::Policy& policy) {
  return policy.landlock ? policy::write_landlock(*policy.landlock) : "";
}

/// What is written must mean what was read. A fault in a converter, or a case that was not thought of, ends here.
bool proved(const Conversion& conversion, TextFormat format, const std::string& text) {
  const auto source = std::make_shared<const SourceText>("converted", text);
  Diagnostics found(source);
  policy::Environment environment = conversion.environment;
  environment.native = conversion.machine();
  environment.kernel_widths = false;
  PolicyRules rules;
  bool same_landlock = true;
  if (const auto policy = policy::read_policy(source, environment, found)) {
    rules = resolve(*policy, environment.native, found);
    same_landlock = format != TextFormat::kBeats || landlock_text(*policy) == landlock_text(conversion.policy);
  }
  const SourceRange range = conversion.policy.default_range;
  if (!same_landlock) {
    conversion.reject_always(conversion.policy.landlock->range, "the landlock section", "it is not read back as it is");
    return false;
  }
  for (const Diagnostic& diagnostic : found.all()) {
    if (diagnostic.severity != Severity::kError) continue;
    conversion.reject_always(range, "the policy", diagnostic.message);
    return false;
  }
  ArgumentSets sets;
  const Relation relation = conversion.lossy ? Relation::kNotWider : Relation::kSame;
  const PolicyRules expected = format == TextFormat::kBeats ? with_names_above(conversion.rules, conversion)
                                                            : as_runtimes_answer(conversion.rules, rules, conversion);
  const auto difference = first_difference(sets, expected, rules, relation);
  if (sets.gave_up()) {
    conversion.reject_always(range, "the policy", "its conditions are too involved");
  } else if (difference) {
    conversion.reject_always(range, "the policy", describe(*difference));
  }
  return !sets.gave_up() && !difference;
}

std::optional<std::string> as_oci(const Conversion& conversion) {
  const auto profile = to_oci(conversion, {});
  if (!profile) return std::nullopt;
  std::string text = policy::write_oci(*profile);
  if (!proved(conversion, TextFormat::kOci, text)) return std::nullopt;
  return text;
}

/// The same profile as JSON is what is proved: the resource says it in other words.
std::optional<std::string> as_resource(const Conversion& conversion, const std::string& name) {
  const auto profile = to_oci(conversion, {false, INT64_MAX});
  if (!profile || !proved(conversion, TextFormat::kOci, policy::write_oci(*profile))) return std::nullopt;
  return policy::write_seccomp_profile(*profile, name);
}

std::optional<std::string> as_beats(const Conversion& conversion) {
  const auto beats = to_beats(conversion);
  if (!beats) return std::nullopt;
  policy::Policy whole = *beats;
  whole.landlock = conversion.policy.landlock;
  std::string text = policy::write_beats(whole);
  if (!proved(conversion, TextFormat::kBeats, text)) return std::nullopt;
  return text;
}

/// A group in front of the others, which then decide these calls no longer.
policy::Group allowing(const std::vector<std::string>& names, SourceRange range) {
  policy::Group group;
  group.action = policy::Action::kAllow;
  group.range = range;
  for (const std::string& name : names) group.names.push_back({name, range});
  return group;
}

std::string runtime_warning(const std::vector<std::string>& denied) {
  constexpr size_t kMaxNames = 6;
  std::vector<std::string> shown(denied.begin(), denied.begin() + std::min(denied.size(), kMaxNames));
  for (std::string& name : shown) name = in_quotes(std::string_view(name));
  if (denied.size() > kMaxNames) shown.push_back(std::to_string(denied.size() - kMaxNames) + " more");
  return "a container runtime starts the program under the profile, and " + join_with_and(shown) +
         ", which it needs for that, " + (denied.size() == 1 ? "is" : "are") + " denied; --runtime-calls allows " +
         (denied.size() == 1 ? "it" : "them");
}

/// Profiles for container runtimes hold a filter alone. False if that is an error.
bool leave_out_landlock(const policy::Policy& policy, TextFormat format, const ConvertOptions& options,
                        Diagnostics& diagnostics) {
  if (format == TextFormat::kBeats) return true;
  const std::string message = "a landlock section cannot be expressed in " + std::string(words_for(format)) +
                              ": it knows nothing of files and ports";
  if (options.lossy && policy.has_filter) {
    diagnostics.warning(policy.landlock->range, message + "; left out: it restricts neither");
    return true;
  }
  diagnostics.error(policy.landlock->range, message);
  return false;
}

}  // namespace

std::optional<std::string> convert(const policy::Policy& written, const policy::Environment& environment,
                                   TextFormat format, const ConvertOptions& options, Diagnostics& diagnostics) {
  const bool filters = written.enabled && written.has_filter;
  if (!filters && format == TextFormat::kBeats) return policy::write_beats(written);
  if (written.landlock && format == TextFormat::kSystemd) {
    diagnostics.warning(
        written.landlock->range,
        "systemd has nothing that means the same as a landlock section: its ReadOnlyPaths= and its like "
        "are mounts; with the drop-in sandbox-run starts the service under the policy");
    return launcher_drop_in(options.name, options.systemd);
  }
  if (written.landlock && !leave_out_landlock(written, format, options, diagnostics)) return std::nullopt;
  Diagnostics found(written.source);
  PolicyRules rules = resolve(written, environment.native, found);
  for (const Diagnostic& problem : found.all()) {
    if (problem.severity != Severity::kError) continue;
    diagnostics.error(problem.range.value_or(written.default_range), problem.message);
  }
  if (diagnostics.has_errors()) return std::nullopt;
  const bool for_runtime = format == TextFormat::kOci || format == TextFormat::kKubernetes;
  const arch::Abi machine = find_rules(rules, environment.native) != nullptr ? environment.native : rules.front().abi;
  const auto denied =
      for_runtime && written.enabled ? denied_runtime_calls(rules, machine) : std::vector<std::string>();
  policy::Policy policy = written;
  if (!denied.empty() && options.runtime_calls) {
    policy.groups.insert(policy.groups.begin(), allowing(denied, policy.default_range));
    rules = resolve(policy, environment.native, found);
  } else if (!denied.empty()) {
    diagnostics.warning(policy.default_range, runtime_warning(denied));
  }
  if (for_runtime && written.enabled && denies_runcs_pipe(rules, machine)) {
    diagnostics.warning(policy.default_range,
                        "runc starts no container under this policy, crun does: runc opens a pipe with O_WRONLY under "
                        "the profile, which the conditions on 'openat' deny");
  }
  const Conversion conversion = {policy, environment, rules, words_for(format), options.lossy, diagnostics};
  if (!policy.enabled) {
    if (policy.groups.empty()) {
      conversion.reject_always(policy.enabled_range, "'enabled: false'", "leave the profile away");
      return std::nullopt;
    }
    if (!conversion.reject(policy.enabled_range, "'enabled: false'", "leave the profile away", "it is enabled")) {
      return std::nullopt;
    }
  }
  if (format != TextFormat::kBeats) conversion.warn_of_machine();
  switch (format) {
    case TextFormat::kBeats:
      return as_beats(conversion);
    case TextFormat::kOci:
      return as_oci(conversion);
    case TextFormat::kKubernetes:
      return as_resource(conversion, options.name);
    case TextFormat::kSystemd:
      return to_systemd(conversion, options.name, options.systemd);
  }
  return std::nullopt;
}

}  // namespace sandbox::resolve
