// Directories that no program is given as a whole by accident: the root directory, home directories, and what holds
// one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "resolve/landlock/evaluate.h"

namespace sandbox::kernel {

/// The root directory, the home directories that concern the user, and the directories above them. These home
/// directories are HOME, those that /etc/passwd has for the user and for whom sudo(8) was called by, and /root.
class HomeDirectories {
 public:
  /// Looks them up. One that cannot be opened is left out: its files are out of reach, too.
  HomeDirectories();

  /// What a directory is of these, to go on behind its name: "is the home directory '/home/u'". None: it is none of
  /// them. By device and inode, so that it is found behind symbolic links and bind mounts, too.
  [[nodiscard]] std::optional<std::string> describe(const resolve::FileId& directory) const;

 private:
  void add(const std::string& home);

  std::map<resolve::FileId, std::string> known_;
};

/// The home directory of a user in the text of a passwd(5) file; empty if it has none that is an absolute path.
std::string home_in_passwd(std::string_view text, std::string_view uid);

}  // namespace sandbox::kernel
