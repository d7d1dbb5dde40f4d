// Error numbers by name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sandbox::arch {

/// The largest error number that the kernel can return (MAX_ERRNO in include/linux/err.h).
inline constexpr uint16_t kMaxErrno = 4095;

/// The native number of an errno name such as "EPERM".
std::optional<uint16_t> errno_number(std::string_view name);

/// "EPERM" for 1; the decimal number where it has no name.
std::string errno_name(uint16_t number);

/// All names, by number.
std::vector<std::string_view> errno_names();

}  // namespace sandbox::arch
