#include "sandbox-run/landlock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/diagnostic.h"
#include "base/file.h"
#include "base/text.h"
#include "kernel/file_ancestry.h"
#include "kernel/home_directories.h"
#include "kernel/path_environment.h"
#include "kernel/proc.h"

namespace sandbox::launcher {
namespace {

using kernel::StartFile;
using resolve::PathRule;
using resolve::Ruleset;
namespace file_right = arch::file_right;

constexpr arch::FileRights kToExecute = file_right::kReadFile | file_right::kExecute;  // execve(2) needs both.
constexpr size_t kMaxPath = 4096;
constexpr int kMaxCommands = 8;  // Of '#!/usr/bin/env NAME', each the next one's program.

// ---- Sections ----

/// Policy files have their paths relative to their folder.
std::string path_of(const policy::Policy& policy, LandlockLayer::Kind kind) {
  return kind == LandlockLayer::Kind::kFile ? policy.source->name() : std::string();
}

// ---- What execve(2) opens ----

/// The program that `env` is to find, by the argument of a "#!" line: "NAME", "-S NAME ARGUMENT", "A=B NAME".
std::optional<std::string> command_of_env(const StartFile& file) {
  if (file.role != StartFile::Role::kInterpreter || !file.path.ends_with("/env")) return std::nullopt;
  std::string_view rest = file.argument;
  const bool split = rest.starts_with("-S");
  if (split) rest.remove_prefix(2);
  while (!rest.empty()) {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    const std::string_view word = rest.substr(0, split ? rest.find_first_of(" \t") : rest.size());
    if (word.empty() || word.starts_with('-')) return std::nullopt;
    if (word.find('=') == std::string_view::npos) return std::string(word);
    rest.remove_prefix(word.size());
  }
  return std::nullopt;
}

/// All files, also those behind `#!/usr/bin/env NAME`.
std::vector<StartFile> files_to_start(const kernel::Program& program) {
  std::vector<StartFile> files = program.files;
  int commands = 0;
  for (size_t i = 0; i < files.size() && commands < kMaxCommands; ++i) {
    const auto command = command_of_env(files[i]);
    if (!command) continue;
    ++commands;
    auto found = kernel::find_target(*command, std::getenv("PATH"));
    if (!found) continue;  // env will say so.
    for (StartFile& file : found->files) {
      if (file.role == StartFile::Role::kProgram) file.role = StartFile::Role::kInterpreter;
      files.push_back(std::move(file));
    }
  }
  return files;
}

std::string name_of_role(const StartFile& file, const kernel::Program& program) {
  const std::string path = in_quotes(program.path, kMaxPath);
  switch (file.role) {
    case StartFile::Role::kProgram:
      return "the program";
    case StartFile::Role::kInterpreter:
      return "an interpreter of " + path;
    case StartFile::Role::kLoader:
      return "the dynamic loader of " + (program.script ? "an interpreter of " : std::string()) + path;
  }
  return path;
}

/// A file to start.
struct PlacedFile {
  StartFile file;
  UniqueFd fd;
  resolve::Ancestry ancestry;  ///< The file itself at first; see find_ancestry().
  bool complete = false;

  /// The directories above it, as far as they are needed. Where they cannot be found, nothing can be told.
  void find_ancestry(const kernel::EnoughAncestry& enough) {
    if (complete) return;
    auto found = kernel::ancestry_of(fd.get(), enough);
    ancestry.clear();
    if (found && *found) ancestry = std::move(**found);
    complete = !enough(ancestry);
  }
};

std::vector<PlacedFile> place_files(const kernel::Program& program) {
  std::vector<PlacedFile> placed;
  for (StartFile& file : files_to_start(program)) {
    auto opened = kernel::open_path(file.path);
    if (opened) placed.push_back({std::move(file), std::move(opened->fd), {opened->id}});
  }
  return placed;
}

std::string absolute_path(const std::string& path) {
  if (path.starts_with('/')) return path;
  char* real = realpath(path.c_str(), nullptr);
  std::string text = real != nullptr ? real : path;
  std::free(real);  // NOLINT: as realpath(3) has it.
  return text;
}

/// Says that a file is out of reach, and what would change it.
void complain(const LandlockLayer& layer, const PlacedFile& placed, const kernel::Program& program,
              Diagnostics& diagnostics) {
  const bool program_itself = placed.file.role == StartFile::Role::kProgram;
  std::string message = in_quotes(placed.file.path, kMaxPath);
  if (!program_itself) message += ", " + name_of_role(placed.file, program) + ",";
  message += " may not be read and executed";
  const std::string path = printable(absolute_path(placed.file.path), kMaxPath);
  switch (layer.kind) {
    case LandlockLayer::Kind::kFile:
      message += "; add below 'files': - {access: [read, execute], paths: [\"" + path + "\"]}";
      break;
    case LandlockLayer::Kind::kOptions:
      message += "; add --rox " + path;
      break;
    case LandlockLayer::Kind::kProfile:
      message += "; a copy of the profile can allow it: add below 'files': - {access: [read, execute], paths: [\"" +
                 path + "\"]}";
      break;
  }
  diagnostics.error(layer.ready.ruleset.range, message);
}

/// Of files whose place cannot be found the kernel decides, as of all.
void check_reach(const LandlockLayer& layer, std::vector<PlacedFile>& files, const kernel::Program& program,
                 Diagnostics& diagnostics) {
  const resolve::PlacedRuleset placed = layer.ready.placed();
  const auto allows = [&](const resolve::Ancestry& ancestry) {
    return !resolve::judge_access({&placed, 1}, ancestry, kToExecute);
  };
  std::vector<std::string_view> told;
  for (PlacedFile& file : files) {
    if (allows(file.ancestry)) continue;  // By a rule of its own, mostly.
    file.find_ancestry(allows);
    if (file.ancestry.empty() || allows(file.ancestry)) continue;
    if (std::ranges::find(told, file.file.path) != told.end()) continue;
    told.emplace_back(file.file.path);
    complain(layer, file, program, diagnostics);
  }
}

bool restricts_files(const LandlockLayer& layer) {
  return (layer.ready.ruleset.handled_files & ~file_right::kRefer) != 0;
}

/// Whether the rule's path is by where something stands: the working directory, or the policy's folder.
bool is_relative(const PathRule& rule) {
  if (rule.written.starts_with('@')) return rule.written == "@cwd";
  return !rule.written.starts_with('/') && !rule.written.starts_with('~');
}

/// Where the path has led; empty if that cannot be found out.
std::string shown_path(const kernel::OpenedPath& path) {
  return kernel::link_text(AT_FDCWD, ("/proc/self/fd/" + std::to_string(path.fd.get())).c_str());
}

/// A home directory, or all of them, has to be written out: '..', a link or a bind mount is not to lead there by
/// accident. Of '.' alone the resolver knows as much without the file system.
void check_homes(const kernel::ReadyRuleset& ready, Diagnostics& diagnostics) {
  std::optional<kernel::HomeDirectories> homes;
  for (const kernel::OpenedPath& path : ready.paths) {
    const PathRule& rule = ready.ruleset.paths[path.rule];
    if (!S_ISDIR(path.mode) || !is_relative(rule)) continue;
    if (!homes) homes.emplace();
    const auto what = homes->describe(path.id);
    if (!what) continue;
    const std::string shown = shown_path(path);
    diagnostics.error(rule.range, in_quotes(rule.written, kMaxPath) + " leads to " +
                                      in_quotes(shown.empty() ? rule.path : shown, kMaxPath) + ", which " + *what +
                                      "; write out the paths that the program needs");
  }
}

/// All that the ruleset gives but by one rule.
resolve::PlacedRuleset placed_without(const kernel::ReadyRuleset& ready, size_t rule) {
  resolve::PlacedRuleset placed;
  placed.handled_files = ready.ruleset.handled_files;
  for (const kernel::OpenedPath& path : ready.paths) {
    if (path.rule != rule) placed.files[path.id] |= path.rights;
  }
  return placed;
}

/// Which of these directories the path goes through.
const kernel::OpenedPath* directory_in(const std::string& path, const std::vector<const kernel::OpenedPath*>& any) {
  for (size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    struct stat info = {};
    if (stat(slash == 0 ? "/" : path.substr(0, slash).c_str(), &info) != 0) return nullptr;
    const resolve::FileId id = {info.st_dev, info.st_ino};
    const auto found = std::ranges::find_if(any, [&](const kernel::OpenedPath* one) { return one->id == id; });
    if (found != any.end()) return *found;
  }
  return nullptr;
}

/// A program that can make symbolic links in a directory may have put one, in an earlier launch, where another rule's
/// path goes through that directory: it would get what the rule gives wherever the link leads. The file that was named
/// on the command line is left out, which is often such a link (to an interpreter).
void check_links(const kernel::ReadyRuleset& ready, const std::optional<kernel::Program>& program,
                 Diagnostics& diagnostics) {
  std::vector<const kernel::OpenedPath*> changeable;
  for (const kernel::OpenedPath& path : ready.paths) {
    if (S_ISDIR(path.mode) && (path.rights & file_right::kMakeSym) != 0) changeable.push_back(&path);
  }
  if (changeable.empty()) return;
  for (const kernel::OpenedPath& path : ready.paths) {
    const PathRule& rule = ready.ruleset.paths[path.rule];
    if (rule.written.starts_with('@') || (program && rule.path == program->path)) continue;
    const kernel::OpenedPath* const through = directory_in(rule.path, changeable);
    if (through == nullptr) continue;
    const auto ancestry = kernel::ancestry_of(path.fd.get());
    if (ancestry && *ancestry) {
      if (std::ranges::find(**ancestry, through->id) != (**ancestry).end()) continue;
      const resolve::PlacedRuleset others = placed_without(ready, path.rule);
      if (!resolve::judge_access({&others, 1}, **ancestry, path.rights)) continue;
    }
    const std::string shown = shown_path(path);
    diagnostics.error(rule.range, in_quotes(rule.written, kMaxPath) + " goes through " +
                                      in_quotes(ready.ruleset.paths[through->rule].written, kMaxPath) +
                                      ", where the program can make links, and leads out of it, to " +
                                      in_quotes(shown.empty() ? rule.path : shown, kMaxPath) +
                                      "; write out the path that is meant");
  }
}

/// With a report the program is a child of this process, which opens the paths: a rule on /proc/self is on this one.
void warn_of_own_process(const kernel::ReadyRuleset& ready, Diagnostics& diagnostics) {
  for (const kernel::OpenedPath& path : ready.paths) {
    const PathRule& rule = ready.ruleset.paths[path.rule];
    if (!rule.path.starts_with("/proc/self") && !rule.path.starts_with("/proc/thread-self")) continue;
    if (!kernel::is_procfs(path.fd.get())) continue;
    diagnostics.warning(rule.range,
                        in_quotes(rule.written, kMaxPath) +
                            " is a process of sandbox-run's with --report, and not the program's; give /proc");
  }
}

/// The program that is named on the command line is meant to be started.
void add_program(const kernel::Program& program, Ruleset& ruleset) {
  PathRule rule;
  rule.path = program.path;
  rule.written = program.path;
  rule.rights = kToExecute;
  rule.optional = true;
  rule.range = ruleset.range;
  ruleset.paths.push_back(std::move(rule));
}

/// As soon as one layer is about files, the kernel denies moves and links between directories in every layer that has
/// no rule for them. A section that does not mention files is to restrict none, so it gets that rule. (A kernel that
/// has rights for ports or scopes has this one, too.)
void keep_moves(Ruleset& ruleset) {
  ruleset.handled_files = file_right::kRefer;
  PathRule rule;
  rule.path = "/";
  rule.written = "/";
  rule.rights = file_right::kRefer;
  rule.range = ruleset.range;
  ruleset.paths.push_back(std::move(rule));
}

/// False after an error, which has been shown.
bool prepare_layer(LandlockLayer& layer, const Options& options, const std::optional<kernel::Program>& program,
                   std::vector<PlacedFile>& files, const Log& log) {
  kernel::ReadyRuleset& ready = layer.ready;
  Diagnostics diagnostics(ready.ruleset.source);
  const bool restricts = restricts_files(layer);
  if (restricts && program && layer.kind != LandlockLayer::Kind::kFile) add_program(*program, ready.ruleset);
  ready.paths = kernel::open_paths(ready.ruleset, diagnostics);
  check_homes(ready, diagnostics);
  if (!diagnostics.has_errors()) check_links(ready, program, diagnostics);
  if (options.report) warn_of_own_process(ready, diagnostics);
  // A missing path may be the one that would give the program.
  const bool complete = !diagnostics.has_errors();
  if (restricts && program && !options.permissive && complete) check_reach(layer, files, *program, diagnostics);
  diagnostics.sort();
  log.report(diagnostics);
  if (diagnostics.has_errors()) return false;
  if (options.permissive) return true;
  auto fd = kernel::make_ruleset(ready.ruleset, ready.paths);
  if (!fd) {
    log.error(layer.name + ": " + fd.error());
    return false;
  }
  ready.fd = std::move(*fd);
  // A report still has to tell inodes apart.
  if (!options.report) std::ranges::for_each(ready.paths, [](kernel::OpenedPath& path) { path.fd = UniqueFd(); });
  return true;
}

// ---- For people ----

std::string described_ports(const Ruleset& ruleset, arch::PortRights right) {
  std::string text;
  for (const resolve::PortRule& rule : ruleset.ports) {
    if ((rule.rights & right) != 0) text += (text.empty() ? "" : ", ") + std::to_string(rule.port);
  }
  return text.empty() ? "none" : text;
}

}  // namespace

std::vector<int> Landlock::rulesets(const Options& options) const {
  if (options.permissive) return {};
  std::vector<int> descriptors;
  for (const LandlockLayer& layer : layers) descriptors.push_back(layer.ready.fd.get());
  return descriptors;
}

uint32_t Landlock::flags(const Options& options) {
  const bool logs = options.log_denied || options.report;
  return logs && kernel::landlock_abi() >= kernel::kLogNewExecAbi ? kernel::kLogNewExecOn : 0;
}

void add_layer(const policy::Policy& policy, LandlockLayer::Kind kind, const std::string& name, const Options& options,
               Landlock& landlock, Diagnostics& diagnostics) {
  if (!policy.landlock) return;
  auto ruleset = resolve::resolve_landlock(policy, kernel::path_environment(path_of(policy, kind)), diagnostics);
  if (!ruleset) return;
  if (options.best_effort) ruleset->best_effort = true;
  landlock.closures |= resolve::fit_to_abi(*ruleset, kernel::landlock_support(), diagnostics);
  if (!resolve::enforces_anything(*ruleset)) return;
  if (landlock.layers.size() == arch::kMaxLandlockLayers) {
    diagnostics.error(ruleset->range, "this is section " + std::to_string(arch::kMaxLandlockLayers + 1) +
                                          " of the policies together; Landlock takes " +
                                          std::to_string(arch::kMaxLandlockLayers));
    return;
  }
  landlock.layers.push_back({kind, name, {std::move(*ruleset), {}, UniqueFd()}});
}

bool prepare_landlock(const Options& options, const std::optional<kernel::Program>& program, Landlock& landlock,
                      const Log& log) {
  if (landlock.layers.empty()) return true;
  const kernel::RaisedFileLimit limit;
  std::vector<PlacedFile> files;
  if (std::ranges::any_of(landlock.layers, restricts_files)) {
    if (program && !options.permissive) files = place_files(*program);
    for (LandlockLayer& layer : landlock.layers) {
      if (!restricts_files(layer)) keep_moves(layer.ready.ruleset);
    }
  }
  bool good = true;
  for (LandlockLayer& layer : landlock.layers) {
    good = prepare_layer(layer, options, program, files, log) && good;
  }
  return good;
}

std::string describe_landlock(const Landlock& landlock, const Options& options) {
  std::string text;
  for (const LandlockLayer& layer : landlock.layers) {
    const Ruleset& ruleset = layer.ready.ruleset;
    text += "landlock: " + layer.name + " (ABI " + std::to_string(kernel::landlock_abi()) + ")" +
            (options.permissive ? ", left out by --permissive\n" : "\n");
    size_t described = ruleset.paths.size();
    for (const kernel::OpenedPath& path : layer.ready.paths) {
      if (std::exchange(described, path.rule) == path.rule) continue;  // Of a pattern there are several.
      const PathRule& rule = ruleset.paths[path.rule];
      text += "  " + arch::describe_access(rule.rights) + ": " + printable(rule.path, kMaxPath) +
              (rule.written.starts_with('@') ? "  (" + rule.written + ")" : "") + "\n";
    }
    for (const arch::LandlockBit& right : arch::port_rights()) {
      if ((ruleset.handled_ports & right.bit) == 0) continue;
      text += "  " + std::string(right.name) + ": " + described_ports(ruleset, right.bit) + "\n";
    }
    const auto scopes = arch::names_of(arch::scopes(), ruleset.scopes);
    if (!scopes.empty()) text += "  scope: " + join(scopes) + "\n";
  }
  return text;
}

}  // namespace sandbox::launcher
