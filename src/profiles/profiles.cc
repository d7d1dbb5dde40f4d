#include "profiles/profiles.h"

#include <algorithm>

namespace sandbox::profiles {
namespace {

// Defines kProfiles.
#include "embedded_profiles.inc"

}  // namespace

std::span<const Profile> all_profiles() {
  return kProfiles;
}

const Profile* find_profile(std::string_view name) {
  const std::span<const Profile> profiles = all_profiles();
  const auto found = std::find_if(profiles.begin(), profiles.end(), [&](const Profile& p) { return p.name == name; });
  return found == profiles.end() ? nullptr : &*found;
}

}  // namespace sandbox::profiles
