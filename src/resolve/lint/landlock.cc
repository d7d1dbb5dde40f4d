#include "resolve/lint/landlock.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "base/text.h"
#include "resolve/landlock/path_sets.h"

namespace sandbox::resolve {
namespace {

using namespace arch::file_right;

constexpr arch::FileRights kReplacing = kMakeReg | kRemoveFile | kRefer;

/// Files below HOME from which the user's own programs take commands.
constexpr std::array<std::string_view, 21> kStartUpFiles = {".bashrc",
                                                            ".bash_profile",
                                                            ".bash_login",
                                                            ".bash_logout",
                                                            ".profile",
                                                            ".zshrc",
                                                            ".zshenv",
                                                            ".zprofile",
                                                            ".zlogin",
                                                            ".config/fish/config.fish",
                                                            ".config/autostart",
                                                            ".config/systemd/user",
                                                            ".config/environment.d",
                                                            ".ssh/authorized_keys",
                                                            ".ssh/config",
                                                            ".ssh/rc",
                                                            ".gitconfig",
                                                            ".config/git/config",
                                                            ".vimrc",
                                                            ".tmux.conf",
                                                            ".xprofile"};

constexpr std::array<std::string_view, 4> kCommandFiles = {".git/hooks", ".git/config", ".envrc", ".vscode"};

/// Sockets of services that do what the caller asks for, with rights of their own. What is in the folders counts, too.
struct Service {
  std::string_view path;
  std::string_view name;
};
constexpr std::array<Service, 11> kServices = {{{"/run/docker.sock", "Docker"},
                                                {"/var/run/docker.sock", "Docker"},
                                                {"/run/containerd/containerd.sock", "containerd"},
                                                {"/run/podman/podman.sock", "Podman"},
                                                {"/run/systemd/private", "systemd"},
                                                {"/run/dbus/system_bus_socket", "D-Bus"},
                                                {"/run/libvirt/libvirt-sock", "libvirt"},
                                                {"/run/snapd.socket", "snapd"},
                                                {"/run/user", "the user's D-Bus, systemd and agents"},
                                                {"/tmp/.X11-unix", "X11"},
                                                {"/tmp/tmux-0", "tmux"}}};

bool is_or_holds(std::string_view directory, std::string_view path) {
  if (directory == "/") return path.starts_with('/');
  return path == directory || (path.starts_with(directory) && path[directory.size()] == '/');
}

std::string joined(std::string_view folder, std::string_view name) {
  return std::string(folder) + (folder.ends_with('/') ? "" : "/") + std::string(name);
}

std::string_view folder_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string_view::npos ? "/" : path.substr(0, slash);
}

class LandlockLint {
 public:
  LandlockLint(const LandlockFacts& facts, Diagnostics& diagnostics) : facts_(facts), diagnostics_(diagnostics) {}

  void run() {
    for (const PathFacts& path : facts_.paths) check_path(path);
    check_sets();
    check_services();
    check_udp();
  }

 private:
  [[nodiscard]] const PathRule& rule_of(const PathFacts& path) const { return facts_.ruleset.paths[path.rule]; }

  /// A member of a set is not what the author has written.
  [[nodiscard]] bool is_written(const PathRule& rule) const {
    return !rule.written.starts_with('@') || rule.written == "@cwd";
  }

  /// The rights that the rules together give a path.
  [[nodiscard]] arch::FileRights rights_at(std::string_view path) const {
    arch::FileRights rights = 0;
    for (const PathFacts& above : facts_.paths) {
      if (is_or_holds(above.path, path)) rights |= rule_of(above).rights;
    }
    return rights;
  }

  /// Whether a file of this path can be changed, or replaced by another.
  [[nodiscard]] bool can_change(std::string_view path) const {
    return (rights_at(path) & kWriteFile) != 0 || (rights_at(folder_of(path)) & kReplacing) != 0;
  }

  void warn(std::string_view id, const PathRule& rule, std::string message) {
    if (said_.insert({rule.range.offset, id}).second) diagnostics_.warning(rule.range, std::move(message), id);
  }

  void check_path(const PathFacts& path);
  void check_whole(const PathFacts& path);
  void check_commands(const PathFacts& path);
  void check_policy(const PathFacts& path);
  void check_sets();
  void check_services();
  void check_udp();

  const LandlockFacts& facts_;
  Diagnostics& diagnostics_;
  std::set<std::pair<uint32_t, std::string_view>> said_;
};

void LandlockLint::check_path(const PathFacts& path) {
  const PathRule& rule = rule_of(path);
  const std::string name = in_quotes(rule.written);
  const arch::FileRights rights = rights_at(path.path);
  const bool both = (rights & kExecute) != 0 && (rights & kWriteFile) != 0;
  if (both && (rule.rights & (kExecute | kWriteFile)) != 0) {
    warn("landlock-write-execute", rule,
         name + " can be written and executed: the program can make a program of its own and execute it");
  }
  if ((rights & kMakeReg) != 0 && (rights & kWriteFile) == 0 && (rule.rights & kMakeReg) != 0) {
    warn("landlock-make-unwritten", rule,
         "make_reg without write_file: in " + name + " a file is made, and then cannot be opened to be written");
  }
  if (!is_written(rule)) return;
  if (path.exists && !path.directory && (rule.rights & kWriteFile) != 0 && !path.path.starts_with("/dev/")) {
    warn("landlock-write-file", rule,
         name + " is a file: programs that replace it, as editors and 'sed -i' do, fail; give its directory");
  }
  if (path.distrust) {
    warn("landlock-others-replace", rule, "other users can replace " + name + ", or what is in it: " + *path.distrust);
  }
  check_whole(path);
  check_commands(path);
  check_policy(path);
}

void LandlockLint::check_whole(const PathFacts& path) {
  const PathRule& rule = rule_of(path);
  const std::string name = in_quotes(rule.written);
  const std::string& home = facts_.environment.home;
  if (path.path == "/") {
    warn("landlock-whole", rule, name + " is every file of the machine: list the directories that the program needs");
  } else if (!home.empty() && home != "/" && is_or_holds(path.path, home)) {
    warn("landlock-whole", rule,
         name + (path.path == home ? " is" : " holds") +
             " the home directory, with keys, start-up files and other work: list the directories that the program "
             "needs");
  }
}

void LandlockLint::check_commands(const PathFacts& path) {
  const PathRule& rule = rule_of(path);
  if ((rule.rights & (kWriteFile | kReplacing)) == 0) return;
  std::vector<std::string> open;
  for (const std::string_view file : kStartUpFiles) {
    if (facts_.environment.home.empty()) break;
    const std::string whole = joined(facts_.environment.home, file);
    if (is_or_holds(path.path, whole) && can_change(whole)) open.push_back(in_quotes(joined("~", file)));
  }
  for (const std::string& file : path.commands) {
    if (can_change(joined(path.path, file))) open.push_back(in_quotes(file));
  }
  if (open.empty()) return;
  constexpr size_t kShown = 4;
  if (open.size() > kShown) {
    const size_t more = open.size() - kShown;
    open.resize(kShown);
    open.push_back(std::to_string(more) + " more");
  }
  warn("landlock-commands-writable", rule,
       "in " + in_quotes(rule.written) + " the program can change " + join_with_and(open) +
           ", from which programs outside of the sandbox take commands");
}

void LandlockLint::check_policy(const PathFacts& path) {
  const PathRule& rule = rule_of(path);
  if (facts_.policy_path.empty() || (rule.rights & (kWriteFile | kReplacing)) == 0) return;
  if (!is_or_holds(path.path, facts_.policy_path) || !can_change(facts_.policy_path)) return;
  warn("landlock-policy-writable", rule,
       "in " + in_quotes(rule.written) + " the program can change this policy, for the next time that it is used");
}

void LandlockLint::check_sets() {
  for (const PathRule& rule : facts_.ruleset.paths) {
    const auto sets = path_sets();
    const auto set = std::ranges::find(sets, rule.written, &PathSet::name);
    if (set == sets.end() || set->warning.empty()) continue;
    warn("landlock-set-opens", rule, in_quotes(set->name) + ": " + std::string(set->warning));
  }
}

/// Writing to a socket's file lets a program connect to it; from ABI 9 on resolve_unix must allow it, too.
void LandlockLint::check_services() {
  for (const PathRule& rule : facts_.ruleset.paths) {
    if (!is_written(rule) || (rule.rights & (kWriteFile | kResolveUnix)) == 0) continue;
    std::vector<std::string_view> names;
    for (const Service& service : kServices) {
      const bool inside = is_or_holds(rule.path, service.path) || is_or_holds(service.path, rule.path);
      if (inside && std::ranges::find(names, service.name) == names.end()) names.push_back(service.name);
    }
    if (names.empty()) continue;
    warn("landlock-services", rule,
         in_quotes(rule.written) +
             " has sockets of services that act for the program, with rights of their own: " + join_with_and(names));
  }
}

void LandlockLint::check_udp() {
  using namespace arch::port_right;
  constexpr arch::PortRights kBoth = kBindUdp | kConnectSendUdp;
  if ((facts_.ruleset.handled_ports & kBoth) != kBoth) return;
  const PortRule* sends = nullptr;
  for (const PortRule& rule : facts_.ruleset.ports) {
    if (rule.port == 0 && (rule.rights & kBindUdp) != 0) return;
    if (sends == nullptr && (rule.rights & kConnectSendUdp) != 0) sends = &rule;
  }
  if (sends == nullptr) return;
  diagnostics_.warning(sends->range,
                       "a program that sends by UDP without bind(2) gets a free port, which needs 'bind: [0]' where "
                       "'bind' is given",
                       "landlock-udp-bind");
}

}  // namespace

std::span<const std::string_view> command_files() {
  return kCommandFiles;
}

void lint_landlock(const LandlockFacts& facts, Diagnostics& diagnostics) {
  LandlockLint(facts, diagnostics).run();
}

}  // namespace sandbox::resolve
