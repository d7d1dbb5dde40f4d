// OCI profiles as text: JSON for container runtimes, and the resource of Kubernetes' security-profiles-operator.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "arch/abi.h"
#include "policy/policy.h"

namespace sandbox::policy {

/// An entry of `args`, as the format has it. It has all operations but BitsSet and BitsNotSet.
struct OciArgument {
  uint8_t index = 0;
  Operation operation = Operation::kEqual;
  uint64_t value = 0;      ///< With kMaskedEqual the mask.
  uint64_t value_two = 0;  ///< With kMaskedEqual what the bits under the mask equal.
  auto operator<=>(const OciArgument&) const = default;
};

/// An entry of `syscalls`.
struct OciRule {
  std::vector<std::string> names;
  Action action = Action::kAllow;
  uint16_t error = 0;  ///< With kErrno.
  std::vector<OciArgument> arguments;
};

struct OciProfile {
  Action default_action = Action::kErrno;
  uint16_t default_error = 0;  ///< With kErrno.
  std::vector<arch::Abi> architectures;
  Flags flags;
  std::vector<OciRule> rules;
};

/// JSON for `docker run --security-opt seccomp=FILE`, podman, and Localhost profiles of Kubernetes.
std::string write_oci(const OciProfile& profile);

/// The resource `SeccompProfile` (security-profiles-operator.x-k8s.io/v1beta1) of that name. It cannot say
/// `default_error`, which is then EPERM, nor values over 2^63 - 1: the caller has seen to that. The name is made fit
/// for Kubernetes: lower-case letters, digits, '-' and '.'.
std::string write_seccomp_profile(const OciProfile& profile, std::string_view name);

}  // namespace sandbox::policy
