#include "report/landlock_reason.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/diagnostic.h"
#include "base/shell_command.h"
#include "base/text.h"

namespace sandbox::report {
namespace {

using namespace arch::file_right;
using arch::FileRights;

constexpr size_t kMaxPath = 1000;  // Of a path in a line.
constexpr size_t kMany = 3;        // Paths, for which their folder is named, too.

/// What a right lets a program do with the path that follows.
struct Deed {
  FileRights right = 0;
  std::string_view words;
};
constexpr std::array kDeeds = {Deed{kReadFile, "read"},
                               Deed{kReadDir, "list"},
                               Deed{kWriteFile, "write"},
                               Deed{kTruncate, "truncate"},
                               Deed{kExecute, "execute"},
                               Deed{kMakeReg, "make files in"},
                               Deed{kMakeDir, "make directories in"},
                               Deed{kMakeSym, "make symbolic links in"},
                               Deed{kMakeFifo, "make FIFOs in"},
                               Deed{kMakeSock, "make sockets in"},
                               Deed{kMakeChar, "make character devices in"},
                               Deed{kMakeBlock, "make block devices in"},
                               Deed{kRemoveFile, "remove files from"},
                               Deed{kRemoveDir, "remove directories from"},
                               Deed{kRefer, "move or link files to or from"},
                               Deed{kIoctlDev, "use ioctl(2) on"},
                               Deed{kResolveUnix, "connect to"}};

std::string words_for(FileRights rights) {
  std::vector<std::string_view> words;
  for (const Deed& deed : kDeeds) {
    if ((rights & deed.right) != 0) words.push_back(deed.words);
  }
  return join_with_and(words);
}

std::string_view words_for_port(arch::PortRights right) {
  if (right == arch::port_right::kBindTcp) return "bind TCP port ";
  if (right == arch::port_right::kConnectTcp) return "connect to TCP port ";
  if (right == arch::port_right::kBindUdp) return "bind UDP port ";
  return "send to UDP port ";
}

/// "--rw": the option that gives these rights.
std::string_view option_for(FileRights rights) {
  const bool writes = (rights & ~(kReadFile | kReadDir | kExecute)) != 0;
  if ((rights & kExecute) != 0) return writes ? "--rwx" : "--rox";
  return writes ? "--rw" : "--ro";
}

std::string_view option_for_port(arch::PortRights right) {
  if (right == arch::port_right::kBindTcp) return "--bind-tcp";
  if (right == arch::port_right::kConnectTcp) return "--connect-tcp";
  if (right == arch::port_right::kBindUdp) return "--bind-udp";
  return "--connect-udp";
}

/// As a scalar of YAML, between quotes where it needs them.
std::string quoted_for_yaml(const std::string& path) {
  constexpr std::string_view kPlain = "/._-+";
  const auto plain = [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kPlain.find(c) != std::string_view::npos;
  };
  if (std::ranges::all_of(path, plain)) return path;
  std::string text = "\"";
  for (const char c : path) text += (c == '"' || c == '\\' ? "\\" : "") + std::string(1, c);
  return text + "\"";
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

/// A process's own folder in /proc has another name each time: all of /proc stands for it.
std::string lasting_path(const std::string& path) {
  constexpr std::string_view kProc = "/proc/";
  const bool of_process =
      path.starts_with(kProc) && path.size() > kProc.size() && path[kProc.size()] >= '0' && path[kProc.size()] <= '9';
  return of_process ? "/proc" : path;
}

/// Whether a line can show the path as it is: it can be copied.
bool can_be_shown(const std::string& path) {
  return printable(path, kMaxPath) == path;
}

/// Folders that have at least kMany of the paths and are not whole.
std::map<std::string, size_t> common_folders(const std::map<std::string, FileRights>& paths, const std::string& home) {
  std::map<std::string, size_t> counts;
  for (const auto& [path, rights] : paths) ++counts[folder_of(path)];
  std::erase_if(counts, [&](const auto& folder) { return folder.second < kMany || is_whole(folder.first, home); });
  return counts;
}

}  // namespace

std::string reason_text(const LandlockReason& reason) {
  if (reason.files != 0) {
    const std::string path = reason.path.empty() ? "the file" : printable(reason.path, kMaxPath);
    return "no rule lets it " + words_for(reason.files) + " " + path;
  }
  if (reason.ports != 0) {
    return "no rule lets it " + std::string(words_for_port(reason.ports)) + std::to_string(reason.port);
  }
  if ((reason.scopes & arch::scope::kSignals) != 0) return "scope: signals";
  if (reason.scopes != 0) return "scope: abstract_unix_sockets";
  if (reason.traces) return "it may not trace processes that are less restricted";
  return "where files are restricted nothing can be mounted";
}

bool is_whole(const std::string& path, const std::string& home) {
  if (path == "/" || path == "/home" || path == "/root" || path == home) return true;
  return home.starts_with(path) && home[path.size()] == '/';
}

std::vector<std::string> access_for(FileRights rights) {
  std::vector<std::string> names;
  // To list a directory is less than to read all files below it; for a file the other half of "read" is nothing.
  if ((rights & (kReadFile | kReadDir)) != 0) names.emplace_back((rights & kReadFile) != 0 ? "read" : "read_dir");
  rights &= ~(kReadFile | kReadDir);
  if ((rights & kExecute) != 0) names.emplace_back("execute");
  rights &= ~kExecute;
  const FileRights writes = arch::find_access("write")->rights;
  if ((rights & writes) != 0) names.emplace_back("write");
  rights &= ~writes;
  for (const std::string_view word : {"device", "connect", "ioctl"}) {
    const FileRights of_word = arch::find_access(word)->rights;
    if ((rights & of_word) != 0) names.emplace_back(word);
    rights &= ~of_word;
  }
  return names;
}

bool LandlockSuggestions::knows(const LandlockReason& reason) const {
  if (reason.files != 0 && !reason.path.empty()) {
    const auto known = paths_.find(lasting_path(reason.path));
    return known != paths_.end() && (reason.files & ~known->second) == 0;
  }
  if (reason.ports != 0) {
    const auto known = ports_.find(reason.port);
    return known != ports_.end() && (reason.ports & ~known->second) == 0;
  }
  if (reason.scopes != 0) return (reason.scopes & ~scopes_) == 0;
  return reason.traces ? traces_ : mounts_;
}

bool LandlockSuggestions::note(const LandlockReason& reason) {
  if (reason.files != 0 && !reason.path.empty()) {
    const std::string path = lasting_path(reason.path);
    const auto known = paths_.find(path);
    if (known == paths_.end() && paths_.size() == kMaxPaths) {
      ++more_;
      return false;
    }
    FileRights& rights = paths_[path];
    return std::exchange(rights, rights | reason.files) != rights;
  }
  if (reason.ports != 0) {
    arch::PortRights& rights = ports_[reason.port];
    return std::exchange(rights, rights | reason.ports) != rights;
  }
  if (reason.scopes == 0) return !std::exchange(reason.traces ? traces_ : mounts_, true);
  return std::exchange(scopes_, scopes_ | reason.scopes) != scopes_;
}

std::string LandlockSuggestions::options_text(const Paths& suggested) const {
  std::string text;
  for (const auto& [path, rights] : suggested) {
    text += " " + std::string(option_for(rights)) + " " + shell_command({path});
  }
  for (const auto& [port, rights] : ports_) {
    for (const arch::LandlockBit& right : arch::port_rights()) {
      if ((rights & right.bit) != 0) text += " " + std::string(option_for_port(right.bit)) + " " + std::to_string(port);
    }
  }
  if (text.empty()) return text;
  return "if the program should be allowed to, add" + text + "\n";
}

std::string LandlockSuggestions::lines_text(const Paths& suggested) const {
  std::string files;
  // One entry for the paths that want the same.
  std::map<std::vector<std::string>, std::vector<std::string>> by_access;
  for (const auto& [path, rights] : suggested) by_access[access_for(rights)].push_back(quoted_for_yaml(path));
  for (const auto& [access, paths] : by_access) {
    files += "  - access: [" + join(access) + "]\n    paths: [" + join(paths) + "]\n";
  }
  std::string ports;
  for (const std::string_view protocol : {"tcp", "udp"}) {
    std::string lists;
    for (const std::string_view what : {"connect", "bind"}) {
      const auto is = [&](const arch::LandlockBit& right) {
        return right.name.starts_with(what) && right.name.ends_with(protocol);
      };
      const auto right = std::ranges::find_if(arch::port_rights(), is);
      std::vector<std::string> numbers;
      for (const auto& [port, rights] : ports_) {
        if ((rights & right->bit) != 0) numbers.push_back(std::to_string(port));
      }
      if (!numbers.empty()) lists += (lists.empty() ? "" : ", ") + std::string(what) + ": [" + join(numbers) + "]";
    }
    if (!lists.empty()) ports += "  " + std::string(protocol) + ": {" + lists + "}\n";
  }
  if (files.empty() && ports.empty()) return "";
  const std::string place = kind_ == Kind::kProfile ? "a copy of " + name_ : name_;
  return "if the program should be allowed to, add below 'landlock' in " + place + ":\n" +
         (files.empty() ? "" : "  files:\n") + files + ports;
}

std::string LandlockSuggestions::text() const {
  Paths suggested;
  std::vector<std::string_view> whole;
  size_t unshown = 0;
  for (const auto& [path, rights] : paths_) {
    if (is_whole(path, home_)) {
      whole.push_back(path);
    } else if (can_be_shown(path)) {
      suggested.emplace(path, rights);
    } else {
      ++unshown;
    }
  }
  std::string text = kind_ == Kind::kOptions ? options_text(suggested) : lines_text(suggested);
  if (!whole.empty()) {
    text += "no rule is suggested for " + printable(join_with_and(whole), kMaxPath) +
            ": it would be for all that is below, with keys and start-up files\n";
  }
  if (unshown > 0) {
    text += "no rule is suggested for " + plural(unshown, "path") + " with control characters, or very long\n";
  }
  if (more_ > 0) text += "and " + plural(more_, "more denial") + " of other paths\n";
  const auto folders = common_folders(suggested, home_);
  if (folders.empty()) return text;
  text += "or, wider, folders in place of their files:";
  for (const auto& [folder, count] : folders) {
    text += " " + shell_command({folder}) + " (" + std::to_string(count) + ")";
  }
  return text + "\n";
}

}  // namespace sandbox::report
