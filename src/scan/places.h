// Names for addresses.
#pragma once

#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "scan/image.h"
#include "scan/scan.h"

namespace sandbox::scan {

class Places {
 public:
  explicit Places(const Image& image) : image_(image) {}

  /// The file, the symbol in front of the address, and the distance.
  CodePlace at(uint64_t address);

 private:
  using Names = std::vector<std::pair<uint64_t, std::string_view>>;
  const Names& names_of(size_t file);

  const Image& image_;
  std::map<size_t, Names> names_;
};

}  // namespace sandbox::scan
