// A policy as a drop-in for a systemd unit.
#pragma once

#include <optional>
#include <string>

#include "resolve/convert/conversion.h"

namespace sandbox::resolve {

/// `[Service]` with SystemCallFilter= and what belongs to it (systemd.exec(5)). systemd knows no conditions and only
/// two ways to deny a call, an errno and the end of the process; an allow list has one answer for all that it does
/// not list, and always contains @default, of which what the policy denies is taken out again. It starts the service
/// with an execve under the filter, so that no policy that denies execve can be expressed. None when something cannot
/// be said.
std::optional<std::string> to_systemd(const Conversion& conversion);

}  // namespace sandbox::resolve
