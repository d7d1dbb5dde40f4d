// The search for a call's number among the ranges.
#pragma once

#include <cstdint>
#include <span>

#include "bpf/assembler.h"

namespace sandbox::compile {

/// A range of numbers from `first` on, and where it continues.
struct Target {
  uint32_t first = 0;
  bpf::Assembler::Node node = 0;
};

/// A node that expects the number in A and continues at the target whose range holds it. Precondition: sorted, the
/// first target starts at 0.
bpf::Assembler::Node compile_number_tree(bpf::Assembler& assembler, std::span<const Target> targets);

}  // namespace sandbox::compile
