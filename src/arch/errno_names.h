// Error numbers by name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/abi.h"

namespace sandbox::arch {

/// The largest error number that the kernel can return (MAX_ERRNO in include/linux/err.h).
inline constexpr uint16_t kMaxErrno = 4095;

/// The number of an errno name such as "EPERM" on an ABI: they differ on mips and parisc, EDEADLOCK on powerpc too.
/// None for a name that the ABI does not have.
std::optional<uint16_t> errno_number(Abi abi, std::string_view name);

/// "EPERM" for 1; the decimal number where it has no name on that ABI.
std::string errno_name(Abi abi, uint16_t number);

/// All names of all ABIs: those that every ABI has by their number on most of them, then the others.
std::vector<std::string_view> errno_names();

/// The same two for the native ABI.
std::optional<uint16_t> errno_number(std::string_view name);
std::string errno_name(uint16_t number);

}  // namespace sandbox::arch
