#include "record/file_uses.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "report/landlock_reason.h"
#include "resolve/landlock/path_sets.h"

namespace sandbox::record {
namespace {

using namespace arch::file_right;
using arch::FileRights;
using Paths = std::map<std::string, FileRights>;

/// Sets that a section names without being asked: what they have beside what was used is harmless, or the same for
/// another process.
constexpr std::array<std::string_view, 4> kSets = {"@devices", "@proc", "@pty", "@system"};

/// Directories with files of many programs: they never stand for some of their files.
constexpr std::array<std::string_view, 12> kShared = {"/",    "/dev", "/etc", "/home", "/media", "/mnt",
                                                      "/opt", "/run", "/srv", "/tmp",  "/var",   "/var/tmp"};

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

bool is_or_below(const std::string& path, std::string_view directory) {
  return path.starts_with(directory) &&
         (directory == "/" || path.size() == directory.size() || path[directory.size()] == '/');
}

/// A path that a section cannot name (ruleset.cc: no globs).
bool is_no_rule(const std::string& path) {
  return path.find_first_of(std::string_view("*?[\0", 4)) != std::string::npos;
}

/// Processes have other numbers in the next run.
std::string lasting_path(const std::string& path) {
  constexpr std::string_view kProc = "/proc/";
  constexpr std::string_view kPts = "/dev/pts/";
  const auto names_number = [&](std::string_view start) {
    return path.starts_with(start) && path.size() > start.size() && path[start.size()] >= '0' &&
           path[start.size()] <= '9';
  };
  if (names_number(kProc)) return "/proc";
  return names_number(kPts) ? "/dev/pts" : path;
}

bool member_covers(const resolve::PathSet::Member& member, const std::string& path, FileRights rights) {
  if ((rights & ~(member.rights | member.on_devices)) != 0) return false;
  std::string_view start = member.path;
  if (!start.ends_with('*')) return is_or_below(path, start);
  start.remove_suffix(1);
  return path.starts_with(start);
}

/// The set of kSets that gives a path these rights; empty: none does.
std::string set_for(const std::string& path, FileRights rights) {
  for (const resolve::PathSet& set : resolve::path_sets()) {
    if (std::ranges::find(kSets, set.name) == kSets.end()) continue;
    const auto covers = [&](const resolve::PathSet::Member& member) { return member_covers(member, path, rights); };
    if (std::ranges::any_of(set.members, covers)) return std::string(set.name);
  }
  return "";
}

/// The rights with all that their words give: what a rule of words comes to.
FileRights with_words(FileRights rights) {
  FileRights all = 0;
  for (const std::string& word : report::access_for(rights)) all |= arch::find_access(word)->rights;
  return all;
}

/// Whether a rule for a directory above gives the rights already.
bool is_covered(const Paths& paths, const std::string& path, FileRights rights) {
  for (std::string above = path; above != "/";) {
    above = parent_of(above);
    const auto rule = paths.find(above);
    if (rule != paths.end()) rights &= ~with_words(rule->second);
  }
  return rights == 0;
}

void drop_covered(Paths& paths) {
  for (auto at = paths.begin(); at != paths.end();) {
    at = is_covered(paths, at->first, at->second) ? paths.erase(at) : std::next(at);
  }
}

/// Directories in place of their files, from the deepest up.
void gather(Paths& paths, const FileRuleOptions& options) {
  if (options.folder_from == 0) return;
  const auto stays = [&](const std::string& directory) {
    return std::ranges::find(kShared, directory) != kShared.end() ||
           (!options.home.empty() && is_or_below(options.home, directory));
  };
  for (bool again = true; std::exchange(again, false);) {
    std::map<std::pair<std::string, FileRights>, size_t> counts;
    for (const auto& [path, rights] : paths) ++counts[{parent_of(path), with_words(rights)}];
    for (const auto& [place, count] : counts) {
      if (count < options.folder_from || stays(place.first)) continue;
      const auto known = paths.find(place.first);
      if (known != paths.end() && (place.second & ~with_words(known->second)) == 0) continue;
      paths[place.first] |= place.second;
      again = true;
    }
    drop_covered(paths);
  }
}

}  // namespace

void FileUses::note(const kernel::LandlockUse& use) {
  if (!use.path.starts_with('/')) return;
  FileRights rights = use.rights;
  // What opens a device for writing mostly wants its ioctl(2), too; so does the word `write`.
  if (S_ISCHR(use.mode) && (rights & kWriteFile) != 0) rights |= kIoctlDev;
  const bool makes = !use.made.empty();
  Paths& all = makes ? made_ : paths_;
  const std::string path = makes ? use.made : lasting_path(use.path);
  const auto known = all.find(path);
  if (known != all.end()) {
    known->second |= rights;
  } else if (all.size() == kMaxPaths) {
    ++left_out_;
  } else {
    all[path] = rights;
  }
}

void FileUses::note(const policy::FileRule& rule) {
  if (rule.optional) {
    optional_.push_back(rule);
    return;
  }
  FileRights rights = 0;
  for (const policy::PlacedText& word : rule.access) rights |= arch::find_access(word.text)->rights;
  for (const policy::PlacedText& path : rule.paths) earlier_[path.text] |= rights;
}

/// The uses, by the place that a rule is for.
struct FileUses::Placed {
  Paths paths;
  Paths sets;
  Paths withheld;
};

FileUses::Placed FileUses::place(const FileRuleOptions& options) const {
  Placed placed;
  const auto is_whole = [&](const std::string& path) { return report::is_whole(path, options.home); };
  // A rule is bound to a file that is there when the program is started.
  const auto can_have_rule = [&](const std::string& path) {
    return !is_no_rule(path) && (!options.exists || options.exists(path));
  };
  const auto add = [&](std::string path, FileRights rights) {
    while (path != "/" && (made_.contains(path) || !can_have_rule(path))) {
      const std::string above = parent_of(path);
      if (is_whole(above) && can_have_rule(path)) break;
      path = above;
    }
    if (is_whole(path)) {
      if ((rights & ~kReadDir) != 0) placed.withheld[path] |= rights & ~kReadDir;
      rights &= kReadDir;
    }
    if (rights == 0) return;
    const std::string set = set_for(path, rights);
    (set.empty() ? placed.paths[path] : placed.sets[set]) |= rights;
  };
  for (const auto& [path, rights] : paths_) add(path, rights);
  for (const auto& [entry, rights] : made_) {
    // What is opened or made anew by the next run it finds there; other ways to make an entry fail then.
    constexpr FileRights kContents = kReadFile | kWriteFile | kTruncate | kReadDir;
    const bool opened = (rights & ~(kContents | kMakeReg)) == 0 && (rights & kContents) != 0;
    const std::string directory = lasting_path(parent_of(entry));
    if (is_whole(directory) && (opened || rights == kMakeDir) && can_have_rule(entry)) {
      if (opened) placed.paths[entry] |= rights & kContents;
    } else {
      add(directory, rights);
    }
  }
  return placed;
}

std::map<std::string, FileRights> FileUses::withheld(const FileRuleOptions& options) const {
  return place(options).withheld;
}

std::vector<policy::FileRule> FileUses::rules(const FileRuleOptions& options) const {
  Placed placed = place(options);
  Paths& paths = placed.paths;
  Paths& sets = placed.sets;
  for (const auto& [path, rights] : earlier_) (path.starts_with('@') ? sets : paths)[path] |= rights;
  drop_covered(paths);
  gather(paths, options);

  std::map<std::vector<std::string>, std::vector<policy::PlacedText>> by_access;
  for (const Paths& all : {sets, paths}) {
    for (const auto& [path, rights] : all) by_access[report::access_for(rights)].push_back({path, {}});
  }
  std::vector<policy::FileRule> rules = optional_;
  for (auto& [access, of_access] : by_access) {
    policy::FileRule rule;
    for (const std::string& word : access) rule.access.push_back({word, {}});
    rule.paths = std::move(of_access);
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace sandbox::record
