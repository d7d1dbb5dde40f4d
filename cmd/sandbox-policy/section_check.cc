#include "sandbox-policy/section_check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "base/trusted_path.h"
#include "kernel/file_tree.h"
#include "resolve/lint/landlock.h"

namespace sandbox::tool {
namespace {

bool exists(const std::string& path) {
  return faccessat(AT_FDCWD, path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

resolve::PathFacts facts_of(const kernel::PlacedPath& placed) {
  resolve::PathFacts facts;
  facts.rule = placed.rule;
  facts.path = placed.file.path;
  facts.exists = placed.file.exists;
  facts.directory = S_ISDIR(placed.file.mode);
  if (!facts.exists) return facts;
  const bool device = !facts.directory && !S_ISREG(placed.file.mode);
  if (!device) facts.distrust = distrust(facts.path, geteuid());
  if (!facts.directory) return facts;
  for (const std::string_view name : resolve::command_files()) {
    if (exists(facts.path + "/" + std::string(name))) facts.commands.emplace_back(name);
  }
  return facts;
}

void check_existence(const Section& section, kernel::FileTree& tree, Diagnostics& diagnostics) {
  for (const resolve::PathRule& rule : section.ruleset.paths) {
    if (rule.optional || rule.pattern) continue;
    const auto found = tree.find(rule.path);
    const bool directory = !found || !found->exists || S_ISDIR(found->mode);
    if (!directory && (rule.rights & arch::file_right::kOfFiles) == 0) {
      const auto names = arch::names_of(arch::file_rights(), rule.rights);
      diagnostics.warning(rule.range,
                          in_quotes(rule.path, PATH_MAX) + " is not a directory, and only directories have " +
                              join_with_and(names, [](std::string_view name) { return in_quotes(name); }) +
                              "; a launch here fails",
                          "landlock-path-unusable");
    }
    if (found && found->exists) continue;
    const std::string what =
        found ? "does not exist here; the nearest that does is " + in_quotes(found->nearest, PATH_MAX)
              : "cannot be opened here: " + std::string(strerrordesc_np(found.error()));
    diagnostics.warning(rule.range, in_quotes(rule.path, PATH_MAX) + " " + what + "; a launch here fails",
                        "landlock-path-missing");
  }
}

}  // namespace

void check_section(const Section& section, const std::string& policy_path, Diagnostics& diagnostics) {
  for (const Diagnostic& problem : section.unusable) {
    diagnostics.warning(problem.range.value_or(section.ruleset.range), problem.message + "; a launch here fails",
                        "landlock-path-unusable");
  }
  kernel::FileTree tree;
  check_existence(section, tree, diagnostics);
  const kernel::PlacedSection placed = tree.place(section.ruleset);
  std::vector<resolve::PathFacts> paths;
  paths.reserve(placed.paths.size());
  for (const kernel::PlacedPath& path : placed.paths) paths.push_back(facts_of(path));
  std::string own;
  if (!policy_path.empty() && policy_path != kStandardStream) {
    const auto found = tree.find(policy_path);
    if (found && found->exists) own = found->path;
  }
  resolve::lint_landlock({section.ruleset, section.environment, paths, own}, diagnostics);
}

}  // namespace sandbox::tool
