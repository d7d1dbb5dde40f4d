// systemd's words for what a policy has, as its units have them.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "arch/abi.h"

namespace sandbox::policy {

/// systemd.exec(5), ConditionArchitecture= and SystemCallArchitectures=: "x86-64". Where it has no name for an ABI of
/// ours, ours.
std::string_view systemd_name(arch::Abi abi);

/// The ABI of that name; none for a name that systemd does not know, or knows no filters for.
std::optional<arch::Abi> find_systemd_abi(std::string_view name);

/// All those names.
std::vector<std::string_view> systemd_abi_names();

/// The ABIs through which a machine takes calls and for which systemd installs filters, its own first
/// (seccomp_local_archs in systemd's src/shared/seccomp-util.c).
std::vector<arch::Abi> systemd_abis_on(arch::Abi machine);

}  // namespace sandbox::policy
