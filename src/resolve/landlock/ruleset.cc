#include "resolve/landlock/ruleset.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "resolve/landlock/path_sets.h"

namespace sandbox::resolve {
namespace {

using policy::FileRule;
using policy::PlacedText;

constexpr std::string_view kWorkingDirectory = "@cwd";

/// What a rule's words come to.
struct Access {
  arch::FileRights rights = 0;
  arch::FileRights on_devices = 0;
};

std::string without_end_slashes(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return std::string(path);
}

std::string joined(std::string_view folder, std::string_view path) {
  return std::string(folder) + (folder.ends_with('/') ? "" : "/") + std::string(path);
}

/// Whether a directory is `below` or lies above it.
bool is_or_holds(std::string_view directory, std::string_view below) {
  return below == directory || (below.starts_with(directory) && below[directory.size()] == '/');
}

class LandlockResolver {
 public:
  LandlockResolver(const policy::Policy& policy, const PathEnvironment& environment, Diagnostics& diagnostics)
      : section_(*policy.landlock), environment_(environment), diagnostics_(diagnostics) {
    ruleset_.source = policy.source;
    ruleset_.range = section_.range;
    ruleset_.best_effort = section_.best_effort;
  }

  Ruleset resolve();

 private:
  void add_rule(const FileRule& rule);
  void add_path(const FileRule& rule, const PlacedText& path, const Access& access);
  void add_set(const PlacedText& name, const Access& access);
  void add_members(const PathSet& set, const PlacedText& name, const Access& access);
  bool check_working_directory(const PlacedText& written);
  std::optional<std::string> absolute(const PlacedText& written);
  void add_ports(const std::optional<policy::PortLists>& lists, arch::PortRights connect, arch::PortRights bind);

  const policy::LandlockSection& section_;
  const PathEnvironment& environment_;
  Diagnostics& diagnostics_;
  Ruleset ruleset_;
  std::map<std::string_view, size_t> members_;  ///< Of sets: a path's index in the ruleset.
  std::map<uint16_t, PortRule> ports_;
};

Ruleset LandlockResolver::resolve() {
  if (section_.files) {
    ruleset_.handled_files = arch::file_right::kAll;
    for (const FileRule& rule : *section_.files) add_rule(rule);
  }
  add_ports(section_.tcp, arch::port_right::kConnectTcp, arch::port_right::kBindTcp);
  add_ports(section_.udp, arch::port_right::kConnectSendUdp, arch::port_right::kBindUdp);
  for (const auto& [port, rule] : ports_) ruleset_.ports.push_back(rule);
  for (const PlacedText& scope : section_.scope) {
    const auto known = arch::scopes();
    const auto found = std::ranges::find(known, scope.text, &arch::LandlockBit::name);
    if (found != known.end()) ruleset_.scopes |= found->bit;
  }
  return std::move(ruleset_);
}

void LandlockResolver::add_rule(const FileRule& rule) {
  Access access;
  for (const PlacedText& word : rule.access) {
    const auto known = arch::find_access(word.text);
    if (!known) continue;
    access.rights |= known->rights;
    access.on_devices |= known->on_devices;
  }
  if (access.rights == 0) return;  // It had errors.
  ruleset_.named_files |= access.rights;
  for (const PlacedText& path : rule.paths) {
    if (path.text.starts_with('@') && path.text != kWorkingDirectory) {
      add_set(path, access);
    } else {
      add_path(rule, path, access);
    }
  }
}

void LandlockResolver::add_path(const FileRule& rule, const PlacedText& path, const Access& access) {
  const auto found = absolute(path);
  if (!found) return;
  ruleset_.paths.push_back(
      {*found, path.text, access.rights, access.on_devices, rule.optional, /*pattern=*/false, path.range});
}

void LandlockResolver::add_set(const PlacedText& name, const Access& access) {
  const auto sets = path_sets();
  const auto set = std::ranges::find(sets, name.text, &PathSet::name);
  if (set != sets.end()) return add_members(*set, name, access);
  std::vector<std::string_view> names;
  for (const PathSet& known : sets) names.push_back(known.name);
  const auto nearest = diagnostics_.nearest("path sets", name.text, names);
  diagnostics_.error(name.range, "unknown set of paths " + in_quotes(name.text) +
                                     (nearest ? "; did you mean " + in_quotes(*nearest) + "?"
                                              : "; expected " + join(names, ", ") + "; a file of this name is " +
                                                    in_quotes("./" + name.text)));
}

/// Members have what the set gives them of the rule's access.
void LandlockResolver::add_members(const PathSet& set, const PlacedText& name, const Access& access) {
  arch::FileRights given = 0;
  for (const PathSet::Member& member : set.members) {
    const arch::FileRights rights = member.rights & (access.rights | access.on_devices);
    given |= member.rights;
    if (rights == 0) continue;
    if (const auto known = members_.find(member.path); known != members_.end()) {
      ruleset_.paths[known->second].rights |= rights;
      continue;
    }
    members_.emplace(member.path, ruleset_.paths.size());
    std::string path(member.path);
    const bool pattern = path.ends_with('*');
    ruleset_.paths.push_back({std::move(path), name.text, rights, 0, /*optional=*/true, pattern, name.range});
  }
  for (const arch::AccessWord& word : arch::access_words()) {
    if ((access.rights & word.rights) != word.rights || (given & word.rights) != 0) continue;
    diagnostics_.warning(name.range, in_quotes(name.text) + " never gives " + in_quotes(word.name) +
                                         ", which is in 'access'" + "; list the paths that need it");
  }
}

/// The sandbox is to keep a program from what lies beside its work: keys, start-up files, other projects.
bool LandlockResolver::check_working_directory(const PlacedText& written) {
  const std::string& directory = environment_.working_directory;
  if (directory.empty()) {
    diagnostics_.error(written.range, in_quotes(written.text) + " is the working directory, which cannot be known");
    return false;
  }
  const std::string start = in_quotes(written.text) + " is the working directory, ";
  const std::string advice = "; change to another directory, or write out the paths that the program needs";
  if (directory == "/") {
    diagnostics_.error(written.range, start + "and that is /" + advice);
    return false;
  }
  const std::string home = without_end_slashes(environment_.home);
  if (!home.empty() && is_or_holds(directory, home)) {
    diagnostics_.error(written.range, start + in_quotes(directory) +
                                          (directory == home ? ", which is the home directory"
                                                             : ", which holds the home directory " + in_quotes(home)) +
                                          advice);
    return false;
  }
  const bool looks_like_home = directory == "/root" || directory == "/home" ||
                               (directory.starts_with("/home/") && directory.find('/', 6) == std::string::npos);
  if (home.empty() && looks_like_home) {
    diagnostics_.error(written.range,
                       start + in_quotes(directory) + ", which may be a home directory, and HOME is not set" + advice);
    return false;
  }
  return true;
}

/// The path that is meant. None, and an error, for one that cannot be.
std::optional<std::string> LandlockResolver::absolute(const PlacedText& written) {
  const std::string& text = written.text;
  const auto wrong = [&](std::string message) {
    diagnostics_.error(written.range, std::move(message));
    return std::nullopt;
  };
  if (without_end_slashes(text) == "." || text == kWorkingDirectory) {
    if (!check_working_directory(written)) return std::nullopt;
    return environment_.working_directory;
  }
  if (text.find('\0') != std::string::npos) return wrong("the path " + in_quotes(text) + " has a NUL in it");
  if (text.find_first_of("*?[") != std::string::npos) {
    return wrong("no globs here: " + in_quotes(text) + " has '" + text[text.find_first_of("*?[")] +
                 "'; give the folder, or list its files");
  }
  if (text.starts_with('!'))
    return wrong("nothing can be taken from what other rules allow, as " + in_quotes(text) +
                 " would: list what is allowed, in place of a folder above it");
  if (text.starts_with('$') || text.starts_with('%')) {
    return wrong("no variables here: " + in_quotes(text) + "; '~' stands for HOME, '@cwd' for the working directory");
  }
  if (text.starts_with('/')) return text;
  if (!text.starts_with('~')) {
    if (!environment_.policy_folder.empty()) return joined(environment_.policy_folder, text);
    return wrong(in_quotes(text) + " is relative to the working directory, which cannot be known");
  }
  const size_t slash = std::min(text.find('/'), text.size());
  if (slash != 1) {
    return wrong("no homes of other users here: " + in_quotes(text) + "; '~' alone stands for HOME, write out others");
  }
  if (environment_.home.empty()) return wrong("'~' stands for HOME, which is not set; write out the path");
  return slash == text.size() ? environment_.home : joined(environment_.home, text.substr(slash + 1));
}

void LandlockResolver::add_ports(const std::optional<policy::PortLists>& lists, arch::PortRights connect,
                                 arch::PortRights bind) {
  if (!lists) return;
  const auto add = [&](const std::optional<std::vector<policy::PortNumber>>& list, arch::PortRights right) {
    if (!list) return;
    ruleset_.handled_ports |= right;
    for (const policy::PortNumber& number : *list) {
      PortRule& rule = ports_.try_emplace(number.port, PortRule{number.port, 0, number.range}).first->second;
      rule.rights |= right;
    }
  };
  add(lists->connect, connect);
  add(lists->bind, bind);
}

}  // namespace

std::optional<Ruleset> resolve_landlock(const policy::Policy& policy, const PathEnvironment& environment,
                                        Diagnostics& diagnostics) {
  if (!policy.landlock) return std::nullopt;
  return LandlockResolver(policy, environment, diagnostics).resolve();
}

}  // namespace sandbox::resolve
