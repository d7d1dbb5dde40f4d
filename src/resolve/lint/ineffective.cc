// What is written in a policy and protects nothing: names that no call has, a tracer whose answers the program can
// replace; and errno 0, by which the program thinks that it was not denied anything.
#include <algorithm>

#include "arch/syscalls.h"
#include "policy/policy.h"
#include "resolve/lint/parts.h"

namespace sandbox::resolve {
namespace {

/// Every name by which some ABI has a call.
std::vector<std::string_view> all_names() {
  std::vector<std::string_view> names;
  for (const arch::AbiInfo& info : arch::all_abis()) {
    const std::vector<std::string_view> own = arch::names_on(info.abi);
    names.insert(names.end(), own.begin(), own.end());
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

bool is_trace(policy::Action action) {
  return action == policy::Action::kTrace;
}

}  // namespace

void check_names(const policy::Policy& policy, Diagnostics& diagnostics) {
  // In Beats' format such a name is an error.
  if (!policy::is_container_profile(policy.format)) return;
  const auto check = [&](const policy::Name& name) {
    if (!arch::abis_with(name.text).empty()) return;
    std::string message =
        "no ABI has a system call " + in_quotes(std::string_view(name.text)) + ": the name does nothing";
    if (const auto nearest = diagnostics.nearest("all calls", name.text, all_names)) {
      message += "; did you mean " + in_quotes(*nearest) + "?";
    }
    diagnostics.warning(name.range, std::move(message), "unknown-name");
  };
  for (const policy::Group& group : policy.groups) {
    for (const policy::Name& name : group.names) check(name);
    for (const policy::ConditionalName& entry : group.names_with_args) check(entry.name);
  }
  for (const policy::Name& name : policy.also_named) check(name);
}

/// __seccomp_filter in kernel/seccomp.c sets the return value to -errno and skips the call.
void check_errno_zero(const policy::Policy& policy, Diagnostics& diagnostics) {
  const auto check = [&](policy::Action action, const policy::ErrnoValue& error) {
    if (action != policy::Action::kErrno || !error.name.empty() || error.number != 0) return;
    diagnostics.warning(error.range,
                        "errno 0: a denied call returns 0 without having been made, and the program takes it for done",
                        "looks-done");
  };
  check(policy.default_action, policy.default_error);
  for (const policy::Group& group : policy.groups) check(group.action, group.error);
}

/// A newer filter's notification outranks trace, and its owner, the program, may answer that the call continues.
void check_trace(const policy::Policy& policy, const RuleSet& rules, Findings& findings) {
  const auto group = std::ranges::find_if(policy.groups, [](const policy::Group& g) { return is_trace(g.action); });
  if (group == policy.groups.end() && !is_trace(policy.default_action)) return;
  const auto answers = answers_of(rules, "seccomp");
  if (!answers || !answers->open()) return;
  findings.add(
      "trace-undone", rules.abi, group == policy.groups.end() ? policy.default_range : group->range,
      "'trace' leaves calls to a tracer, but 'seccomp' is allowed, with which a program answers them itself by "
      "a listener of its own; sandbox-run denies it listeners, other launchers do not; deny 'seccomp'");
}

}  // namespace sandbox::resolve
