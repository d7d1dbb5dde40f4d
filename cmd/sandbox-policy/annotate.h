// Notes on the instructions of a filter: what they ask, about which calls, and which lines of the policy they serve.
#pragma once

#include <string>
#include <vector>

#include "arch/abi.h"
#include "sandbox-policy/load.h"

namespace sandbox::tool {

/// A filter as lines for people, one an instruction; parallel.
struct Listing {
  std::vector<std::string> instructions;  ///< "jeq  0x3b        then 5 else 7", without the index.
  std::vector<std::string> notes;         ///< "execve"; may be empty.
};

/// `input` is what the filter was made of.
Listing annotate(const compile::ReadyFilter& filter, const Input& input, arch::Abi machine);

}  // namespace sandbox::tool
