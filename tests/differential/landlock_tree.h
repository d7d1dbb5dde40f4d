// A random tree of files for tests of Landlock: directories, files with one name and with two, links of all kinds, and,
// for root, mounts.
#pragma once

#include <string>
#include <vector>

#include "random.h"

namespace sandbox::differential {

class LandlockTree {
 public:
  /// Below `base`, which exists and is the tree's own. `mounts`: this process may mount, in a namespace of its own.
  LandlockTree(std::string base, Random& random, bool mounts);
  LandlockTree(const LandlockTree&) = delete;
  LandlockTree& operator=(const LandlockTree&) = delete;
  ~LandlockTree();

  [[nodiscard]] const std::string& base() const { return base_; }
  /// A directory that was made, by its absolute path.
  std::string directory(Random& random) const { return random.pick(directories_); }
  /// Anything that was made, or a name that is missing.
  std::string entry(Random& random) const;
  /// A path to something: absolute, relative to where the process is, over "..", links and descriptors in /proc, with
  /// slashes at its end. `place` becomes a working directory from which it is likely to be found.
  std::string path(Random& random, std::string& place) const;
  /// Descriptors of files and directories, also of those that were removed, of pipes and memfds; all are close-on-exec.
  [[nodiscard]] const std::vector<int>& descriptors() const { return descriptors_; }

 private:
  void make_directories(Random& random);
  void make_files(Random& random);
  void make_links(Random& random);
  void make_mounts(Random& random);
  void open_descriptors(Random& random);

  std::string base_;
  std::vector<std::string> directories_;
  std::vector<std::string> entries_;
  bool mounted_ = false;  ///< A file system of its own, so that one call takes away what was mounted below.
  std::vector<int> descriptors_;
};

}  // namespace sandbox::differential
