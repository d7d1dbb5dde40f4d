// Where a program can lead a call of which only the ABI and the number are known: every path, regardless of the
// arguments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bpf/instruction.h"
#include "bpf/program.h"

namespace sandbox::bpf {

struct Walk {
  std::vector<bool> reached;      ///< By instruction: whether some arguments lead there.
  std::vector<uint32_t> answers;  ///< What can be returned, sorted.
  bool computed = false;          ///< Something else may be returned, too: what is in A.
  size_t longest = 0;             ///< The most instructions that the call can take, over all arguments. Never too low.
};

/// Follows every path that a call can take. Precondition: `validate` takes the program.
Walk walk(const Program& program, uint32_t audit_arch, uint32_t number);

/// What stands in A before an instruction, on every path to it.
struct Accumulator {
  enum class Field : uint8_t { kOther, kNumber, kArch, kArgument };
  Field field = Field::kOther;
  uint32_t offset = 0;  ///< With kArgument: into struct seccomp_data.
  bool operator==(const Accumulator&) const = default;
};

/// By instruction.
std::vector<Accumulator> accumulators(const Program& program);

/// What is known of A on one path. A small account for those who follow a program path by path: it forgets what `walk`
/// knows of X, scratch words and calculations.
enum class KnownA : uint8_t { kNothing, kNumber, kArch };
inline constexpr size_t kKnownACount = 3;

/// What is known behind an instruction.
KnownA known_after(const Instruction& instruction, KnownA before);

/// The successors for a call: the same twice where what is known of A decides.
Successors successors(const Instruction& instruction, size_t at, KnownA known, uint32_t audit_arch, uint32_t number);

}  // namespace sandbox::bpf
