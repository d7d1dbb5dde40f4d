// What a container runtime calls under a profile before the program begins.
//
// A runtime installs the filter and then executes the program, so the profile is applied to the runtime, too. With
// no_new_privileges little stands between the two; without it the runtime gives up its capabilities and changes its
// user afterwards. A profile that denies one of these calls starts no container.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "resolve/rule_set.h"

namespace sandbox::resolve {

/// The calls of runc and crun between installing the filter and execve, by name; execve is the first. ABIs may lack
/// some. Calls that they do without when these are denied (close_range, say) are not among them.
std::span<const std::string_view> runtime_calls();

/// Those that the rules deny through the ABI for all arguments.
std::vector<std::string> denied_runtime_calls(const PolicyRules& rules, arch::Abi abi);

/// Whether the rules deny the openat of runc by its arguments, and not all others: behind its filter it opens the pipe
/// that says when to start, for writing. crun does not.
bool denies_runcs_pipe(const PolicyRules& rules, arch::Abi abi);

}  // namespace sandbox::resolve
