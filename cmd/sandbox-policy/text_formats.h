// The formats that policies are written in, by the words for --to.
#pragma once

#include <string>
#include <string_view>

#include "resolve/convert/convert.h"

namespace sandbox::tool {

/// `name` is one of those that Options::to holds, but not "bpf".
resolve::TextFormat text_format(std::string_view name);

/// The format of a file with this name, by its ending: "oci" for .json, "systemd" for .service and .conf, else "beats".
std::string_view format_of_ending(std::string_view file);

/// The file's name without its folder and ending: "beat" of "/etc/beat.yml".
std::string stem_of(std::string name);

}  // namespace sandbox::tool
