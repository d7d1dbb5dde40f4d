// The policy that --ro, --connect-tcp and their kin make together: one `landlock` section.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/policy.h"
#include "sandbox-run/options.h"

namespace sandbox::launcher {

/// The name of that policy in messages, as a file has one.
inline constexpr const char* kLandlockOptions = "command line";

/// What is wrong with a list of ports, "443,8443" or "none": a sentence without its subject, the option. Blanks around
/// a number do not count.
std::optional<std::string> port_list_error(std::string_view list);

/// A policy whose text is these options as they are written on a command line. None where there are none.
/// Precondition: no port_list_error().
std::optional<policy::Policy> landlock_options(const Options& options);

}  // namespace sandbox::launcher
