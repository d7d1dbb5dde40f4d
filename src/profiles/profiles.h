// The policies that are built into the programs: as text, and compiled when the project was built.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "arch/abi.h"
#include "bpf/program.h"
#include "compile/ready_filter.h"

namespace sandbox::profiles {

struct Profile {
  std::string_view name;
  std::string_view summary;  ///< One line: the first comment of the policy.
  std::string_view text;     ///< The policy's YAML, as it stands in policies/.
  /// Of a profile with a `landlock` section, how many bytes of its text end with that: read alone they are the section,
  /// without a filter. It is resolved at each launch, since paths depend on the machine. 0: it has none.
  size_t landlock_end;

  // What the text was compiled to; see compile::ReadyFilter.
  std::string_view by_default;  ///< What a call gets that no group matches, in words.
  arch::Abi launcher;           ///< The ABI that the policy was read and compiled for.
  std::span<const bpf::Instruction> instructions;
  std::span<const compile::TokenSite> token_sites;
  size_t ranges;
  std::span<const arch::Abi> covered;
  uint32_t flags;
};

/// The profile that is used when no policy is named.
inline constexpr std::string_view kDefaultProfile = "default";

/// Every profile, sorted by name.
std::span<const Profile> all_profiles();

/// The profile of that name; null if there is none.
const Profile* find_profile(std::string_view name);

/// Several profiles as one filter, compiled when the project was built: its `name` is theirs with '+' between them, its
/// texts are empty. Null if it was not. The order counts.
const Profile* find_combination(std::span<const std::string_view> names);

/// The profile's (or combination's) filter without reading its text. None if it was compiled for another launcher.
std::optional<compile::ReadyFilter> ready_filter(const Profile& profile, arch::Abi launcher);

}  // namespace sandbox::profiles
