// The policy that --deny asks for: the calls that it names, and those that do the same.
#pragma once

#include <string>
#include <vector>

#include "arch/abi.h"
#include "policy/policy.h"
#include "resolve/lint/siblings.h"

namespace sandbox::launcher {

/// The name of --deny in messages, as a file has one.
inline constexpr const char* kDenyOption = "--deny";

/// What --deny means on some ABIs.
struct DenyList {
  /// Denies the names with EPERM, and their siblings: those without which programs have to do anyway, such as clone3
  /// and io_uring_setup, with ENOSYS. Its text is what was written, so an unknown name has a place in it.
  policy::Policy policy;
  std::vector<std::string> written;                 ///< The names, each once.
  std::vector<std::string> with_it;                 ///< Their siblings, sorted.
  std::vector<resolve::Siblings::Partial> partial;  ///< What does some of the work and stays allowed here; each once.
};

/// Of lists with commas between the names; blanks around a name do not count. Empty names are skipped.
DenyList deny_list(const std::vector<std::string>& lists, const std::vector<arch::Abi>& abis);

}  // namespace sandbox::launcher
