// Words of other programs, and of shells, that people type here: what stands for them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sandbox::launcher {

/// What stands here for an option of firejail, bubblewrap, landrun, docker, systemd-run or a Beat, with the command to
/// type: " (firejail's); type: ...", to go on with behind "unknown option '--net'". None for an option that none of
/// them has. `value` is what stands behind '=', or the next argument; empty if there is neither.
std::optional<std::string> foreign_option(std::string_view option, std::string_view value);

/// The same for a value of --policy that is no file: a setting of a systemd unit.
std::optional<std::string> foreign_policy(std::string_view value);

/// What was probably meant by a program's name that was not found, to go on with behind the message. `report`: --report
/// is given without a file.
std::optional<std::string> foreign_program(std::string_view name, bool report);

}  // namespace sandbox::launcher
