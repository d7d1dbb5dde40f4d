// Runs filters in user space, exactly as the kernel would.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bpf/program.h"
#include "bpf/validate.h"

namespace sandbox::bpf {

/// What a program answers to one call.
struct Outcome {
  uint32_t value = 0;  ///< The SECCOMP_RET_* action with its data.
  uint32_t steps = 0;  ///< The number of instructions executed.
};

/// Judges `call`. `endian` is the byte order of the ABI that the program was written for: it says where the halves of
/// the 64-bit fields stand.
Outcome interpret(const ValidatedProgram& program, const SystemCall& call, Endian endian);

/// The instructions that judge `call`, by index, in order: the last one answers. A division by 0 answers too.
std::vector<size_t> trace(const ValidatedProgram& program, const SystemCall& call, Endian endian);

/// Whether the kernel would put this call number into its bitmap of calls that are allowed regardless of their
/// arguments, for which the filter is not run at all: seccomp_is_const_allow in kernel/seccomp.c.
bool is_cached_allow(const ValidatedProgram& program, uint32_t arch, uint32_t number);

}  // namespace sandbox::bpf
