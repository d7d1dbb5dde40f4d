// What belongs together in a file's data: code that holds the address of a table can reach all of its pointers.
//
// A stripped file does not say where an object ends. A cut too many would lose a pointer, and with it a function that
// the program calls; so a place is a cut only if it must be the beginning of an object: where a symbol or a section
// begins, or where an address that code or data holds is a multiple of 32, to which compilers align what has 32 bytes
// or more. The address of a member inside a structure is no cut then, unless it is by chance such a multiple. In a table
// of structures of 32 bytes it always is, so there is no cut either where what stands before and behind has its
// addresses of functions at the same places, as two entries of a table have.
#pragma once

#include <cstdint>
#include <vector>

#include "scan/image.h"

namespace sandbox::scan {

/// Of an address that is in no file, as broken files have, there is nothing to know.
class DataObjects {
 public:
  explicit DataObjects(const Image& image) : image_(image) {}

  /// The object that the address stands in.
  Extent object_at(uint64_t address);

  /// Whether an object that has a name begins at the address.
  bool is_named(uint64_t address);

  /// The next address of data that code makes.
  uint64_t next_reference(uint64_t address);

  /// Whether the address is the linker's: slots, each of which code reads by its own address, and relocations. An
  /// address there is only ever the end of what stands before. (Code of gcc's -mcmodel=large would be an exception.)
  [[nodiscard]] bool is_linkers(uint64_t address) const;

 private:
  const std::vector<uint64_t>& cuts_of(size_t file);
  void add_code_references(size_t file, std::vector<uint64_t>& cuts);
  [[nodiscard]] bool is_inside_table(uint64_t address) const;

  const Image& image_;
  std::vector<std::vector<Extent>> objects_;       ///< Of each file, those that have names. Sorted.
  std::vector<std::vector<uint64_t>> references_;  ///< Of each file, sorted.
  std::vector<std::vector<uint64_t>> cuts_;        ///< Of each file, sorted; empty: not looked for yet.
};

}  // namespace sandbox::scan
