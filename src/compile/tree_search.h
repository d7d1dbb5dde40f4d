// A number tree that is worth a search.
//
// Numbers are told apart by `jge`, `jeq` and `jset`. The search minimises, in this order,
//   1. the longest path, in tests (the ways on behind them are not counted);
//   2. the instructions, each weighed as kInstructionCost steps, plus the steps that it takes to look for each counted
//      number once: 50 steps are a ninth of a step of the mean over the 451 numbers of x86_64.
// It is bounded, and not exhaustive: up to three tests at the end of a path are looked for thoroughly (leaf_search.h),
// before them stand splits by `jge`; and then ends of paths are made one node where one `jset` serves several.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "bpf/assembler.h"
#include "compile/number_tree.h"

namespace sandbox::compile {

/// As compile_number_tree. None where there are too many targets for a search. Precondition: neighbours have different
/// nodes.
std::optional<bpf::Assembler::Node> search_tree(bpf::Assembler& assembler, std::span<const Target> targets,
                                                uint32_t counted);

}  // namespace sandbox::compile
