#include "load.h"

#include <linux/seccomp.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/diagnostic.h"
#include "base/edit_distance.h"
#include "base/file.h"
#include "kernel/capabilities.h"
#include "kernel/probe.h"
#include "policy/reader.h"
#include "policy/text_check.h"
#include "profiles/profiles.h"
#include "resolve/resolve.h"

namespace sandbox::launcher {
namespace {

using Source = std::shared_ptr<const SourceText>;

std::string unknown_profile(const std::string& name) {
  std::vector<std::string_view> names;
  for (const profiles::Profile& profile : profiles::all_profiles()) names.push_back(profile.name);
  std::string message = "unknown profile " + quoted(std::string_view(name));
  if (const auto nearest = nearest_name(name, names)) return message + "; did you mean " + quoted(*nearest) + "?";
  return message + "; --list-profiles shows those there are";
}

Step<Source> open_profile(const std::string& name, const Log& log) {
  const profiles::Profile* profile = profiles::find_profile(name);
  if (profile != nullptr) return std::make_shared<const SourceText>("profile " + name, std::string(profile->text));
  log.error(unknown_profile(name));
  return Stop{};
}

Step<Source> open_file(const std::string& path, const Log& log) {
  auto contents = read_file(path, policy::kMaxPolicyBytes);
  if (!contents) {
    std::string message = printable(path, 4096) + ": " + describe(contents.error(), policy::kMaxPolicyBytes);
    if (path == "-") message += "; standard input is /dev/stdin";
    log.error(message);
    return Stop{};
  }
  if (geteuid() == 0 && contents->regular && contents->others_may_write) {
    log.warning(printable(path, 4096) + ": users other than root may write this policy");
  }
  return std::make_shared<const SourceText>(path, std::move(contents->bytes));
}

/// Reads one policy. False if it cannot be opened or has errors; they have been shown.
bool load(const Step<Source>& source, bool built_in, const policy::Environment& environment, LoadedPolicies& loaded,
          const Log& log) {
  if (!source) return false;
  Diagnostics diagnostics(*source);
  if (auto policy = policy::read_policy(*source, environment, diagnostics)) {
    const auto index = static_cast<uint32_t>(loaded.policies.size());
    loaded.rules.push_back(resolve::resolve(*policy, environment.native, diagnostics));
    for (resolve::RuleSet& set : loaded.rules.back()) resolve::set_policy(set, index);
    loaded.policies.push_back(std::move(*policy));
    loaded.built_in.push_back(built_in);
  }
  diagnostics.sort();
  log.report(diagnostics);
  return !diagnostics.has_errors();
}

}  // namespace

Step<LoadedPolicies> load_policies(const Options& options, const Log& log) {
  policy::Environment environment;
  environment.native = arch::native_abi();
  environment.capabilities =
      options.capabilities ? *options.capabilities : kernel::attainable_capabilities(options.no_new_privs);
  environment.kernel = kernel::running_kernel();
  environment.kernel_widths = options.kernel_widths;

  LoadedPolicies loaded;
  bool good = true;
  for (const std::string& path : options.policies) {
    good = load(open_file(path, log), false, environment, loaded, log) && good;
  }
  std::vector<std::string> profiles = options.profiles;
  if (options.policies.empty() && profiles.empty()) profiles.emplace_back(profiles::kDefaultProfile);
  for (const std::string& name : profiles) {
    good = load(open_profile(name, log), true, environment, loaded, log) && good;
  }
  if (!good) return Stop{};
  if (loaded.any_in_force() && loaded.covered().empty()) {
    log.error(loaded.names() + " have no ABI in common");
    return Stop{};
  }
  return loaded;
}

std::vector<resolve::PolicyRules> LoadedPolicies::rules_in_force() const {
  std::vector<resolve::PolicyRules> in_force;
  for (size_t i = 0; i < policies.size(); ++i) {
    if (policies[i].enabled) in_force.push_back(rules[i]);
  }
  return in_force;
}

bool LoadedPolicies::any_in_force() const {
  return std::any_of(policies.begin(), policies.end(), [](const policy::Policy& p) { return p.enabled; });
}

std::string LoadedPolicies::names() const {
  std::string names;
  for (const policy::Policy& policy : policies) {
    if (!names.empty()) names += &policy == &policies.back() ? " and " : ", ";
    names += printable(policy.source->name(), 4096);
  }
  return names;
}

bool LoadedPolicies::covers(size_t index, arch::Abi abi) const {
  return std::any_of(rules[index].begin(), rules[index].end(), [&](const resolve::RuleSet& r) { return r.abi == abi; });
}

std::vector<arch::Abi> LoadedPolicies::covered() const {
  std::vector<arch::Abi> abis;
  const std::vector<resolve::PolicyRules> in_force = rules_in_force();
  for (const resolve::RuleSet& set : in_force.front()) {
    const auto covers = [&](const resolve::PolicyRules& policy) {
      return std::any_of(policy.begin(), policy.end(), [&](const resolve::RuleSet& r) { return r.abi == set.abi; });
    };
    if (std::all_of(in_force.begin(), in_force.end(), covers)) abis.push_back(set.abi);
  }
  return abis;
}

uint32_t LoadedPolicies::filter_flags() const {
  uint32_t flags = 0;
  bool all_speculate = true;
  for (const policy::Policy& policy : policies) {
    if (!policy.enabled) continue;
    if (policy.flags.log) flags |= SECCOMP_FILTER_FLAG_LOG;
    if (policy.flags.tsync) flags |= SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
    all_speculate = all_speculate && policy.flags.spec_allow;
  }
  if (all_speculate) flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  return flags;
}

Step<compile::Filter> compile_policies(const LoadedPolicies& loaded, const Log& log) {
  auto filter = compile::compile(loaded.rules_in_force(), {.launcher = arch::native_abi()});
  if (filter) return std::move(*filter);
  const compile::CompileError& error = filter.error();
  std::string message = "the policy needs " + std::to_string(error.instructions) + " instructions, a filter may have " +
                        std::to_string(bpf::kMaxInstructions);
  if (!error.costliest) {
    log.error(loaded.names() + ": " + message);
    return Stop{};
  }
  const policy::Policy& policy = loaded.policies[error.costliest->policy];
  message += "; this group alone takes " + std::to_string(error.costliest_instructions);
  const SourceRange range = policy.groups[error.costliest->group].range;
  log.error(format_diagnostic(*policy.source, {Severity::kError, range, message}));
  return Stop{};
}

}  // namespace sandbox::launcher
