// Suggestions: the lines that would allow what was denied.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "policy/policy.h"
#include "resolve/rule_set.h"

namespace sandbox::report {

/// Not one that is allowed and logged.
struct DeniedCall {
  uint32_t arch = 0;  ///< AUDIT_ARCH_*.
  uint32_t number = 0;
  resolve::VerdictSource source = resolve::VerdictSource::kDefault;  ///< Not known of a filter file.
  uint32_t selector = 0;  ///< Argument 0 of socketcall and ipc, which says what call it is; else 0.
  bool absent = false;    ///< It gets ENOSYS, as if the kernel did not have it.
  std::vector<std::string> capabilities = {};  ///< With each entry by itself, as --cap takes it, the policy allows it.
  auto operator<=>(const DeniedCall&) const = default;
};

/// What one of the policies that apply denies.
struct PolicyDenials {
  enum class Kind : uint8_t { kFile, kProfile, kOption, kFilterFile };
  Kind kind = Kind::kFile;
  std::string name;                        ///< "beat.yml"; of a profile its name alone, "default"; "--no-network".
  const policy::Policy* policy = nullptr;  ///< With its source; null for a filter file, which has no text.
  std::vector<DeniedCall> calls;           ///< In any order; the same one may come again.
};

/// Whether a policy has the call look absent and programs do without it: it gets ENOSYS by a group, or as one that is
/// newer than `kernel:` or than a container profile.
bool looks_absent(const DeniedCall& call);

/// For each policy that denies something: what to add to it, and where. Lines for people, each with a newline. Those
/// that begin with a blank or a '-' are to be copied, and indented as they must be; what is said begins with neither.
/// Empty if nothing was denied. What changes a policy stands below one line that says for which case: what was denied
/// may be an attack.
///
/// `native` is the ABI that a policy without `architectures` is for.
std::string suggestion_text(std::span<const PolicyDenials> denials, arch::Abi native);

}  // namespace sandbox::report
