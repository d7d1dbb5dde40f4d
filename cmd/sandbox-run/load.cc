#include "sandbox-run/load.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "base/diagnostic.h"
#include "base/edit_distance.h"
#include "base/file.h"
#include "base/text.h"
#include "command_line/policy_name.h"
#include "compile/listener_guard.h"
#include "compile/notify.h"
#include "kernel/capabilities.h"
#include "kernel/probe.h"
#include "policy/reader.h"
#include "policy/text_check.h"
#include "profiles/profiles.h"
#include "resolve/resolve.h"

namespace sandbox::launcher {
namespace {

using Source = std::shared_ptr<const SourceText>;

constexpr size_t kMaxNameLength = 4096;  // A file's name in messages.

std::string unknown_profile(const std::string& name) {
  std::vector<std::string_view> names;
  for (const profiles::Profile& profile : profiles::all_profiles()) names.push_back(profile.name);
  std::string message = "unknown profile " + in_quotes(std::string_view(name));
  if (const auto nearest = nearest_name(name, names)) return message + "; did you mean " + in_quotes(*nearest) + "?";
  return message + "; --list-profiles shows those there are";
}

std::string profile_name(std::string_view name) {
  return "profile " + std::string(name);
}

Step<Source> open_profile(const std::string& name, const Log& log) {
  const profiles::Profile* profile = profiles::find_profile(name);
  if (profile != nullptr) return std::make_shared<const SourceText>(profile_name(name), std::string(profile->text));
  log.error(unknown_profile(name));
  return Stop{};
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
    log.error(message);
    return Stop{};
  }
  if (geteuid() == 0 && contents->regular && contents->others_may_write) {
    log.warning(printable(input_name(path), kMaxNameLength) + ": users other than root may write this " + what);
  }
  return std::move(contents->bytes);
}

Step<Source> open_policy(const std::string& path, const Log& log) {
  auto bytes = read_input(path, policy::kMaxPolicyBytes, "policy", log);
  if (!bytes) return bytes.error();
  if (compile::looks_like_filter(*bytes) && compile::inspect_filter(*bytes).ok()) {
    log.error(printable(input_name(path), kMaxNameLength) + ": is a compiled filter; give it by --bpf");
    return Stop{};
  }
  return std::make_shared<const SourceText>(input_name(path), std::move(*bytes));
}

// ---- Policies ----

/// Where a policy comes from.
struct Origin {
  Step<Source> source;
  std::string resource;  ///< Of several SeccompProfiles in the text, the one that is meant.
  bool built_in = false;
};

Part part_of(const policy::Policy& policy, const resolve::PolicyRules& rules, const Origin& origin, arch::Abi native) {
  const bool built_in = origin.built_in;
  Part part;
  part.name = printable(policy.source->name(), kMaxNameLength);
  if (!origin.resource.empty()) part.name += "#" + printable(origin.resource);
  if (built_in) {
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

/// Reads one policy. False if it cannot be opened or has errors; they have been shown.
bool read_policy(const Origin& origin, const policy::Environment& environment, Loaded& loaded, const Log& log) {
  if (!origin.source) return false;
  const Source& source = *origin.source;
  Diagnostics diagnostics(source);
  if (auto policy = policy::read_policy(source, environment, diagnostics, origin.resource)) {
    resolve::PolicyRules rules = resolve::resolve(*policy, environment.native, diagnostics);
    loaded.parts.push_back(part_of(*policy, rules, origin, environment.native));
    if (policy->enabled) {
      for (resolve::RuleSet& set : rules) resolve::set_policy(set, static_cast<uint32_t>(loaded.policies.size()));
      loaded.rules.push_back(std::move(rules));
      loaded.policies.push_back(std::move(*policy));
    }
  }
  diagnostics.sort();
  log.report(diagnostics);
  return !diagnostics.has_errors();
}

/// The same; what there is no memory for cannot be used.
bool read_policy_within_memory(const Origin& origin, const policy::Environment& environment, Loaded& loaded,
                               const Log& log) {
  try {
    return read_policy(origin, environment, loaded, log);
  } catch (const std::bad_alloc&) {  // What was read is freed by now, so there is memory for a message.
    log.error(printable((*origin.source)->name(), kMaxNameLength) + ": not enough memory to read this policy");
    return false;
  }
}

/// All of them, with the problems of all.
Step<Loaded> read_policies(const Options& options, const Log& log) {
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

  Loaded loaded;
  loaded.environment = environment;
  bool good = true;
  size_t bytes = 0;
  for (const std::string& written : options.policies) {
    const auto [path, resource] = command_line::split_policy_name(written);
    const Origin origin = {open_policy(path, log), resource, false};
    if (origin.source) bytes += (*origin.source)->text().size();
    if (bytes > policy::kMaxTogether) {
      log.error(printable(input_name(path), kMaxNameLength) + ": with this file the policies are larger than " +
                std::to_string(policy::kMaxTogether) + " bytes, the most that they may have together");
      return Stop{};
    }
    good = read_policy_within_memory(origin, environment, loaded, log) && good;
  }
  for (const std::string& name : options.profiles) {
    good = read_policy_within_memory({open_profile(name, log), {}, true}, environment, loaded, log) && good;
  }
  if (!good) return Stop{};
  return loaded;
}

/// Compiles the policies that apply to one filter.
Step<Loaded> load_policies(const Options& options, const Log& log) {
  auto loaded = read_policies(options, log);
  if (!loaded || loaded->policies.empty()) return loaded;
  std::vector<policy::Flags> flags;
  for (const policy::Policy& policy : loaded->policies) flags.push_back(policy.flags);
  if (compile::covered_abis(loaded->rules).empty()) {
    log.error(loaded->names() + " have no ABI in common");
    return Stop{};
  }
  auto ready = compile::compile_ready(loaded->rules, flags, loaded->names(), {.launcher = arch::native_abi()});
  if (!ready) {
    std::vector<const policy::Policy*> all;
    for (const policy::Policy& policy : loaded->policies) all.push_back(&policy);
    log.error(compile::describe(ready.error(), all, loaded->names()));
    return Stop{};
  }
  loaded->ready = std::move(*ready);
  return loaded;
}

// ---- Ready filters: nothing is parsed ----

Loaded loaded_profile(const profiles::Profile& profile, compile::ReadyFilter ready) {
  Part part;
  part.kind = Part::Kind::kProfile;
  part.name = profile_name(profile.name);
  part.description = "by default " + std::string(profile.by_default);
  part.covered = ready.covered;
  Loaded loaded;
  loaded.parts.push_back(std::move(part));
  loaded.ready = std::move(ready);
  return loaded;
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
  return loaded;
}

/// The options, with the profile that stands in where no policy is named.
Options with_default_profile(Options options) {
  if (options.policies.empty() && options.profiles.empty()) options.profiles.emplace_back(profiles::kDefaultProfile);
  return options;
}

Step<Loaded> load_filter(const Options& options, const Log& log) {
  if (options.bpf) return load_filter_file(options, log);
  if (options.policies.empty() && options.profiles.size() <= 1) {
    const profiles::Profile* profile =
        profiles::find_profile(options.profiles.empty() ? profiles::kDefaultProfile : options.profiles.front());
    if (profile != nullptr) {
      if (auto ready = profiles::ready_filter(*profile, arch::native_abi())) {
        return loaded_profile(*profile, std::move(*ready));
      }
    }
  }
  return load_policies(with_default_profile(options), log);
}

}  // namespace

bool Part::covers(arch::Abi abi) const {
  return kind == Kind::kRawBpf || std::find(covered.begin(), covered.end(), abi) != covered.end();
}

std::string Loaded::names() const {
  return join_with_and(parts, &Part::name);
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
  const auto notify = options.permissive ? compile::Notify::kEverything : compile::Notify::kDenials;
  auto filter = options.report ? compile::with_notifications(ready.filter, notify, arch::native_abi())
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

Step<Loaded> load_texts(const Options& options, const Log& log) {
  return read_policies(with_default_profile(options), log);
}

}  // namespace sandbox::launcher
