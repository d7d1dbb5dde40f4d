// What a filter costs the calls that it judges.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bpf/program.h"
#include "bpf/validate.h"

namespace sandbox::bpf {

/// How many instructions the longest way through the program executes, the return included. Every jump is taken to go
/// either way: no call may come through where two of them ask for what excludes one another.
size_t longest_path(const ValidatedProgram& program);

/// How many instructions calls through an arch execute, the mean over the numbers from 0 to `last`, all arguments 0.
/// So many the kernel executes, too, for each number that it may enter into its cache when the filter is installed.
double mean_steps(const ValidatedProgram& program, uint32_t arch, Endian endian, uint32_t last);

}  // namespace sandbox::bpf
