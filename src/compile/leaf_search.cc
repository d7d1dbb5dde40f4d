#include "compile/leaf_search.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "compile/masks.h"

namespace sandbox::compile {

using bpf::Compare;
using Node = bpf::Assembler::Node;

std::optional<Piece> without(const Piece& piece, uint32_t mask) {
  const auto first = next_without(piece.first, mask);
  if (!first || *first > piece.last) return std::nullopt;
  return Piece{*first, previous_without(piece.last, mask), piece.node, 0};
}

namespace {

/// The part of a piece that shares a bit with the mask; with several bits only whether there is one.
std::optional<Piece> with(const Piece& piece, uint32_t mask) {
  if ((bits_between(piece.first, piece.last) & mask) == 0) return std::nullopt;
  if ((mask & (mask - 1)) != 0) return piece;
  return Piece{next_with(piece.first, mask), *previous_with(piece.last, mask), piece.node, 0};
}

/// How much of a piece's weight is where it shares no bit with the mask, as if it had no gaps.
float weight_without(const Piece& piece, uint32_t mask) {
  if (piece.weight == 0 || !without(piece, mask)) return 0;
  const uint64_t bare = count_without(piece.last, mask) - count_without(piece.first, mask);
  const uint64_t numbers = uint64_t{piece.last} - piece.first + 1;
  return piece.weight * static_cast<float>(bare + ((piece.last & mask) == 0 ? 1 : 0)) / static_cast<float>(numbers);
}

/// Every bit that a number with another way on lacks, of those that numbers with this one have.
uint32_t telling_mask(const Pieces& pieces, Node node) {
  uint32_t own = 0;
  uint32_t others = 0;
  for (const Piece& piece : pieces) (piece.node == node ? own : others) |= bits_between(piece.first, piece.last);
  return own & ~others;
}

/// Whether all numbers with this way on share a bit with the mask.
bool all_with(const Pieces& pieces, Node node, uint32_t mask) {
  return std::all_of(pieces.begin(), pieces.end(),
                     [&](const Piece& piece) { return piece.node != node || !without(piece, mask); });
}

bool none_with(const Pieces& pieces, Node node, uint32_t mask) {
  return std::none_of(pieces.begin(), pieces.end(), [&](const Piece& piece) {
    return piece.node == node && (bits_between(piece.first, piece.last) & mask) != 0;
  });
}

/// Whether all ways on are one of the two.
bool only(const Pieces& pieces, Node one, Node other) {
  return std::all_of(pieces.begin(), pieces.end(),
                     [&](const Piece& piece) { return piece.node == one || piece.node == other; });
}

/// The bits in which not all numbers agree.
uint32_t varying_bits(const Pieces& pieces) {
  uint32_t bits = 0;
  for (const Piece& piece : pieces) {
    bits |= bits_between(piece.first, piece.last) ^ piece.first;
    bits |= piece.first ^ pieces[0].first;
  }
  return bits;
}

/// Whether the test has ruled anything out.
bool fewer(const Pieces& after, const Pieces& before) {
  return after.size() != before.size() || after[0].first != before[0].first ||
         after[after.size() - 1].last != before[before.size() - 1].last;
}

}  // namespace

double Pieces::weight() const {
  double sum = 0;
  for (const Piece& piece : *this) sum += piece.weight;
  return sum;
}

void Pieces::add(const Piece& piece) {
  if (size_ > 0 && pieces_[size_ - 1].node == piece.node) {
    pieces_[size_ - 1].last = piece.last;
    pieces_[size_ - 1].weight += piece.weight;
  } else {
    pieces_[size_++] = piece;
  }
}

Outcomes outcomes(const Pieces& pieces, Test test, bool weighed) {
  Outcomes result;
  for (const Piece& piece : pieces) {
    switch (test.compare) {
      case Compare::kGreaterOrEqual:  // Always where a piece begins.
        (piece.first >= test.k ? result.yes : result.no).add(piece);
        break;
      case Compare::kEqual:  // Always a piece of its own.
        (piece.first == test.k && piece.last == test.k ? result.yes : result.no).add(piece);
        break;
      default: {
        auto no = without(piece, test.k);
        auto yes = with(piece, test.k);
        if (weighed && no) no->weight = weight_without(piece, test.k);
        if (weighed && yes) yes->weight = piece.weight - (no ? no->weight : 0);
        if (no) result.no.add(*no);
        if (yes) result.yes.add(*yes);
      }
    }
  }
  return result;
}

/// Tells apart: two pieces, one number from the others, or what a mask hits from what it does not.
LeafSearch::OneTest LeafSearch::one_test(const Pieces& pieces) {
  if (pieces.settled()) return {true, 0, {}};
  for (const SharedMask& shared : shared_) {
    if (!only(pieces, shared.hit, shared.rest)) continue;
    if (!none_with(pieces, shared.rest, shared.mask) || !all_with(pieces, shared.hit, shared.mask)) continue;
    return {true, 0, {Compare::kAnyBit, shared.mask}};
  }
  if (pieces.size() == 2) return {true, kInstructionCost, {Compare::kGreaterOrEqual, pieces[1].first}};
  if (!only(pieces, pieces[0].node, pieces[1].node)) return {};
  const bool hole = pieces.size() == 3 && pieces[1].first == pieces[1].last;
  if (hole) return {true, kInstructionCost, {Compare::kEqual, pieces[1].first}};
  for (const Node node : {pieces[0].node, pieces[1].node}) {
    const uint32_t mask = telling_mask(pieces, node);
    if (mask != 0 && all_with(pieces, node, mask)) return {true, kInstructionCost, {Compare::kAnyBit, mask}};
  }
  return {};
}

/// One side of a test: what it costs at least, and then what it does.
class LeafSearch::Side {
 public:
  Side(LeafSearch& search, const Pieces& pieces) : settled_(pieces.settled()), one_(search.one_test(pieces)) {}

  /// What one test does not tell takes two, of which the last may be a shared one.
  [[nodiscard]] double instructions() const { return one_.possible ? one_.cost : kInstructionCost; }
  [[nodiscard]] double least(const Pieces& pieces) const { return settled_ ? 0 : instructions() + pieces.weight(); }
  double cost(LeafSearch& search, const Pieces& pieces, size_t depth, double bound) const {
    return one_.possible ? least(pieces) : search.several_tests(pieces, depth, bound, true).cost;
  }
  [[nodiscard]] bool within(size_t depth) const { return one_.possible ? settled_ || depth >= 1 : depth >= 2; }

 private:
  bool settled_;
  OneTest one_;
};

void LeafSearch::try_test(const Pieces& pieces, Test test, size_t depth, Found& best) {
  Outcomes after = outcomes(pieces, test, false);
  if (after.yes.size() == 0 || after.no.size() == 0) return;
  if (!fewer(after.yes, pieces) || !fewer(after.no, pieces)) return;
  const Side no(*this, after.no);
  if (!no.within(depth - 1)) return;
  const Side yes(*this, after.yes);
  if (!yes.within(depth - 1)) return;
  const double cost = kInstructionCost + pieces.weight();
  if (cost + no.instructions() + yes.instructions() >= best.cost) return;
  if (test.compare == Compare::kAnyBit) after = outcomes(pieces, test, true);
  const double least_yes = yes.least(after.yes);
  if (cost + no.least(after.no) + least_yes >= best.cost) return;
  const double with_no = cost + no.cost(*this, after.no, depth - 1, best.cost - cost - least_yes);
  if (with_no + least_yes >= best.cost) return;
  const double all = with_no + yes.cost(*this, after.yes, depth - 1, best.cost - with_no);
  if (all < best.cost) best = {all, test};
}

/// For what one test does not tell.
LeafSearch::Found LeafSearch::several_tests(const Pieces& pieces, size_t depth, double bound, bool splits) {
  if (depth < 2) return {};
  Found best = {bound, {}};
  for (size_t i = 1; splits && i < pieces.size(); ++i) {
    try_test(pieces, {Compare::kGreaterOrEqual, pieces[i].first}, depth, best);
  }
  for (size_t i = 1; i + 1 < pieces.size(); ++i) {
    if (pieces[i].first == pieces[i].last) try_test(pieces, {Compare::kEqual, pieces[i].first}, depth, best);
  }
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (std::any_of(pieces.begin(), pieces.begin() + i, [&](const Piece& p) { return p.node == pieces[i].node; })) {
      continue;
    }
    const uint32_t mask = telling_mask(pieces, pieces[i].node);
    if (mask != 0) try_test(pieces, {Compare::kAnyBit, mask}, depth, best);
  }
  for (uint32_t bits = varying_bits(pieces); bits != 0; bits &= bits - 1) {
    try_test(pieces, {Compare::kAnyBit, bits & (0U - bits)}, depth, best);
  }
  return best.cost < bound ? best : Found{};
}

LeafSearch::Found LeafSearch::find(const Pieces& pieces, size_t depth, double bound, bool splits) {
  if (pieces.settled()) return {0, {}};
  if (depth == 0) return {};
  const OneTest one = one_test(pieces);
  if (!one.possible) return several_tests(pieces, depth, bound, splits);
  const double cost = one.cost + pieces.weight();
  return cost < bound ? Found{cost, one.test} : Found{};
}

}  // namespace sandbox::compile
