// What is written on a command line where a policy is read: FILE, '-' for standard input, or FILE#NAME for one of
// several SeccompProfile resources in a file.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/file.h"

namespace sandbox::command_line {

struct PolicyName {
  std::string path;
  std::string resource;  ///< NAME; empty: none was given.
};

/// Takes the name apart at its last '#', unless there is a file that is called so.
inline PolicyName split_policy_name(const std::string& written) {
  const size_t hash = written.rfind('#');
  if (hash == std::string::npos || hash == 0 || hash + 1 == written.size()) return {written, {}};
  if (access(written.c_str(), F_OK) == 0) return {written, {}};
  PolicyName name = {written.substr(0, hash), written.substr(hash + 1)};
  if (name.path != kStandardStream && access(name.path.c_str(), F_OK) != 0) return {written, {}};
  return name;
}

/// Whether this is read from standard input.
inline bool is_standard_input(std::string_view written) {
  return written == kStandardStream || written.starts_with("-#");
}

/// What to say where more than one input is; it is read once.
inline constexpr std::string_view kOneStandardInput = "standard input ('-') can be read only once";

}  // namespace sandbox::command_line
