// A policy in another format.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/diagnostic.h"
#include "policy/environment.h"
#include "policy/policy.h"
#include "resolve/convert/systemd_drop_in.h"

namespace sandbox::resolve {

enum class TextFormat : uint8_t {
  kBeats,       ///< YAML with a `seccomp` section.
  kOci,         ///< JSON for container runtimes; a Localhost profile of Kubernetes.
  kKubernetes,  ///< A SeccompProfile of the security-profiles-operator.
  kSystemd,     ///< A drop-in for a unit.
};

struct ConvertOptions {
  /// Where the format cannot say something, a warning and something stricter instead of an error.
  bool lossy = false;
  std::string name = "profile";  ///< Of the resource, for kKubernetes, and of the service, for kSystemd.
  bool runtime_calls = false;    ///< kOci, kKubernetes: allow what a container runtime needs to start the program.
  SystemdOptions systemd;
};

/// The policy, which was read without errors, as text. None when it has errors, or when the format cannot say it: each
/// problem is in `diagnostics`, with the rule's place. What systemd cannot hold becomes a drop-in with which
/// sandbox-run starts the service. The warnings of resolve() are not repeated: they came with reading the policy.
///
/// What is written in the Beats and OCI formats has been read back and proved equal to the policy, call by call for all
/// arguments (with `lossy`: nowhere wider), on a machine whose own ABI is environment.native, if the policy covers it.
std::optional<std::string> convert(const policy::Policy& policy, const policy::Environment& environment,
                                   TextFormat format, const ConvertOptions& options, Diagnostics& diagnostics);

}  // namespace sandbox::resolve
