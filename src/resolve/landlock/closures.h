// The policy that closes what Landlock leaves open: see Closures.
//
// It is text, as a policy of a file is, so that a report can name a line of it.
#pragma once

#include <span>
#include <string>

#include "arch/abi.h"
#include "resolve/landlock/abi_fit.h"

namespace sandbox::resolve {

/// The name of that policy in messages.
inline constexpr const char* kClosuresName = "landlock";

/// What closes TCP's lookalikes alone, in a combination of profiles that was compiled when the project was built.
inline constexpr const char* kClosuresForTcp = "landlock-tcp";

/// The policy for these ABIs, in the format of Beats. Precondition: `closures.any()`, and there is an ABI.
std::string closures_policy(const Closures& closures, std::span<const arch::Abi> abis);

}  // namespace sandbox::resolve
