#include "profiles/by_name.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <tuple>

#include "base/diagnostic.h"
#include "base/edit_distance.h"
#include "base/trusted_path.h"

namespace sandbox::profiles {
namespace {

constexpr std::string_view kFolder = "/sandbox-run";
constexpr std::string_view kEnding = ".yml";
constexpr size_t kMaxName = 200;     // So that a file can have it.
constexpr size_t kMaxShown = 4096;   // Of a path, in a message.
constexpr size_t kMaxListed = 1000;  // Files of one folder.

bool is_name(std::string_view name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= kMaxName && name.find_first_not_of(kAllowed) == std::string_view::npos;
}

std::string not_a_name(std::string_view name) {
  std::string message = in_quotes(name, kMaxShown) + " cannot be a profile's name: letters, digits, '.', '_' and '-'";
  if (name.find('/') != std::string_view::npos) message += "; for a file, --policy " + printable(name, kMaxShown);
  return message;
}

std::string not_found(std::string_view name, const Places& places) {
  const std::vector<Listed> all = list_all(places);
  std::vector<std::string_view> names;
  names.reserve(all.size());
  for (const Listed& listed : all) names.push_back(listed.name);
  std::string message = "unknown profile " + in_quotes(name);
  if (const auto nearest = nearest_name(name, names)) return message + "; did you mean " + in_quotes(*nearest) + "?";
  if (name.ends_with(kEnding)) return message + "; for a file, --policy " + std::string(name);
  return message + "; sandbox-run --list-profiles shows those there are";
}

/// Whether the folder on the way to the path that may not be searched is another user's.
bool is_closed_by_another(std::string path, uid_t user) {
  struct stat info = {};
  do {
    path.resize(path.rfind('/'));
    if (stat(path.empty() ? "/" : path.c_str(), &info) == 0) return info.st_uid != user;
  } while (!path.empty() && errno == EACCES);
  return false;
}

/// The names of the profiles in a folder. None where it cannot be read.
std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(folder.c_str()), closedir);
  if (!directory) return names;
  while (const dirent* entry = readdir(directory.get())) {
    std::string_view name = entry->d_name;
    if (!name.ends_with(kEnding)) continue;
    name.remove_suffix(kEnding.size());
    if (is_name(name) && names.size() < kMaxListed) names.emplace_back(name);
  }
  return names;
}

}  // namespace

Places places(const char* xdg_config_home, const char* home, uid_t user) {
  Places places;
  places.user = user;
  const auto is_absolute = [](const char* path) { return path != nullptr && path[0] == '/'; };
  if (user != 0 && is_absolute(xdg_config_home)) {
    places.folders.push_back(xdg_config_home + std::string(kFolder));
  } else if (user != 0 && is_absolute(home)) {
    places.folders.push_back(home + std::string("/.config") + std::string(kFolder));
  }
  places.folders.push_back("/etc" + std::string(kFolder));
  return places;
}

Places own_places() {
  return places(std::getenv("XDG_CONFIG_HOME"), std::getenv("HOME"), geteuid());
}

Result<Found, std::string> find_by_name(std::string_view name, const Places& places) {
  if (!is_name(name)) return not_a_name(name);
  for (const std::string& folder : places.folders) {
    const std::string path = folder + "/" + std::string(name) + std::string(kEnding);
    struct stat info = {};
    if (lstat(path.c_str(), &info) != 0) {
      // HOME is often still another user's, such as root's, whose folders are closed: nothing in them is for us.
      const int error = errno;
      const bool in_home = &folder != &places.folders.back();
      const bool closed_home = error == EACCES && in_home && is_closed_by_another(path, places.user);
      if (error == ENOENT || error == ENOTDIR || closed_home) continue;
      // There may be one, which would come first.
      return printable(path, kMaxShown) + ": cannot be read: " + strerrordesc_np(error);
    }
    if (auto why = why_unusable({nullptr, path}, places)) return std::move(*why);
    return Found{nullptr, path};
  }
  if (const Profile* profile = find_profile(name)) return Found{profile, {}};
  return not_found(name, places);
}

std::optional<std::string> why_unusable(const Found& found, const Places& places) {
  if (found.built_in != nullptr) return std::nullopt;
  auto why = distrust(found.path, places.user);
  struct stat info = {};
  const bool special = !why && stat(found.path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
  if (special) why = "it is no regular file";
  if (!why) return std::nullopt;
  return printable(found.path, kMaxShown) + ": is not used as a profile, since " + *why;
}

std::vector<Listed> list_all(const Places& places) {
  std::vector<std::tuple<std::string, size_t, Found>> all;
  for (size_t i = 0; i < places.folders.size(); ++i) {
    for (const std::string& name : names_in(places.folders[i])) {
      all.emplace_back(name, i, Found{nullptr, places.folders[i] + "/" + name + std::string(kEnding)});
    }
  }
  for (const Profile& profile : all_profiles()) {
    all.emplace_back(std::string(profile.name), places.folders.size(), Found{&profile, {}});
  }
  std::ranges::sort(all, {}, [](const auto& one) { return std::tie(std::get<0>(one), std::get<1>(one)); });
  std::vector<Listed> listed;
  for (auto& [name, place, found] : all) {
    listed.push_back({name, std::move(found), !listed.empty() && listed.back().name == name});
  }
  return listed;
}

}  // namespace sandbox::profiles
