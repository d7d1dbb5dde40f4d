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

/// The capabilities that Docker gives a container (moby's oci/caps/defaults.go, containerd's oci/spec.go), by number.
std::span<const std::string_view> docker_capabilities();

/// What a list of capabilities stands for.
struct CapabilityList {
  std::set<std::string> names;  ///< By their full names.
  bool own = false;             ///< And those that the program can come to have, which is not found out here.
};

/// Why a list of capabilities cannot be understood: one line.
struct UnknownCapability {
  std::string message;
};

/// The capabilities in "CAP_SYS_ADMIN,net_raw". "none" stands for no capability, "docker" for docker_capabilities(),
/// "own" for those that the program can come to have.
Result<CapabilityList, UnknownCapability> read_capabilities(std::string_view list);

}  // namespace sandbox::arch
