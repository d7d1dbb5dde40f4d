#include "kernel/home_directories.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "kernel/file_ancestry.h"
#include "kernel/landlock.h"

namespace sandbox::kernel {
namespace {

constexpr size_t kMaxPasswd = 4U << 20;  // More than 50,000 users.
constexpr size_t kMaxPath = 4096;

/// Without NSS, which a static program does not have: users of LDAP have HOME.
std::set<std::string> homes_of_user() {
  std::set<std::string> homes = {"/root"};
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home == '/') homes.insert(home);
  const auto passwd = read_file("/etc/passwd", kMaxPasswd);
  if (!passwd) return homes;
  homes.insert(home_in_passwd(passwd->bytes, std::to_string(geteuid())));
  if (const char* caller = std::getenv("SUDO_UID")) homes.insert(home_in_passwd(passwd->bytes, caller));
  homes.erase("");
  return homes;
}

}  // namespace

std::string home_in_passwd(std::string_view text, std::string_view uid) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    std::array<std::string_view, 7> fields;  // Name, password, uid, gid, comment, home, shell.
    std::string_view rest = line;
    for (std::string_view& field : fields) {
      field = rest.substr(0, rest.find(':'));
      rest.remove_prefix(std::min(field.size() + 1, rest.size()));
    }
    if (fields[2] == uid && fields[5].starts_with('/')) return std::string(fields[5]);
  }
  return "";
}

HomeDirectories::HomeDirectories() {
  for (const std::string& home : homes_of_user()) add(home);
  if (const auto all = open_path("/home")) known_.try_emplace(all->id, "holds home directories");
  if (const auto root = open_path("/")) known_.insert_or_assign(root->id, "is the root directory");
}

void HomeDirectories::add(const std::string& home) {
  const auto opened = open_path(home);
  if (!opened || !S_ISDIR(opened->mode)) return;
  const std::string name = " the home directory " + in_quotes(home, kMaxPath);
  known_.insert_or_assign(opened->id, "is" + name);
  const auto ancestry = ancestry_of(opened->fd.get());
  if (!ancestry || !*ancestry) return;
  for (const resolve::FileId& directory : **ancestry) known_.try_emplace(directory, "holds" + name);
}

std::optional<std::string> HomeDirectories::describe(const resolve::FileId& directory) const {
  const auto found = known_.find(directory);
  return found == known_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace sandbox::kernel
