// Jump tables: what compilers make of a switch.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scan/data_objects.h"
#include "scan/image.h"
#include "scan/x86_instruction.h"

namespace sandbox::scan {

struct JumpTable {
  std::vector<uint64_t> targets;
  bool incomplete = false;  ///< It is a jump inside the function, and not all its targets were found.
};

/// What a linear pass over a function finds, once for each function.
class FunctionFacts {
 public:
  FunctionFacts(const Image& image, DataObjects& objects) : image_(image), objects_(objects) {}

  struct Facts {
    std::vector<uint64_t> boundaries;  ///< Where instructions begin. Sorted.
    /// Addresses of data that is not written to, which it holds, and the registers that get them.
    std::vector<std::pair<uint64_t, uint8_t>> constants;
    uint16_t copied = 0;            ///< Registers that get what another one has, or the stack; by bit.
    std::vector<uint64_t> targets;  ///< Where its direct branches and jumps lead. Sorted.
  };
  /// Valid until the next call: of the functions that were asked for, only the last are kept.
  const Facts& of(const Extent& function);
  [[nodiscard]] DataObjects& objects() const { return objects_; }

 private:
  const Image& image_;
  DataObjects& objects_;
  std::unordered_map<uint64_t, Facts> known_;
};

/// The targets of the indirect jump that ends `recent`, the instructions that lead to it one behind the other.
/// `function` is where the unwinder says that the function stands; empty where it says nothing.
JumpTable find_jump_table(const Image& image, FunctionFacts& facts, std::span<const Instruction> recent,
                          const Extent& function);

/// What a table of distances has: `recent` ends with the instruction that reads one, or that adds it to the table's
/// address. Addresses in the same file, as far as the entries are such.
std::vector<uint64_t> find_distances(const Image& image, FunctionFacts& facts, std::span<const Instruction> recent,
                                     const Extent& function);

}  // namespace sandbox::scan
