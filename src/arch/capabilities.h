// The kernel's capabilities by name.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sandbox::arch {

/// The names of all capabilities, such as "CAP_SYS_ADMIN", by number (include/uapi/linux/capability.h, Linux 5.9
/// to 6.18).
std::span<const std::string_view> capability_names();

/// Why a list of capabilities cannot be understood: one line.
struct UnknownCapability {
  std::string message;
};

/// The capabilities in "CAP_SYS_ADMIN,net_raw", by their full names; "none" stands for no capability.
Result<std::set<std::string>, UnknownCapability> read_capabilities(std::string_view list);

}  // namespace sandbox::arch
