// The search for a number among ranges: which call it is, or which value an argument has.
#pragma once

#include <cstdint>
#include <span>

#include "bpf/assembler.h"
#include "compile/effort.h"

namespace sandbox::compile {

/// A range of numbers from `first` on, and where it continues.
struct Target {
  uint32_t first = 0;
  bpf::Assembler::Node node = 0;
  uint32_t tag = 0;  ///< For the tests that tell this range from the one before.
};

/// A node that expects the number in A and continues at the target whose range holds it. On its way are only branches,
/// and A is kept. Sets the assembler's tag. Precondition: sorted, the first target starts at 0.
///
/// What is sought: first the shortest longest path, as far as the tests that are tried allow. Under that bound
/// kBest weighs instructions against steps (tree_search.h), and kQuick halves what comes in. `counted` is how many
/// numbers, from 0 on, are as likely as one another; 0 makes all ranges alike.
bpf::Assembler::Node compile_number_tree(bpf::Assembler& assembler, std::span<const Target> targets, uint32_t counted,
                                         Effort effort);

}  // namespace sandbox::compile
