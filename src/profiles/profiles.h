// The policies that are built into the programs.
#pragma once

#include <span>
#include <string_view>

namespace sandbox::profiles {

struct Profile {
  std::string_view name;
  std::string_view summary;  ///< One line: the first comment of the policy.
  std::string_view text;     ///< The policy's YAML, as it stands in policies/.
};

/// The profile that is used when no policy is named.
inline constexpr std::string_view kDefaultProfile = "default";

/// Every profile, sorted by name.
std::span<const Profile> all_profiles();

/// The profile of that name; null if there is none.
const Profile* find_profile(std::string_view name);

}  // namespace sandbox::profiles
