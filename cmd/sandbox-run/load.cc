#include "sandbox-run/load.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <new>
#include <utility>

#include "base/diagnostic.h"
#include "base/file.h"
#include "base/text.h"
#include "command_line/policy_name.h"
#include "compile/listener_guard.h"
#include "compile/notify.h"
#include "kernel/capabilities.h"
#include "kernel/probe.h"
#include "policy/reader.h"
#include "policy/text_check.h"
#include "profiles/by_name.h"
#include "profiles/profiles.h"
#include "report/landlock_call.h"
#include "resolve/landlock/closures.h"
#include "resolve/lint/siblings.h"
#include "resolve/resolve.h"
#include "sandbox-run/deny_list.h"
#include "sandbox-run/foreign_words.h"
#include "sandbox-run/landlock_options.h"

namespace sandbox::launcher {
namespace {

using Source = std::shared_ptr<const SourceText>;

constexpr size_t kMaxNameLength = 4096;  // A file's name in messages.

std::string profile_name(std::string_view name) {
  return "profile " + std::string(name);
}

/// The bytes of a policy or a filter; `what` says which.
Step<std::string> read_input(const std::string& path, size_t limit, const char* what, const Log& log) {
  auto contents = read_file(path, limit);
  if (!contents) {
    std::string message = printable(input_name(path), kMaxNameLength) + ": ";
    if (contents.error().kind == FileError::Kind::kTooLarge) {
      message += "is larger than " + std::to_string(limit) + " bytes, the most that a " + what + " may have";
    } else {
      message += describe(contents.error(), limit);
    }
    if (const auto answer = foreign_policy(path)) message += "; it is " + *answer;
    log.error(message);
    return Stop{};
  }
  if (geteuid() == 0 && contents->regular && contents->others_may_write) {
    log.warning(printable(input_name(path), kMaxNameLength) + ": users other than root may write this " + what);
  }
  return std::move(contents->bytes);
}

/// A policy's text.
struct Opened {
  Source source;
  bool built_in = false;
  std::string resource = {};  ///< Of several SeccompProfiles in the text, the one that is meant.
  bool for_calls = false;     ///< Its section about files and ports has been taken up before.
};

Step<Opened> open_file(const std::string& path, const Log& log) {
  auto bytes = read_input(path, policy::kMaxPolicyBytes, "policy", log);
  if (!bytes) return bytes.error();
  if (compile::looks_like_filter(*bytes) && compile::inspect_filter(*bytes).ok()) {
    log.error(printable(input_name(path), kMaxNameLength) + ": is a compiled filter; give it by --bpf");
    return Stop{};
  }
  return Opened{std::make_shared<const SourceText>(input_name(path), std::move(*bytes))};
}

Opened open_built_in(const profiles::Profile& profile) {
  return {std::make_shared<const SourceText>(profile_name(profile.name), std::string(profile.text)), true};
}

Step<Opened> open_profile(std::string_view name, const Log& log) {
  const auto found = profiles::find_by_name(name, profiles::own_places());
  if (!found) {
    log.error(found.error());
    return Stop{};
  }
  if (found->built_in == nullptr) return open_file(found->path, log);
  return open_built_in(*found->built_in);
}

/// What --policy names.
Step<Opened> open_policy(const std::string& written, const Log& log) {
  if (written.starts_with(profiles::kPrefix)) return open_profile(written.substr(profiles::kPrefix.size()), log);
  const auto [path, resource] = command_line::split_policy_name(written);
  auto opened = open_file(path, log);
  if (opened) opened->resource = resource;
  return opened;
}

// ---- Policies ----

Part part_of(const policy::Policy& policy, const resolve::PolicyRules& rules, const Opened& opened, arch::Abi native) {
  Part part;
  part.name = printable(policy.source->name(), kMaxNameLength);
  if (!opened.resource.empty()) part.name += "#" + printable(opened.resource);
  if (!policy.has_filter) {
    part.kind = Part::Kind::kNoFilter;
    part.description = "for files and ports alone";
    return part;
  }
  if (opened.built_in) {
    part.kind = Part::Kind::kProfile;
  } else if (policy::is_container_profile(policy.format)) {
    part.kind = Part::Kind::kOci;
  } else if (policy.format == policy::Format::kSystemd) {
    part.kind = Part::Kind::kSystemd;
  } else {
    part.kind = policy.architectures.empty() ? Part::Kind::kBeats : Part::Kind::kBeatsWithAbis;
  }
  for (const resolve::RuleSet& set : rules) part.covered.push_back(set.abi);
  if (policy.enabled) {
    part.description = "by default " + compile::default_in_words(policy, native);
  } else {
    part.description = "by default nothing: 'enabled' is false";
    part.disabled = format_diagnostic(*policy.source, {Severity::kWarning, policy.enabled_range, "'enabled' is false"});
  }
  return part;
}

/// Resolves a policy and adds it, if it is enabled.
void add_policy(policy::Policy policy, Part part, resolve::PolicyRules rules, Loaded& loaded) {
  loaded.parts.push_back(std::move(part));
  if (!policy.enabled || !policy.has_filter) return;
  for (resolve::RuleSet& set : rules) resolve::set_policy(set, static_cast<uint32_t>(loaded.policies.size()));
  loaded.rules.push_back(std::move(rules));
  loaded.policies.push_back(std::move(policy));
}

/// Reads one policy. False if it cannot be opened or has errors; they have been shown.
bool read_policy(const Step<Opened>& opened, const Options& options, Loaded& loaded, const Log& log) {
  if (!opened) return false;
  const policy::Environment& environment = loaded.environment;
  Diagnostics diagnostics(opened->source);
  auto policy = policy::read_policy(opened->source, environment, diagnostics, opened->resource);
  const bool was_read = policy.has_value();
  if (policy) {
    resolve::PolicyRules rules = resolve::resolve(*policy, environment.native, diagnostics);
    Part part = part_of(*policy, rules, *opened, environment.native);
    const auto kind = opened->built_in ? LandlockLayer::Kind::kProfile : LandlockLayer::Kind::kFile;
    if (!opened->for_calls) add_layer(*policy, kind, part.name, options, loaded.landlock, diagnostics);
    add_policy(std::move(*policy), std::move(part), std::move(rules), loaded);
  }
  diagnostics.sort();
  log.report(diagnostics);
  return was_read && !diagnostics.has_errors();
}

/// The same; what there is no memory for cannot be used.
bool read_policy_within_memory(const Step<Opened>& opened, const Options& options, Loaded& loaded, const Log& log) {
  try {
    return read_policy(opened, options, loaded, log);
  } catch (const std::bad_alloc&) {  // What was read is freed by now, so there is memory for a message.
    log.error(printable(opened->source->name(), kMaxNameLength) + ": not enough memory to read this policy");
    return false;
  }
}

// ---- Policies that options stand for ----

/// The ABIs that the policies so far cover, each by one of them: what is laid over them is to leave none out.
std::vector<arch::Abi> abis_of(const Loaded& loaded, arch::Abi native) {
  std::vector<arch::Abi> abis = {native};
  for (const resolve::PolicyRules& rules : loaded.rules) {
    for (const resolve::RuleSet& set : rules) {
      if (std::ranges::find(abis, set.abi) == abis.end()) abis.push_back(set.abi);
    }
  }
  return abis;
}

bool add_option(std::string_view option, policy::Policy policy, std::string description, arch::Abi native,
                Loaded& loaded, const Log& log) {
  Diagnostics diagnostics(policy.source);
  resolve::PolicyRules rules = resolve::resolve(policy, native, diagnostics);
  Part part = part_of(policy, rules, Opened{policy.source, true}, native);
  part.option = option;
  if (!description.empty()) part.description = std::move(description);
  add_policy(std::move(policy), std::move(part), std::move(rules), loaded);
  diagnostics.sort();
  log.report(diagnostics);
  return !diagnostics.has_errors();
}

/// A built-in profile that an option lays over the policies, on all their ABIs.
bool add_restriction(std::string_view profile, const policy::Environment& environment,
                     const std::vector<arch::Abi>& abis, Loaded& loaded, const Log& log) {
  const profiles::Profile* found = profiles::find_profile(profile);
  if (found == nullptr) {
    log.error("the built-in profile " + in_quotes(profile) + " is missing");
    return false;
  }
  const Opened opened = open_built_in(*found);
  Diagnostics diagnostics(opened.source);
  auto policy = policy::read_policy(opened.source, environment, diagnostics);
  log.report(diagnostics);
  if (!policy) return false;
  policy->architectures.clear();
  for (const arch::Abi abi : abis) policy->architectures.push_back({abi, policy->default_range});
  return add_option("--" + std::string(profile), std::move(*policy), "", environment.native, loaded, log);
}

/// Says what --deny leaves open, as far as the other policies do so too.
void warn_of_partial_siblings(const DenyList& list, const Loaded& loaded, arch::Abi native, const Log& log) {
  const auto open = [&](std::string_view call, std::optional<uint64_t> argument) {
    return std::ranges::all_of(loaded.rules, [&](const resolve::PolicyRules& rules) {
      const auto set = std::ranges::find(rules, native, &resolve::RuleSet::abi);
      return set != rules.end() && resolve::is_open(*set, call, argument);
    });
  };
  const auto quoted = [](std::string_view call) { return in_quotes(call); };
  for (resolve::Siblings::Partial partial : list.partial) {
    std::erase_if(partial.calls, [&](std::string_view call) { return !open(call, partial.argument); });
    if (partial.calls.empty()) continue;
    log.warning(std::string(kDenyOption) + ": " + join_with_and(partial.denied, quoted) +
                (partial.denied.size() == 1 ? " is" : " are") + " denied, but " + join_with_and(partial.calls, quoted) +
                (partial.calls.size() == 1 ? " stays" : " stay") + " allowed, with which " +
                std::string(partial.effect));
  }
}

bool add_deny_list(const Options& options, arch::Abi native, const std::vector<arch::Abi>& abis, Loaded& loaded,
                   const Log& log) {
  DenyList list = deny_list(options.denied, abis);
  std::string description = "denies " + join_with_and(list.written);
  if (!list.with_it.empty()) description += "; with it " + join_with_and(list.with_it);
  if (!add_option(kDenyOption, std::move(list.policy), std::move(description), native, loaded, log)) return false;
  warn_of_partial_siblings(list, loaded, native, log);
  return true;
}

/// The ruleset of --ro, --connect-tcp and their kin.
bool add_landlock_options(const Options& options, Loaded& loaded, const Log& log) {
  const auto policy = landlock_options(options);
  if (!policy) return true;
  Diagnostics diagnostics(policy->source);
  add_layer(*policy, LandlockLayer::Kind::kOptions, kLandlockOptions, options, loaded.landlock, diagnostics);
  diagnostics.sort();
  log.report(diagnostics);
  return !diagnostics.has_errors();
}

constexpr std::string_view kClosuresDescription = "denies ways around what Landlock restricts";

/// What the filter has to deny because Landlock does not.
bool add_closures(Loaded& loaded, const Log& log) {
  if (!loaded.landlock.closures.any()) return true;
  const std::vector<arch::Abi> abis = abis_of(loaded, loaded.environment.native);
  const auto source = std::make_shared<const SourceText>(resolve::kClosuresName,
                                                         resolve::closures_policy(loaded.landlock.closures, abis));
  Diagnostics diagnostics(source);
  auto policy = policy::read_policy(source, loaded.environment, diagnostics);
  log.report(diagnostics);
  if (!policy || diagnostics.has_errors()) return false;
  return add_option(resolve::kClosuresName, std::move(*policy), std::string(kClosuresDescription),
                    loaded.environment.native, loaded, log);
}

/// What the options add to the other policies. False after an error.
bool add_restrictions(const Options& options, const policy::Environment& environment, Loaded& loaded, const Log& log) {
  const std::vector<arch::Abi> abis = abis_of(loaded, environment.native);
  bool good = true;
  for (const auto& [asked, profile] : restrictions_of(options)) {
    if (asked) good = add_restriction(profile, environment, abis, loaded, log) && good;
  }
  if (!options.denied.empty()) good = add_deny_list(options, environment.native, abis, loaded, log) && good;
  return good;
}

/// An option that is about container profiles only.
void warn_of_idle_options(const Options& options, const Loaded& loaded, const Log& log) {
  const bool oci = std::ranges::any_of(
      loaded.policies, [](const policy::Policy& policy) { return policy::is_container_profile(policy.format); });
  if (oci || (!options.capabilities && !options.kernel_widths)) return;
  log.warning(std::string("'") + (options.capabilities ? "--cap" : "--kernel-widths") +
              "' has no effect: none of the policies is a container profile" +
              (options.capabilities ? ", and sandbox-run gives and takes no capabilities" : ""));
}

policy::Environment environment_of(const Options& options) {
  policy::Environment environment;
  environment.native = arch::native_abi();
  if (options.capabilities) {
    policy::Capabilities capabilities = options.capabilities->names;
    if (options.capabilities->own) capabilities.merge(kernel::attainable_capabilities(options.no_new_privs));
    environment.capabilities = [capabilities] { return capabilities; };
  }
  environment.kernel = kernel::running_kernel();
  environment.kernel_widths = options.kernel_widths;
  environment.note_capabilities = options.report;
  return environment;
}

/// All that the options name, with the problems of all.
bool read_policies(const Options& options, Loaded& loaded, const Log& log) {
  bool good = true;
  size_t bytes = 0;
  const auto fits = [&](const Step<Opened>& opened) {
    if (opened) bytes += opened->source->text().size();
    if (bytes <= policy::kMaxTogether) return true;
    log.error(printable(opened->source->name(), kMaxNameLength) + ": with this file the policies are larger than " +
              std::to_string(policy::kMaxTogether) + " bytes, the most that they may have together");
    return false;
  };
  for (const std::string& written : options.policies) {
    const Step<Opened> opened = open_policy(written, log);
    if (!fits(opened)) return false;
    good = read_policy_within_memory(opened, options, loaded, log) && good;
  }
  for (const std::string& name : options.profiles) {
    const Step<Opened> opened = open_profile(name, log);
    if (!fits(opened)) return false;
    good = read_policy_within_memory(opened, options, loaded, log) && good;
  }
  return good;
}

/// Compiles the policies that apply to one filter.
bool compile_policies(Loaded& loaded, const Log& log) {
  if (loaded.policies.empty()) return true;
  std::vector<policy::Flags> flags;
  for (const policy::Policy& policy : loaded.policies) flags.push_back(policy.flags);
  if (compile::covered_abis(loaded.rules).empty()) {
    log.error(loaded.names() + " have no ABI in common");
    return false;
  }
  auto ready = compile::compile_ready(loaded.rules, flags, loaded.names(), {.launcher = arch::native_abi()});
  if (!ready) {
    std::vector<const policy::Policy*> all;
    for (const policy::Policy& policy : loaded.policies) all.push_back(&policy);
    log.error(compile::describe(ready.error(), all, loaded.names()));
    return false;
  }
  loaded.ready = std::move(*ready);
  return true;
}

// ---- Ready filters: nothing is parsed ----

/// What --dry-run and messages say of a profile whose filter is ready.
Part part_of(const profiles::Profile& profile, const std::vector<arch::Abi>& covered) {
  Part part;
  part.kind = Part::Kind::kProfile;
  part.name = profile_name(profile.name);
  part.description = "by default " + std::string(profile.by_default);
  part.covered = covered;
  return part;
}

Part part_of_closures(const std::vector<arch::Abi>& covered) {
  Part part;
  part.name = resolve::kClosuresName;
  part.description = kClosuresDescription;
  part.covered = covered;
  part.option = resolve::kClosuresName;
  return part;
}

Step<Loaded> load_filter_file(const Options& options, const Log& log) {
  if (options.capabilities || options.kernel_widths) {
    log.error(std::string("'") + (options.capabilities ? "--cap" : "--kernel-widths") +
              "' cannot be used together with '--bpf': a filter is compiled already");
    return Stop{};
  }
  const auto bytes = read_input(*options.bpf, compile::max_filter_bytes(), "filter", log);
  if (!bytes) return bytes.error();
  Part part;
  part.name = printable(input_name(*options.bpf), kMaxNameLength);
  auto ready = compile::read_filter(*bytes, arch::native_abi());
  if (!ready) {
    log.error(part.name + ": " + ready.error().message);
    return Stop{};
  }
  part.kind = ready->raw ? Part::Kind::kRawBpf : Part::Kind::kFilterFile;
  part.description = ready->raw ? "raw BPF" : "compiled from " + ready->source;
  part.covered = ready->covered;
  Loaded loaded;
  loaded.parts.push_back(std::move(part));
  loaded.ready = std::move(*ready);
  if (!add_landlock_options(options, loaded, log)) return Stop{};
  if (loaded.landlock.closures.any()) {
    log.error(std::string("'--bpf' cannot be used together with ") +
              (options.restricts_ports() ? "options about ports" : "options about files on this kernel") +
              ": what Landlock leaves open has to be closed in the filter, and a filter is complete");
    return Stop{};
  }
  return loaded;
}

/// The options, with the profile that stands in where nothing that has a filter is named.
Options with_default_profile(Options options) {
  options.policies.clear();
  options.profiles = {std::string(profiles::kDefaultProfile)};
  return options;
}

/// The name of the profile that stands alone, but for options such as --no-network; none where there is more.
std::optional<std::string_view> only_profile(const Options& options) {
  if (!options.denied.empty() || options.capabilities || options.kernel_widths) return std::nullopt;
  if (options.policies.empty() && options.profiles.size() == 1) return options.profiles.front();
  if (options.policies.size() != 1 || !options.profiles.empty()) return std::nullopt;
  const std::string_view policy = options.policies.front();
  return policy.starts_with(profiles::kPrefix) ? std::optional(policy.substr(profiles::kPrefix.size())) : std::nullopt;
}

/// The `landlock` section of a built-in profile. False: there is something to be said of it, or the filter has to close
/// what it leaves open.
bool add_section(const profiles::Profile& profile, const Options& options, Landlock& landlock) {
  if (profile.landlock_end == 0) return true;
  const auto source = std::make_shared<const SourceText>(profile_name(profile.name),
                                                         std::string(profile.text.substr(0, profile.landlock_end)));
  Diagnostics diagnostics(source);
  const auto policy = policy::read_policy(source, {}, diagnostics);
  if (!policy || !policy->landlock || policy->has_filter) return false;
  const resolve::Closures before = landlock.closures;
  const size_t layers = landlock.layers.size();
  add_layer(*policy, LandlockLayer::Kind::kProfile, source->name(), options, landlock, diagnostics);
  if (diagnostics.all().empty() && landlock.closures == before) return true;
  landlock.closures = before;
  landlock.layers.erase(landlock.layers.begin() + static_cast<ptrdiff_t>(layers), landlock.layers.end());
  return false;
}

/// The filter of built-in profiles, as it was compiled when the project was built. False: there is none for these
/// options, and nothing was changed.
bool load_ready(const Options& options, Loaded& loaded) {
  const auto name = only_profile(options);
  if (!name) return false;
  const auto base = profiles::find_by_name(*name, profiles::own_places());
  if (!base || base->built_in == nullptr) return false;
  std::vector<std::string_view> names = {base->built_in->name};
  for (const auto& [asked, profile] : restrictions_of(options)) {
    if (asked) names.push_back(profile);
  }
  const resolve::Closures& closures = loaded.landlock.closures;
  if (closures == resolve::Closures{.tcp_lookalikes = true}) {
    names.emplace_back(resolve::kClosuresForTcp);
  } else if (closures.any()) {
    return false;
  }
  const profiles::Profile* all = names.size() == 1 ? base->built_in : profiles::find_combination(names);
  auto ready = all != nullptr ? profiles::ready_filter(*all, arch::native_abi()) : std::nullopt;
  if (!ready) return false;
  std::vector<Part> parts;
  for (const std::string_view one : names) {
    if (one == resolve::kClosuresForTcp) {
      parts.push_back(part_of_closures(ready->covered));
      continue;
    }
    const profiles::Profile* profile = profiles::find_profile(one);
    if (profile == nullptr) return false;
    parts.push_back(part_of(*profile, ready->covered));
  }
  if (!add_section(*base->built_in, options, loaded.landlock)) return false;
  std::ranges::move(parts, std::back_inserter(loaded.parts));
  loaded.ready = std::move(*ready);
  loaded.built_in = base->built_in;
  return true;
}

/// A filter for what the options name. A policy for files and ports alone does not stand for one about system calls,
/// and no policy at all does neither: then the profile 'default' gives the filter.
Step<Loaded> load_filter(const Options& options, const Log& log) {
  if (options.bpf) return load_filter_file(options, log);
  Loaded loaded;
  loaded.environment = environment_of(options);
  bool good = add_landlock_options(options, loaded, log);
  if (good && load_ready(options, loaded)) return loaded;

  good = read_policies(options, loaded, log) && good;
  if (good && std::ranges::none_of(loaded.parts, &Part::has_filter)) {
    const Options rest = with_default_profile(options);
    if (load_ready(rest, loaded)) return loaded;
    good = read_policies(rest, loaded, log);
  }
  good = add_restrictions(options, loaded.environment, loaded, log) && add_closures(loaded, log) && good;
  if (!good) return Stop{};
  warn_of_idle_options(options, loaded, log);
  if (!compile_policies(loaded, log)) return Stop{};
  return loaded;
}

}  // namespace

bool Part::covers(arch::Abi abi) const {
  return kind == Kind::kRawBpf || kind == Kind::kNoFilter ||
         std::find(covered.begin(), covered.end(), abi) != covered.end();
}

std::string Loaded::names() const {
  return join_with_and(parts, &Part::name);
}

/// The calls that Landlock judges, as far as they can be notified.
std::vector<compile::NotifiedCall> calls_for_landlock(const Landlock& landlock, const compile::Filter& filter) {
  report::LandlockHandled handled;
  for (const LandlockLayer& layer : landlock.layers) {
    handled.files |= layer.ready.ruleset.handled_files;
    handled.ports |= layer.ready.ruleset.handled_ports;
    handled.scopes |= layer.ready.ruleset.scopes;
  }
  auto names = report::landlock_calls(handled);
  // After it a program's own domain may be what denies: see KernelEvidence.
  if (!landlock.layers.empty()) names.emplace_back("landlock_restrict_self");
  return compile::notifiable(filter, names, arch::native_abi());
}

Step<Loaded> load(const Options& options, const Log& log) {
  Step<Loaded> loaded = Stop{};
  try {
    loaded = load_filter(options, log);
  } catch (const std::bad_alloc&) {
    std::string names;
    for (const std::string& name : options.policies) names += printable(name, kMaxNameLength) + ": ";
    if (options.bpf) names = printable(*options.bpf, kMaxNameLength) + ": ";
    log.error(names + "not enough memory to make a filter of it");
  }
  if (!loaded || !loaded->ready) return loaded;
  compile::ReadyFilter& ready = *loaded->ready;
  if (!options.report && !compile::needs_listener_guard(ready.filter)) return loaded;
  if (options.report) loaded->notified = calls_for_landlock(loaded->landlock, ready.filter);
  const auto notify = options.permissive ? compile::Notify::kEverything : compile::Notify::kDenials;
  auto filter = options.report ? compile::with_notifications(ready.filter, notify, arch::native_abi(), loaded->notified)
                               : compile::with_listener_guard(ready.filter, arch::native_abi());
  if (!filter) {
    log.error(loaded->names() + ": with what " + (options.report ? "a report" : "the launch") +
              " needs, the filter has " + std::to_string(filter.error().instructions) + " instructions; it may have " +
              std::to_string(bpf::kMaxInstructions));
    return Stop{};
  }
  if (ready.raw && !options.report) ready.prefix += filter->program.size() - ready.filter.program.size();
  loaded->judge = std::exchange(ready.filter, std::move(*filter));
  return loaded;
}

Step<Loaded> load_texts(const Loaded& ready, const Options& options, const Log& log) {
  Loaded texts;
  texts.environment = environment_of(options);
  Step<Opened> opened = open_built_in(*ready.built_in);
  opened->for_calls = true;  // And by now the working directory is another.
  if (!read_policy_within_memory(opened, options, texts, log)) return Stop{};
  texts.landlock.closures = ready.landlock.closures;
  if (!add_restrictions(options, texts.environment, texts, log) || !add_closures(texts, log)) return Stop{};
  return texts;
}

}  // namespace sandbox::launcher
