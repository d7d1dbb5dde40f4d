// Where the same index is not the same argument on every ABI.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "arch/abi.h"

namespace sandbox::arch {

/// What an argument of a call means on an ABI, as a value to be compared with that of another ABI: equal values, the
/// same argument. (clone's flags are argument 1 on s390x; x86's mmap and select take a pointer to their arguments; a
/// 64-bit value takes two registers on 32-bit ABIs, on some of them aligned to a pair.)
uint32_t argument_meaning(Abi abi, std::string_view call, unsigned argument);

/// The argument that means on `abi` what `argument` means on `other`; none if no register holds it.
std::optional<unsigned> same_argument(Abi other, unsigned argument, Abi abi, std::string_view call);

}  // namespace sandbox::arch
