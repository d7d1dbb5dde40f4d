// Random policies, as text: the reader, the resolver and the compiler are all on their path.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "random.h"

namespace sandbox::differential {

/// What kind of policy is made. Everything that is not fixed here is drawn.
struct PolicyKind {
  arch::Abi abi = arch::native_abi();
  /// Only what libseccomp can express: each call in one group, with one clause or with several that compare one
  /// argument for equality; no two conditions on one argument, one bit at a time for BitsSet.
  bool order_free = false;
  /// Hundreds of conditions, so that jumps are far.
  bool many_conditions = false;
  /// Calls that shall be among those of the policy; the others are drawn from the ABI's table.
  std::vector<std::string> favourites;
};

/// A policy as Beats write it, in any of the styles that YAML offers.
std::string random_policy(const PolicyKind& kind, Random& random);

/// The values at which comparisons are likely to go wrong, and others.
uint64_t interesting_value(Random& random, unsigned bits);

}  // namespace sandbox::differential
