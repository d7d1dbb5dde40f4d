// Token sites that come from a file: whether they are what `compile` makes.
#pragma once

#include <optional>
#include <vector>

#include "arch/abi.h"
#include "bpf/validate.h"
#include "compile/token.h"

namespace sandbox::compile {

/// What is wrong with the token sites of a program: one that is not part of a whole token check for a launcher of this
/// ABI, a check without its sites (every call would pass it that has zeros where the token should be), a check that can
/// be entered in its middle, one that does not end in a user notification, or a user notification that a call gets
/// without the token. None: nothing is.
std::optional<bpf::InvalidProgram> wrong_token_site(const bpf::ValidatedProgram& program,
                                                    const std::vector<TokenSite>& sites, arch::Abi launcher);

/// Whether the launcher's own calls get through regardless of their arguments, with the token where not without it.
/// Precondition: no wrong token site.
bool opens_for_launcher(const bpf::ValidatedProgram& program, const std::vector<TokenSite>& sites, arch::Abi launcher);

}  // namespace sandbox::compile
