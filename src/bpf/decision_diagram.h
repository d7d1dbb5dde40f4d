// Functions of bits, as reduced ordered decision diagrams.
//
// The problem. Whether two programs answer every call alike is a question about 2^512 inputs: the number, the ABI, the
// instruction pointer and six arguments of 64 bits. Tests can only sample them. A diagram holds the answers to all of
// them at once: it asks for the value of one bit (a variable) after the other, always in the order of the variables'
// numbers, and ends in a leaf. Equal subgraphs are one, and no node asks what makes no difference. So two functions are
// equal exactly if their diagrams are the same node: a comparison of programs is a proof, and where they differ, a path
// to a leaf is a call that shows it.
//
// An example. "equal 1" for a word of three bits, x2 x1 x0, asks three of them, and "below 2" only two:
//
//     x == 1:   x2 ? 0 : (x1 ? 0 : (x0 ? 1 : 0))          x < 2:   x2 ? 0 : (x1 ? 0 : 1)
//
// `both` of the two is the diagram of x == 1 itself, the very node, by which it is proved that the one implies the
// other.
//
// Why this way. All operations are one, `choose` (if-then-else), whose results are remembered; nodes are found by a
// hash. The order of the variables decides how large diagrams grow; paths.h chooses it. What grows too large is
// bounded: every operation has a budget of steps, and one whose budget is used up says so (`gave_up`), so that "not
// proved" is never taken for "equal". An SMT solver would do the same and more, at the price of a dependency of several
// megabytes in what checks a sandbox.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sandbox::bpf {

/// Makes diagrams and owns them. Leaves are numbers; 0 and 1 are also false and true.
class Diagrams {
 public:
  /// A function; valid as long as its maker.
  using Ref = uint32_t;
  static constexpr Ref kFalse = 0;
  static constexpr Ref kTrue = 1;
  /// What `variable_of` says of a leaf: behind every variable.
  static constexpr uint32_t kNoVariable = UINT32_MAX;

  /// `work` bounds what all operations together may cost, in steps of which each makes at most one node (20 bytes).
  explicit Diagrams(uint64_t work);

  /// Begins an operation that may cost so much, and no more than what is left of the whole.
  void begin(uint64_t work);
  /// Whether a result since `begin` is worthless because the work was not enough for it.
  [[nodiscard]] bool gave_up() const { return gave_up_; }
  /// Whether no work is left for anything.
  [[nodiscard]] bool exhausted() const { return work_left_ + operation_left_ == 0; }

  Ref leaf(uint64_t value);
  Ref variable(uint32_t variable) { return node(variable, kFalse, kTrue); }

  /// `yes` where `condition` is true, `no` elsewhere. The leaves of `condition` are true and false.
  Ref choose(Ref condition, Ref yes, Ref no);

  Ref negation(Ref a) { return choose(a, kFalse, kTrue); }
  Ref both(Ref a, Ref b) { return choose(a, b, kFalse); }
  Ref either(Ref a, Ref b) { return choose(a, kTrue, b); }
  Ref differ(Ref a, Ref b) { return choose(a, negation(b), b); }

  [[nodiscard]] bool is_leaf(Ref a) const { return nodes_[a].variable == kNoVariable; }
  /// Precondition: a leaf.
  [[nodiscard]] uint64_t value_of(Ref a) const { return uint64_t{nodes_[a].high} << 32U | nodes_[a].low; }
  /// The first variable that the function depends on.
  [[nodiscard]] uint32_t variable_of(Ref a) const { return nodes_[a].variable; }
  /// The function when `variable`, which is not behind its first, has this value.
  [[nodiscard]] Ref when(Ref a, uint32_t variable, bool value) const {
    const Node& node = nodes_[a];
    if (node.variable != variable) return a;
    return value ? node.high : node.low;
  }

  [[nodiscard]] size_t size() const { return nodes_.size(); }

 private:
  struct Node {
    uint32_t variable = 0;  ///< kNoVariable: a leaf, whose value stands in the other two.
    uint32_t low = 0;       ///< The function when the variable is 0.
    uint32_t high = 0;      ///< ... and when it is 1.
  };
  struct Known {
    Ref condition = kFalse;  ///< Never asked for: an empty entry.
    Ref yes = 0;
    Ref no = 0;
    Ref result = 0;
  };

  Ref node(uint32_t variable, Ref low, Ref high);
  Ref intern(const Node& node);
  void grow();

  std::vector<Node> nodes_;
  std::vector<Ref> index_;    ///< Open addressing; 0 is empty, for kFalse is never looked up.
  std::vector<Known> known_;  ///< Results of `choose`; a new one displaces an old one.
  uint64_t work_left_;
  uint64_t operation_left_ = 0;
  bool gave_up_ = false;
};

}  // namespace sandbox::bpf
