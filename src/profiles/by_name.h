// Profiles by name: the user's own, those of the machine, and the built-in ones.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "profiles/profiles.h"

namespace sandbox::profiles {

/// Where a policy file may be given, this and a name stand for a profile: "profile:default".
inline constexpr std::string_view kPrefix = "profile:";

/// Where to look, and for whom.
struct Places {
  std::vector<std::string> folders;  ///< Before the built-in ones, the first first. Absolute.
  uid_t user = 0;                    ///< Who relies on what is found: other users must not be able to write it.
};

/// For a user: $XDG_CONFIG_HOME/sandbox-run, or ~/.config/sandbox-run, and /etc/sandbox-run. For root only the last:
/// HOME is often another user's under sudo. Paths that are not absolute are skipped. Null: not set.
Places places(const char* xdg_config_home, const char* home, uid_t user);

/// places() of this process: its environment and its effective user.
Places own_places();

/// A profile that was found. Either is set.
struct Found {
  const Profile* built_in = nullptr;
  std::string path;  ///< A policy file.
};

/// The first profile of that name. The error is a sentence: a name that cannot be one, none of that name, or a file
/// that others could have written.
Result<Found, std::string> find_by_name(std::string_view name, const Places& places);

/// Why a profile that was found is not to be opened: others could have written it, or it is a pipe or a device. None
/// where it may be. A sentence.
std::optional<std::string> why_unusable(const Found& found, const Places& places);

/// One that there is.
struct Listed {
  std::string name;
  Found found;
  bool hidden = false;  ///< One of the same name is found before it.
};

/// All of them, by name, and of one name in the order in which they are looked for.
std::vector<Listed> list_all(const Places& places);

}  // namespace sandbox::profiles
