// Where a program leaves the code that it is linked with: libraries that it loads while it runs, NSS, other programs,
// and code that it makes.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "scan/image.h"
#include "scan/places.h"
#include "scan/reachability.h"
#include "scan/scan.h"

namespace sandbox::scan {

class Exits {
 public:
  /// Reaches what constant names at calls of dlsym name, and loads what libc loads for itself (libgcc_s, for the end of
  /// threads). Whether anything is new. `reach` must be indexed.
  bool follow_names(Image& image, Reachability& reach);

  /// Names that were given to dlsym.
  [[nodiscard]] const std::set<std::string>& looked_up() const { return names_; }

  /// Adds what was found to the result.
  void report(const Image& image, const Reachability& reach, Places& places, ScanResult& result) const;

 private:
  std::set<std::string> names_;  ///< That were followed.
};

/// The instructions that call a function of a library, also through the linker's stubs.
std::vector<uint64_t> call_sites(const Reachability& reach, uint64_t function);

/// The libraries of /etc/nsswitch.conf that are there: "libnss_systemd.so.2".
std::vector<std::string> nss_libraries();

}  // namespace sandbox::scan
