// Words as a shell reads them.
#pragma once

#include <string>
#include <vector>

namespace sandbox {

/// A line that a POSIX shell takes for these words, none of them expanded: what is not plain stands in single quotes.
std::string shell_command(const std::vector<std::string>& words);

}  // namespace sandbox
