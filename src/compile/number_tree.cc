#include "compile/number_tree.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "compile/masks.h"
#include "compile/tree_search.h"

namespace sandbox::compile {
namespace {

using bpf::Assembler;
using bpf::Compare;
using Node = Assembler::Node;

/// What ends a path: comparisons for equality with lone numbers, then one answer, or two that a mask tells apart.
struct Leaf {
  size_t end = 0;     ///< Behind the last range that it can tell.
  uint32_t mask = 0;  ///< 0: `rest` for all.
  Node hit = 0;
  Node rest = 0;
};

/// At most so many tests in a leaf: with more its path is longer than splitting it makes it.
constexpr size_t kMaxLeafTests = 2;
/// At most so many ranges in a leaf, so that looking for it costs little.
constexpr size_t kMaxLeafRanges = 16;

/// A tree that is found in one pass over the ranges: from the leaves it is known how far any depth reaches, and
/// splits are made in the middle of what keeps to the depth.
class QuickTree {
 public:
  QuickTree(Assembler& assembler, std::vector<Target> targets, uint32_t counted);

  Node build();

 private:
  [[nodiscard]] size_t size() const { return targets_.size(); }
  [[nodiscard]] Node node(size_t range) const { return targets_[range].node; }
  [[nodiscard]] uint32_t first(size_t range) const { return targets_[range].first; }
  [[nodiscard]] uint32_t last(size_t range) const {
    return range + 1 < size() ? targets_[range + 1].first - 1 : UINT32_MAX;
  }
  [[nodiscard]] bool alone(size_t range) const { return first(range) == last(range); }

  [[nodiscard]] size_t end_of_holes(size_t begin, size_t holes) const;
  [[nodiscard]] size_t missed(size_t range, uint32_t mask, size_t limit) const;
  void find_masks(size_t begin, Node hit, Node rest);
  void find_leaves();
  void find_depth();
  [[nodiscard]] size_t reach(size_t depth, size_t begin) const { return reach_[depth * (size() + 1) + begin]; }
  Node tree(size_t begin, size_t end, size_t depth);
  Node leaf(size_t begin, size_t end, const Leaf& leaf);

  Assembler& assembler_;
  std::vector<Target> targets_;
  std::vector<uint64_t> weights_;                            ///< By range: of all before it.
  std::array<std::vector<Leaf>, kMaxLeafTests + 1> leaves_;  ///< By count of tests (0 is not used), by first range.
  std::vector<size_t> reach_;  ///< By depth and first range: behind the last range that a tree so deep can tell.
  size_t depth_ = 0;
};

QuickTree::QuickTree(Assembler& assembler, std::vector<Target> targets, uint32_t counted)
    : assembler_(assembler), targets_(std::move(targets)) {
  weights_.reserve(size() + 1);
  weights_.push_back(0);
  for (size_t i = 0; i < size(); ++i) {
    const uint64_t numbers = std::min<uint64_t>(uint64_t{last(i)} + 1, counted) - std::min(first(i), counted);
    weights_.push_back(weights_.back() + numbers + 1);
  }
}

/// One answer but for lone numbers.
size_t QuickTree::end_of_holes(size_t begin, size_t holes) const {
  size_t end = begin + 1;
  for (; end < size(); ++end) {
    if (node(end) == node(begin)) continue;
    if (holes == 0 || !alone(end)) break;
    --holes;
  }
  return end;
}

/// How many numbers of a range share no bit with the mask; at most `limit`.
size_t QuickTree::missed(size_t range, uint32_t mask, size_t limit) const {
  size_t count = 0;
  for (auto number = next_without(first(range), mask); number && *number <= last(range);) {
    if (++count == limit || *number == UINT32_MAX) break;
    number = next_without(*number + 1, mask);
  }
  return count;
}

/// The mask has every bit that no number has which continues at `rest`; what it misses all the same takes a test each.
void QuickTree::find_masks(size_t begin, Node hit, Node rest) {
  uint32_t bits_of_rest = 0;
  size_t tests = 1;
  const size_t limit = std::min(size(), begin + kMaxLeafRanges);
  for (size_t end = begin; end < limit; ++end) {
    if (node(end) == hit) {
      tests += missed(end, ~bits_of_rest, kMaxLeafTests);
    } else if (node(end) != rest) {
      break;
    } else if (const uint32_t bits = bits_of_rest | bits_between(first(end), last(end)); bits != bits_of_rest) {
      bits_of_rest = bits;
      tests = 1;
      for (size_t i = begin; i < end && tests <= kMaxLeafTests; ++i) {
        if (node(i) == hit) tests += missed(i, ~bits_of_rest, kMaxLeafTests);
      }
    }
    if (tests > kMaxLeafTests) break;
    for (size_t count = tests; count <= kMaxLeafTests; ++count) {
      Leaf& leaf = leaves_[count][begin];
      if (leaf.end < end + 1) leaf = {end + 1, ~bits_of_rest, hit, rest};
    }
  }
}

void QuickTree::find_leaves() {
  for (size_t tests = 1; tests <= kMaxLeafTests; ++tests) leaves_[tests].resize(size());
  for (size_t i = 0; i < size(); ++i) {
    for (size_t tests = 1; tests <= kMaxLeafTests; ++tests) {
      leaves_[tests][i] = {end_of_holes(i, tests), 0, 0, node(i)};
      // What tells more ranges also tells fewer.
      if (i > 0 && leaves_[tests][i - 1].end > leaves_[tests][i].end) leaves_[tests][i] = leaves_[tests][i - 1];
    }
    if (i + 1 == size()) continue;
    find_masks(i, node(i), node(i + 1));
    find_masks(i, node(i + 1), node(i));
  }
}

/// How far each depth reaches, until one reaches from the first to the last range.
void QuickTree::find_depth() {
  const size_t row = size() + 1;
  reach_.resize(row);
  for (size_t i = 0; i < size(); ++i) reach_[i] = i + 1;
  reach_[size()] = size();
  for (depth_ = 0; reach(depth_, 0) < size(); ++depth_) {
    reach_.resize(reach_.size() + row, size());
    for (size_t i = 0; i < size(); ++i) {
      size_t& end = reach_[(depth_ + 1) * row + i];
      end = reach(depth_, reach(depth_, i));
      if (depth_ < kMaxLeafTests) end = std::max(end, leaves_[depth_ + 1][i].end);
    }
  }
}

Node QuickTree::leaf(size_t begin, size_t end, const Leaf& leaf) {
  uint32_t mask = 0;  // Without bits that nothing has here.
  for (size_t i = begin; i < end; ++i) {
    if (node(i) == leaf.hit) mask |= leaf.mask & bits_between(first(i), last(i));
  }
  Node next = leaf.rest;
  assembler_.set_tag(targets_[end - 1].tag);
  if (mask != 0) next = assembler_.branch(Compare::kAnyBit, mask, leaf.hit, leaf.rest);
  for (size_t i = begin; i < end; ++i) {
    if (node(i) == leaf.rest) continue;
    assembler_.set_tag(targets_[i].tag);
    for (auto number = next_without(first(i), mask); number && *number <= last(i);) {
      next = assembler_.branch(Compare::kEqual, *number, node(i), next);
      if (*number == UINT32_MAX) break;
      number = next_without(*number + 1, mask);
    }
  }
  return next;
}

Node QuickTree::tree(size_t begin, size_t end, size_t depth) {
  if (end == begin + 1) return node(begin);
  if (end == begin + 2) {
    assembler_.set_tag(targets_[begin + 1].tag);
    return assembler_.branch(Compare::kGreaterOrEqual, first(begin + 1), node(begin + 1), node(begin));
  }
  for (size_t tests = 1; tests <= std::min(depth, kMaxLeafTests); ++tests) {
    if (leaves_[tests][begin].end >= end) return leaf(begin, end, leaves_[tests][begin]);
  }
  // Splits that leave both sides within the depth: from where the second reaches the end to where the first does not
  // reach any more.
  const auto below = reach_.begin() + static_cast<ptrdiff_t>((depth - 1) * (size() + 1));
  const auto earliest = static_cast<size_t>(
      std::lower_bound(below + static_cast<ptrdiff_t>(begin) + 1, below + static_cast<ptrdiff_t>(end), end) - below);
  const size_t latest = std::min(reach(depth - 1, begin), end - 1);
  const uint64_t half = (weights_[begin] + weights_[end]) / 2;
  const auto middle = static_cast<size_t>(std::lower_bound(weights_.begin(), weights_.end(), half) - weights_.begin());
  const size_t split = std::clamp(middle, earliest, latest);
  const Node lower = tree(begin, split, depth - 1);
  const Node upper = tree(split, end, depth - 1);
  assembler_.set_tag(targets_[split].tag);
  return assembler_.branch(Compare::kGreaterOrEqual, first(split), upper, lower);
}

Node QuickTree::build() {
  find_leaves();
  find_depth();
  return tree(0, size(), depth_);
}

/// Neighbours that continue at one node are one range.
std::vector<Target> merged(std::span<const Target> targets) {
  std::vector<Target> result;
  result.reserve(targets.size());
  for (const Target& target : targets) {
    if (result.empty() || result.back().node != target.node) result.push_back(target);
  }
  return result;
}

}  // namespace

Node compile_number_tree(Assembler& assembler, std::span<const Target> targets, uint32_t counted, Effort effort) {
  std::vector<Target> ranges = merged(targets);
  if (effort == Effort::kBest) {
    if (const auto found = search_tree(assembler, ranges, counted)) return *found;
  }
  return QuickTree(assembler, std::move(ranges), counted).build();
}

}  // namespace sandbox::compile
