// The last few tests of a number tree, looked for thoroughly.
//
// The problem. Near its leaves a tree has a few neighbouring ranges left ("pieces"), to be told apart in at most
// kMaxDepth tests. Which test comes first matters: `jeq` and `jset` leave gaps, and behind a gap two pieces with the
// same way on become one. Take the pieces
//
//     40 a | 41 b | 42 a | 43 b | 44..47 a
//
// By `jge` alone that takes four tests, three on the longest path. `jset 1` first leaves only `a` where the bit is not
// set; where it is, 41 and 43 are one piece, as 42 is ruled out, and `jge 44` tells them from 45..47: two tests. So
// each possible first test is tried, and what is left on either side of it is solved again.
//
// How. `one_test` knows without a search whether one test is enough: two pieces (`jge`), a hole of one number (`jeq`),
// or a mask that hits all numbers of one node and none of the other. Else `several_tests` tries, as first tests: a
// split between any two pieces, any piece of one number, for each node the mask of all bits that only it has, and each
// bit in which the numbers differ. Branch and bound: a test is given up as soon as what it costs at least (`Side`)
// reaches the best cost so far.
//
// Why bounded so. Masks of two and more bits are tried only where they tell one node from the rest by themselves, as
// all masks would be 2^n of them. After a mask the pieces are taken too wide at their ends if several bits hit; that
// costs a test that was not needed, never a wrong answer: an outcome holds at least the numbers that are possible.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "bpf/assembler.h"

namespace sandbox::compile {

/// Costs are in steps, of one number each: how many instructions are executed when every counted number is looked for
/// once. An instruction more in the program weighs as much as so many of them: that is what seccomp(2) was seen to take
/// for either when it installs a filter (about 0.1 microseconds, and 1.9 nanoseconds).
inline constexpr double kInstructionCost = 50;
inline constexpr double kImpossible = std::numeric_limits<double>::infinity();

/// Numbers that are still possible, all with one way on. There may be gaps: numbers that earlier tests have ruled out.
struct Piece {
  uint32_t first = 0;
  uint32_t last = 0;
  bpf::Assembler::Node node = 0;
  float weight = 0;  ///< How many of the counted numbers are in it.
};

/// The part of a piece that shares no bit with the mask, without a weight.
std::optional<Piece> without(const Piece& piece, uint32_t mask);

/// What is still possible on a path: sorted pieces, of which neighbours have different ways on.
class Pieces {
 public:
  static constexpr size_t kMaxCount = 12;

  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] const Piece& operator[](size_t index) const { return pieces_[index]; }
  [[nodiscard]] const Piece* begin() const { return pieces_.data(); }
  [[nodiscard]] const Piece* end() const { return pieces_.data() + size_; }
  [[nodiscard]] bool settled() const { return size_ <= 1; }
  [[nodiscard]] double weight() const;

  /// Adds a piece behind the last, to which it is joined where both have one way on. Precondition: fewer than
  /// kMaxCount.
  void add(const Piece& piece);

 private:
  std::array<Piece, kMaxCount> pieces_;
  size_t size_ = 0;
};

/// A comparison of the number.
struct Test {
  bpf::Compare compare = bpf::Compare::kEqual;
  uint32_t k = 0;
};

/// What is possible behind a test.
struct Outcomes {
  Pieces yes;
  Pieces no;
};
/// Without `weighed` the weights are wrong behind a mask. With a mask of several bits what it hits is given too wide.
Outcomes outcomes(const Pieces& pieces, Test test, bool weighed);

/// `jset mask` with an answer on either side: a node that several paths may end in.
struct SharedMask {
  uint32_t mask = 0;
  bpf::Assembler::Node hit = 0;
  bpf::Assembler::Node rest = 0;
};

/// Looks for the cheapest tests that tell pieces from one another within a depth.
class LeafSearch {
 public:
  static constexpr size_t kMaxDepth = 3;

  struct Found {
    double cost = kImpossible;
    Test test;  ///< The first of the tests; of what is settled, none.
  };

  /// Masks in `shared` cost no instruction: they are in the program anyhow.
  void share(std::vector<SharedMask> shared) { shared_ = std::move(shared); }

  /// What is not cheaper than `bound` is of no interest. Without `splits` the first test is none for order.
  Found find(const Pieces& pieces, size_t depth, double bound = kImpossible, bool splits = true);

 private:
  class Side;
  struct OneTest {
    bool possible = false;
    double cost = 0;  ///< Of the instruction alone.
    Test test;
  };

  OneTest one_test(const Pieces& pieces);
  Found several_tests(const Pieces& pieces, size_t depth, double bound, bool splits);
  void try_test(const Pieces& pieces, Test test, size_t depth, Found& best);

  std::vector<SharedMask> shared_;
};

}  // namespace sandbox::compile
