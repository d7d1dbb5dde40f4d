#include "profiles/profiles.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <utility>

#include "base/text.h"

namespace sandbox::profiles {
namespace {

// Defines kProfiles and kCombinations.
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

const Profile* find_combination(std::span<const std::string_view> names) {
  const std::string name = join(names, "+");
  const auto* found = std::ranges::find(kCombinations, std::string_view(name), &Profile::name);
  return found == std::end(kCombinations) ? nullptr : found;
}

std::optional<compile::ReadyFilter> ready_filter(const Profile& profile, arch::Abi launcher) {
  if (profile.launcher != launcher) return std::nullopt;
  auto program = bpf::validate({profile.instructions.begin(), profile.instructions.end()});
  if (!program) return std::nullopt;
  compile::Filter filter = {
      std::move(*program), {profile.token_sites.begin(), profile.token_sites.end()}, profile.ranges};
  return compile::ReadyFilter{std::move(filter),
                              {profile.covered.begin(), profile.covered.end()},
                              profile.flags,
                              "profile " + std::string(profile.name),
                              false,
                              0};
}

}  // namespace sandbox::profiles
