// The kernel's capabilities by name.
#pragma once

#include <span>
#include <string_view>

namespace sandbox::arch {

/// The names of all capabilities, such as "CAP_SYS_ADMIN", by number (include/uapi/linux/capability.h, Linux 5.9
/// to 6.18).
std::span<const std::string_view> capability_names();

}  // namespace sandbox::arch
