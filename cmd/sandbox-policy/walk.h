// Where a program can lead a call of which only the ABI and the number are known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "arch/abi.h"
#include "bpf/program.h"

namespace sandbox::tool {

struct Walk {
  std::vector<bool> reached;      ///< By instruction: whether some arguments lead there.
  std::vector<uint32_t> answers;  ///< What can be returned, sorted.
  bool computed = false;          ///< Something else may be returned, too: what is in A.
  size_t longest = 0;             ///< The most instructions that the call can take, over all arguments. Never too low.
};

/// Follows every way that a call can take, whatever its arguments.
Walk walk(const bpf::Program& program, uint32_t audit_arch, uint32_t number);

/// What stands in A before an instruction, on every way to it.
struct Accumulator {
  enum class Kind : uint8_t { kOther, kNumber, kArch, kArgument };
  Kind kind = Kind::kOther;
  uint32_t offset = 0;  ///< With kArgument: into struct seccomp_data.
  bool operator==(const Accumulator&) const = default;
};

/// By instruction.
std::vector<Accumulator> accumulators(const bpf::Program& program);

/// The ABIs whose value of seccomp_data.arch the program compares with; x32 if a number of its own is compared with.
std::vector<arch::Abi> abis_in(const bpf::Program& program);

}  // namespace sandbox::tool
