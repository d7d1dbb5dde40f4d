// Where the loader finds a library: as ld.so(8) and musl's do, without the environment's LD_LIBRARY_PATH.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sandbox::scan {

/// Who asks for a library: the file that names it, and those through which it was loaded.
struct Requester {
  std::string path;
  std::string runpath;
  /// DT_RPATH of the file and of its loaders, with the folder of each: they hold where the file has no DT_RUNPATH.
  std::vector<std::pair<std::string, std::string>> rpaths;
};

class LibrarySearch {
 public:
  /// `interpreter` is the program's loader: it decides whose rules hold.
  explicit LibrarySearch(std::string interpreter);

  /// The path of a library by the name of DT_NEEDED; none if there is none for x86_64.
  [[nodiscard]] std::optional<std::string> find(const std::string& name, const Requester& requester) const;

 private:
  void read_cache();
  [[nodiscard]] std::optional<std::string> find_in(const std::vector<std::string>& folders,
                                                   const std::string& name) const;

  std::string interpreter_;
  bool musl_ = false;
  std::vector<std::string> folders_;
  /// What glibc-hwcaps folders are taken before the others, the best first, and "" at the end.
  std::vector<std::string> levels_ = {""};
  /// /etc/ld.so.cache: paths by level and name.
  std::map<std::pair<std::string, std::string>, std::string> cache_;
};

/// The libraries that a text in the format of /etc/ld.so.preload names.
std::vector<std::string> preloaded_names(const std::string& text);
/// Those that glibc's loader loads into every program of this machine.
std::vector<std::string> preloaded_libraries();

}  // namespace sandbox::scan
