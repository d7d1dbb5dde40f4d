#include "compile/tree_search.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "compile/leaf_search.h"
#include "compile/masks.h"

namespace sandbox::compile {
namespace {

using bpf::Assembler;
using bpf::Compare;
using Node = Assembler::Node;

/// With more ranges than this there is no search.
constexpr size_t kMaxRanges = 256;
/// Ends of paths tell at most so many ranges; fewer while masks are tried, for which the search is made again and
/// again.
constexpr size_t kWide = Pieces::kMaxCount;
constexpr size_t kNarrow = 7;
/// Masks to be shared are sought between the most frequent nodes, among those that could serve in several places. So
/// many of them are tried, and fewer where a search takes long: so many ranges are looked at in all.
constexpr size_t kMaxNodes = 3;
constexpr size_t kFewestUses = 3;
constexpr size_t kMaxCandidates = 40;
constexpr size_t kMaxRangesInAll = 5000;

class TreeSearch {
 public:
  TreeSearch(std::span<const Target> targets, uint32_t counted);

  void search();
  Node emit(Assembler& assembler);

 private:
  /// The cheapest tree found for the ranges from one to another within a depth.
  struct Entry {
    double cost = kImpossible;
    uint32_t split = 0;  ///< Where the upper half begins; 0: it begins with `test`, or is settled.
    Test test;
  };

  [[nodiscard]] size_t size() const { return pieces_.size(); }
  [[nodiscard]] double weight(size_t begin, size_t end) const { return weights_[end] - weights_[begin]; }
  [[nodiscard]] Pieces pieces(size_t begin, size_t end) const;
  [[nodiscard]] size_t reach(size_t depth, size_t begin) const { return reach_[depth][begin]; }

  double solve(const std::vector<SharedMask>& shared, size_t window);
  void fill_leaves(size_t window);
  void find_depth();
  Entry& leaf_entry(size_t depth, size_t begin, size_t end) {
    return leaves_[depth][begin * (Pieces::kMaxCount + 1) + (end - begin)];
  }
  Entry leaf(size_t depth, size_t begin, size_t end);
  const Entry& tree(size_t depth, size_t begin, size_t end);
  [[nodiscard]] size_t uses(const SharedMask& shared) const;
  [[nodiscard]] std::vector<SharedMask> candidates() const;
  std::vector<SharedMask> shared_masks();

  Node emit(Assembler& assembler, size_t depth, size_t begin, size_t end);
  Node emit(Assembler& assembler, const Pieces& pieces, Test test, size_t depth);

  uint32_t counted_;
  std::span<const Target> targets_;
  std::vector<Piece> pieces_;    ///< The ranges.
  std::vector<double> weights_;  ///< By range: of all before it.
  LeafSearch leaf_search_;
  std::vector<std::vector<Entry>> leaves_;        ///< By depth up to LeafSearch::kMaxDepth, first range and count.
  std::vector<std::map<uint64_t, Entry>> trees_;  ///< By depth, first and last range.
  std::vector<std::vector<size_t>> reach_;        ///< By depth, first range: behind the last that can be told.
  size_t depth_ = 0;
};

TreeSearch::TreeSearch(std::span<const Target> targets, uint32_t counted) : counted_(counted), targets_(targets) {
  weights_.push_back(0);
  for (size_t i = 0; i < targets.size(); ++i) {
    const uint32_t first = targets[i].first;
    const uint32_t last = i + 1 < targets.size() ? targets[i + 1].first - 1 : UINT32_MAX;
    const uint64_t numbers = std::min<uint64_t>(uint64_t{last} + 1, counted) - std::min(first, counted);
    const auto weight = static_cast<float>(counted == 0 ? 1 : numbers);
    pieces_.push_back({first, last, targets[i].node, weight});
    weights_.push_back(weights_.back() + weight);
  }
}

Pieces TreeSearch::pieces(size_t begin, size_t end) const {
  Pieces result;
  for (size_t i = begin; i < end; ++i) result.add(pieces_[i]);
  return result;
}

/// A few neighbouring ranges: split between two, or begun with any other test.
TreeSearch::Entry TreeSearch::leaf(size_t depth, size_t begin, size_t end) {
  if (end == begin + 1) return {0, 0, {}};
  const Pieces all = pieces(begin, end);
  const LeafSearch::Found one = leaf_search_.find(all, 1);
  if (one.cost != kImpossible) return {one.cost, 0, one.test};
  Entry best = leaf_entry(depth - 1, begin, end);
  if (depth == 1) return best;
  const double cost = kInstructionCost + weight(begin, end);
  for (size_t split = begin + 1; split < end; ++split) {
    const double both = leaf_entry(depth - 1, begin, split).cost + leaf_entry(depth - 1, split, end).cost;
    if (cost + both < best.cost) best = {cost + both, static_cast<uint32_t>(split), {}};
  }
  const LeafSearch::Found found = leaf_search_.find(all, depth, best.cost, false);
  if (found.cost < best.cost) best = {found.cost, 0, found.test};
  return best;
}

void TreeSearch::fill_leaves(size_t window) {
  leaves_.assign(LeafSearch::kMaxDepth + 1, std::vector<Entry>(size() * (Pieces::kMaxCount + 1)));
  for (size_t i = 0; i < size(); ++i) leaf_entry(0, i, i + 1).cost = 0;
  for (size_t depth = 1; depth <= LeafSearch::kMaxDepth; ++depth) {
    for (size_t count = 1; count <= window; ++count) {
      for (size_t begin = 0; begin + count <= size(); ++begin) {
        leaf_entry(depth, begin, begin + count) = leaf(depth, begin, begin + count);
      }
    }
  }
}

/// How far each depth reaches, until one reaches from the first range to the last.
void TreeSearch::find_depth() {
  reach_.clear();
  for (depth_ = 0;; ++depth_) {
    std::vector<size_t> ends(size() + 1, size());
    for (size_t begin = 0; begin < size(); ++begin) {
      size_t end = begin + 1;
      if (depth_ > 0) end = std::max(end, reach(depth_ - 1, reach(depth_ - 1, begin)));
      if (depth_ <= LeafSearch::kMaxDepth) {
        for (size_t count = std::min(Pieces::kMaxCount, size() - begin); begin + count > end; --count) {
          if (leaf_entry(depth_, begin, begin + count).cost != kImpossible) end = begin + count;
        }
      }
      ends[begin] = end;
    }
    reach_.push_back(std::move(ends));
    if (reach(depth_, 0) == size()) return;
  }
}

/// A stretch of ranges as a key of trees_: size_t may have 32 bits.
uint64_t stretch(size_t begin, size_t end) {
  return uint64_t{begin} << 32U | end;
}

const TreeSearch::Entry& TreeSearch::tree(size_t depth, size_t begin, size_t end) {
  if (depth <= LeafSearch::kMaxDepth && end - begin <= Pieces::kMaxCount) return leaf_entry(depth, begin, end);
  const auto [known, added] = trees_[depth].try_emplace(stretch(begin, end));
  if (!added || depth == 0) return known->second;
  Entry best;
  if (end - begin <= Pieces::kMaxCount) best = leaf_entry(LeafSearch::kMaxDepth, begin, end);
  const double cost = kInstructionCost + weight(begin, end);
  for (size_t split = std::min(reach(depth - 1, begin), end - 1); split > begin; --split) {
    if (reach(depth - 1, split) < end) break;  // Nor does the upper half reach the end from any earlier split.
    const double lower = tree(depth - 1, begin, split).cost;
    if (cost + lower >= best.cost) continue;
    const double both = lower + tree(depth - 1, split, end).cost;
    if (cost + both < best.cost) best = {cost + both, static_cast<uint32_t>(split), {}};
  }
  return trees_[depth][stretch(begin, end)] = best;
}

/// Looks for the cheapest tree with these masks shared, of which each is paid for once.
double TreeSearch::solve(const std::vector<SharedMask>& shared, size_t window) {
  leaf_search_.share(shared);
  fill_leaves(window);
  if (reach_.empty()) find_depth();
  trees_.assign(depth_ + 1, {});
  return kInstructionCost * static_cast<double>(shared.size()) + tree(depth_, 0, size()).cost;
}

/// How many stretches of several ranges the mask is right for.
size_t TreeSearch::uses(const SharedMask& shared) const {
  size_t uses = 0;
  size_t length = 0;
  for (const Piece& piece : pieces_) {
    const bool hit = piece.node == shared.hit && !without(piece, shared.mask);
    const bool rest = piece.node == shared.rest && (bits_between(piece.first, piece.last) & shared.mask) == 0;
    length = hit || rest ? length + 1 : 0;
    if (length == 2) ++uses;
  }
  return uses;
}

/// Masks that could be shared, the most useful first.
std::vector<SharedMask> TreeSearch::candidates() const {
  std::map<Node, size_t> counts;
  for (const Piece& piece : pieces_) ++counts[piece.node];
  std::vector<std::pair<size_t, Node>> nodes;
  nodes.reserve(counts.size());
  for (const auto& [node, count] : counts) nodes.emplace_back(count, node);
  std::sort(nodes.rbegin(), nodes.rend());
  if (nodes.size() > kMaxNodes) nodes.resize(kMaxNodes);

  std::vector<std::pair<size_t, SharedMask>> rated;
  for (const auto& [hits, hit] : nodes) {
    for (const auto& [rests, rest] : nodes) {
      for (uint32_t mask = 1; hit != rest && mask <= fill_below(counted_); ++mask) {
        const SharedMask shared = {mask, hit, rest};
        if (const size_t count = uses(shared); count >= kFewestUses) rated.emplace_back(count, shared);
      }
    }
  }
  std::stable_sort(rated.begin(), rated.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  rated.resize(std::min({rated.size(), kMaxCandidates, kMaxRangesInAll / size()}));
  std::vector<SharedMask> result;
  result.reserve(rated.size());
  for (const auto& [count, shared] : rated) result.push_back(shared);
  return result;
}

/// Takes each mask that makes the tree cheaper, then leaves out those that are not worth it beside the later ones.
std::vector<SharedMask> TreeSearch::shared_masks() {
  std::vector<SharedMask> taken;
  const std::vector<SharedMask> all = candidates();
  double best = all.empty() ? kImpossible : solve({}, kNarrow);
  if (best == kImpossible) return {};
  for (const SharedMask& candidate : all) {
    taken.push_back(candidate);
    const double cost = solve(taken, kNarrow);
    if (cost < best) {
      best = cost;
    } else {
      taken.pop_back();
    }
  }
  for (size_t i = 0; i < taken.size();) {
    std::vector<SharedMask> fewer = taken;
    fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(i));
    const double cost = solve(fewer, kNarrow);
    if (cost < best) {
      best = cost;
      taken = std::move(fewer);
    } else {
      ++i;
    }
  }
  return taken;
}

void TreeSearch::search() {
  const double alone = solve({}, kWide);
  const std::vector<SharedMask> shared = shared_masks();
  if (solve(shared, kWide) > alone) solve({}, kWide);
}

Node TreeSearch::emit(Assembler& assembler, const Pieces& pieces, Test test, size_t depth) {
  if (pieces.settled()) return pieces[0].node;
  const Outcomes after = outcomes(pieces, test, true);
  const Node no = emit(assembler, after.no, leaf_search_.find(after.no, depth - 1).test, depth - 1);
  const Node yes = emit(assembler, after.yes, leaf_search_.find(after.yes, depth - 1).test, depth - 1);
  return assembler.branch(test.compare, test.k, yes, no);
}

Node TreeSearch::emit(Assembler& assembler, size_t depth, size_t begin, size_t end) {
  const Entry entry = tree(depth, begin, end);
  if (entry.split == 0) {
    assembler.set_tag(targets_[end - 1].tag);
    return emit(assembler, pieces(begin, end), entry.test, std::min(depth, LeafSearch::kMaxDepth));
  }
  const Node lower = emit(assembler, depth - 1, begin, entry.split);
  const Node upper = emit(assembler, depth - 1, entry.split, end);
  assembler.set_tag(targets_[entry.split].tag);
  return assembler.branch(Compare::kGreaterOrEqual, pieces_[entry.split].first, upper, lower);
}

Node TreeSearch::emit(Assembler& assembler) {
  return emit(assembler, depth_, 0, size());
}

}  // namespace

std::optional<Node> search_tree(Assembler& assembler, std::span<const Target> targets, uint32_t counted) {
  if (targets.size() > kMaxRanges) return std::nullopt;
  TreeSearch search(targets, counted);
  search.search();
  return search.emit(assembler);
}

}  // namespace sandbox::compile
