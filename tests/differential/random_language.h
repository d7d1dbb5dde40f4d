// Random policies in the whole language, as text: sets, constants, widths, `kernel:`, several ABIs, multiplexers.
#pragma once

#include <string>
#include <vector>

#include "arch/abi.h"
#include "judged_policies.h"

namespace sandbox::differential {

struct LanguageKind {
  std::vector<arch::Abi> abis;          ///< What `architectures` lists.
  std::vector<std::string> favourites;  ///< Calls that shall stand in many groups, with conditions.
  std::vector<uint64_t> values;         ///< Values that shall be compared with often; others are drawn beside them.
  bool kernel = true;                   ///< Whether `kernel:` may stand there.
  size_t groups = 5;                    ///< At most so many.
};

/// A Beats policy without errors: conditions only on arguments that the calls have, in the same place on every ABI.
std::string random_language_policy(const LanguageKind& kind, Dice& dice);

}  // namespace sandbox::differential
