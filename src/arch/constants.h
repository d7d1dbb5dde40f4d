// Named constants of system-call arguments, such as AF_UNIX or TIOCSTI.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "arch/abi.h"

namespace sandbox::arch {

/// The kernel's value of a named constant on an ABI (not the C library's: O_LARGEFILE is not 0); none when that ABI, or
/// all, does not know it. A negative one such as AT_FDCWD is sign-extended to 64 bits: the caller cuts it to the
/// width of the argument.
std::optional<uint64_t> constant(Abi abi, std::string_view name);

/// The ABIs that have a constant of this name, in the order of the enumeration. Empty: the name is unknown.
std::vector<Abi> abis_with_constant(std::string_view name);

/// All names, in the order of their bytes.
std::vector<std::string_view> constant_names();

}  // namespace sandbox::arch
