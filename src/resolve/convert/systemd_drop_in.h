// A policy as a drop-in for a systemd unit.
#pragma once

#include <optional>
#include <string>

#include "resolve/convert/conversion.h"

namespace sandbox::resolve {

/// What a drop-in is for.
struct SystemdOptions {
  std::optional<unsigned> version;  ///< Of systemd; none: names are written that some versions do not know.
  /// The options with which sandbox-run reads the same policy, "--policy /etc/beat.yml --cap CAP_NET_RAW", for rules
  /// that systemd cannot hold.
  std::string launcher_options = "--policy POLICY";
  bool policy_has_no_file = false;  ///< `launcher_options` has POLICY where the user puts the file's name.
};

/// `[Service]` with SystemCallFilter= and what belongs to it (systemd.exec(5)). systemd knows no conditions and only
/// two ways to deny a call, an errno and the end of the process; an allow list has one answer for all that it does
/// not list, and always contains @default, of which what the policy denies is taken out again. It starts the service
/// with an execve under the filter, so that no policy that denies execve can be expressed. Where something cannot be
/// said, what is written lets sandbox-run start the service, and warnings say why. `name` is that of the service.
std::string to_systemd(const Conversion& conversion, const std::string& name, const SystemdOptions& options);

/// A drop-in with which sandbox-run starts the service.
std::string launcher_drop_in(const std::string& name, const SystemdOptions& options);

}  // namespace sandbox::resolve
