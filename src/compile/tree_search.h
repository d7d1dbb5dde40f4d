// The search for a system call's number: the best tree of comparisons that a bounded search finds.
//
// The problem. A filter's first work is to find what the policy says about a call's number. The policy has become a
// list of ranges, each with the node where the filter goes on; neighbours have different nodes. Other tools write one
// `jeq` a name: every call pays for the chain, and the kernel once more when it installs the filter. number_tree.h
// halves the list by `jge` again and again. That is short, but `jge` is not the only comparison that classic BPF has.
//
// Two examples, both below 8, where all numbers from 8 on are denied:
//
//     0..2 allow, 3 deny, 4..6 allow, 7 deny     by halves: 3 tests, 2 on the longest path
//                                                jge 7, jeq 3: 2 tests. `jeq` cuts one number out of a range
//     0, 2, 4, 6 allow, 1, 3, 5, 7 deny          by halves: 7 tests, 3 on the longest path
//                                                jge 8, jset 1: 2 tests. `jset` is true if any bit of the mask is set
//
// What is minimised, in this order:
//   1. the longest path, in tests (what follows behind the tree is not counted);
//   2. the instructions, each weighed as kInstructionCost steps, plus the steps that it takes to look for each counted
//      number once: 50 steps are a ninth of a step of the mean over the 451 numbers of x86_64.
//
// How. The upper levels split by `jge`, by dynamic programming over depth, first and last range (`tree`). The last up
// to three tests of every path are looked for thoroughly, with `jeq` and `jset` (leaf_search.h). Then masks that are
// right at the ends of several paths are tried as nodes that these paths share, each paid for once (`shared_masks`).
//
// Why this way. The longest path comes first because it bounds what any call pays. A search over all tests at every
// level would be one over all masks at every level; only near the leaves, where few ranges are left, is that cheap. So
// the search is bounded, and not exhaustive: kMaxRanges, LeafSearch::kMaxDepth and kMaxCandidates are its bounds.
//
// Figures (README, "Filters": instructions / longest path / mean path). For the policy b of the benchmark, 295 names:
// 43 / 10 / 8.58 by this search, 48 / 10 / 8.59 by halves, 381 / 18 / 15.90 by libseccomp's binary tree. The search
// takes 130 ms, halving 12 microseconds: so this is for filters that are compiled once and used often (Effort::kBest).
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
