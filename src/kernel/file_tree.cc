#include "kernel/file_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>

#include "base/file.h"
#include "kernel/file_ancestry.h"
#include "kernel/proc.h"

namespace sandbox::kernel {
namespace {

constexpr int kMaxLinks = 40;  // MAXSYMLINKS.
constexpr uint64_t kMissingDevice = UINT64_MAX;

/// The lengths at which the components of an absolute path end.
std::vector<size_t> ends_of(std::string_view path) {
  std::vector<size_t> ends;
  for (size_t i = 1; i <= path.size(); ++i) {
    if ((i == path.size() || path[i] == '/') && path[i - 1] != '/') ends.push_back(i);
  }
  return ends;
}

/// The component that ends there.
std::string name_at(std::string_view path, size_t end) {
  const size_t begin = path.rfind('/', end - 1) + 1;
  return std::string(path.substr(begin, end - begin));
}

/// The folder of a path and the name in it; slashes at the end do not count.
std::pair<std::string, std::string> split(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {"/", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

std::string joined(const std::string& folder, const std::string& name) {
  return (folder == "/" ? "" : folder) + "/" + name;
}

/// The members of a directory whose names begin as the pattern's last component does.
std::vector<std::string> matches_of(const std::string& pattern) {
  const auto [folder, name] = split(pattern);
  const std::string_view beginning = std::string_view(name).substr(0, name.size() - 1);
  std::vector<std::string> matches;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(folder.c_str()), closedir);
  if (!directory) return matches;
  while (const dirent* entry = readdir(directory.get())) {
    const std::string_view member = entry->d_name;
    if (member.starts_with(beginning) && member != "." && member != "..")
      matches.push_back(joined(folder, entry->d_name));
  }
  std::ranges::sort(matches);
  return matches;
}

/// What a rule gives a file of this kind. A file that is missing may become either.
arch::FileRights rights_for(const resolve::PathRule& rule, const FoundFile& file) {
  arch::FileRights rights = rule.rights;
  if (S_ISCHR(file.mode)) rights |= rule.on_devices;
  if (file.exists && !S_ISDIR(file.mode)) rights &= arch::file_right::kOfFiles;
  return rights;
}

}  // namespace

resolve::FileId FileTree::id_below(const resolve::FileId& directory, const std::string& name) {
  const auto [entry, added] = missing_.try_emplace({directory, name}, missing_.size());
  return {kMissingDevice, entry->second};
}

Result<FoundFile, int> FileTree::find(const std::string& path) {
  return find(path, 0);
}

Result<FoundFile, int> FileTree::find(const std::string& path, int links) {
  const UniqueFd fd(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!fd.valid()) return errno == ENOENT ? find_missing(path, links) : Result<FoundFile, int>(errno);
  const auto status = status_of(fd.get());
  if (!status) return status.error();
  auto ancestry = ancestry_of(fd.get());
  if (!ancestry) return ancestry.error();
  const std::string shown = link_text(AT_FDCWD, ("/proc/self/fd/" + std::to_string(fd.get())).c_str());
  return FoundFile{shown.empty() ? path : shown, true, static_cast<mode_t>(status->mode), std::move(*ancestry), {}};
}

/// Of the lengths at which a component of the path ends, the first whose file does not exist; the path's own does not.
/// What is below a missing file is missing, too.
size_t FileTree::first_missing(const std::string& path, const std::vector<size_t>& ends) {
  size_t low = 0;
  size_t high = ends.size() - 1;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    const UniqueFd fd(open(path.substr(0, ends[middle]).c_str(), O_PATH | O_CLOEXEC));
    if (fd.valid() || errno != ENOENT) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

Result<FoundFile, int> FileTree::find_missing(const std::string& path, int links) {
  if (!path.starts_with('/')) return ENOENT;
  const std::vector<size_t> ends = ends_of(path);
  if (ends.empty()) return ENOENT;
  const size_t missing = first_missing(path, ends);
  const std::string first = path.substr(0, ends[missing]);
  const std::string rest = path.substr(ends[missing]);
  const std::string folder = missing == 0 ? "/" : path.substr(0, ends[missing - 1]);
  struct stat info = {};
  if (lstat(first.c_str(), &info) == 0 && S_ISLNK(info.st_mode)) {
    if (links == kMaxLinks) return ELOOP;
    const std::string target = link_text(AT_FDCWD, first.c_str());
    return find((target.starts_with('/') ? target : joined(folder, target)) + rest, links + 1);
  }
  auto directory = find(folder, links);
  if (!directory) return directory;
  if (!directory->exists || !directory->ancestry) return ENOENT;
  if (!S_ISDIR(directory->mode)) return ENOTDIR;
  FoundFile file = {directory->path, false, 0, std::move(directory->ancestry), directory->path};
  std::ranges::reverse(*file.ancestry);  // The root first, while it grows.
  for (size_t i = missing; i < ends.size(); ++i) {
    const std::string name = name_at(path, ends[i]);
    if (name == ".") continue;
    if (name == "..") return ENOENT;  // Of a directory that is missing.
    if (file.path != "/") file.path += '/';
    file.path += name;
    file.ancestry->push_back(id_below(file.ancestry->back(), name));
  }
  std::ranges::reverse(*file.ancestry);
  return file;
}

PlacedSection FileTree::place(const resolve::Ruleset& ruleset) {
  PlacedSection section;
  section.placed.handled_files = ruleset.handled_files;
  section.placed.handled_ports = ruleset.handled_ports;
  section.placed.scopes = ruleset.scopes;
  for (const resolve::PortRule& rule : ruleset.ports) section.placed.ports[rule.port] |= rule.rights;
  for (size_t i = 0; i < ruleset.paths.size(); ++i) {
    const resolve::PathRule& rule = ruleset.paths[i];
    for (const std::string& path : rule.pattern ? matches_of(rule.path) : std::vector<std::string>{rule.path}) {
      auto file = find(path);
      if (!file || !file->ancestry) continue;
      const arch::FileRights rights = rights_for(rule, *file) & ruleset.handled_files;
      section.placed.files[file->ancestry->front()] |= rights;
      section.paths.push_back({i, std::move(*file), rights});
    }
  }
  return section;
}

}  // namespace sandbox::kernel
