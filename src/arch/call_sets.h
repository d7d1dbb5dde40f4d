// Sets of system calls by name, such as "@network-io": systemd's, so that SystemCallFilter= carries over.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace sandbox::arch {

/// All calls of a set, nested sets included: sorted, each once. Some are known to no table here, or to no ABI at all
/// (systemd also lists calls of alpha, or of kernels to come); callers skip what the ABI lacks. None for a name that is
/// no set; the name includes the '@'.
std::optional<std::vector<std::string_view>> members_of_set(std::string_view set);

/// What a set is written as: calls, and other sets by their names with '@'. None for a name that is no set.
std::optional<std::vector<std::string_view>> written_members_of_set(std::string_view set);

/// The names of all sets, sorted, each with its '@'.
std::vector<std::string_view> set_names();

/// What the sets were taken from: "systemd v262".
std::string_view source_of_sets();

}  // namespace sandbox::arch
