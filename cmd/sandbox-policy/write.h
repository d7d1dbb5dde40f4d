// Files that are written whole or not at all.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sandbox::tool {

/// Writes a file: beside it first, then renamed over it, so that nobody ever sees half of one. A pipe or a device is
/// written as it is. The error is a sentence; none when all is well.
std::optional<std::string> write_file(const std::string& path, std::string_view bytes);

}  // namespace sandbox::tool
