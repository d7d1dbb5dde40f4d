// What --version prints.
#pragma once

#include <string>
#include <string_view>

namespace sandbox::command_line {

/// "sandbox-run 0.1.0", and in lines of their own the commit and the tables that this program was built from.
std::string version_text(std::string_view program);

}  // namespace sandbox::command_line
