// From a graph of decisions to a program.
//
// A filter is built from its end: each node names the nodes that follow it, so the graph has no loops, equal nodes are
// one node, and shared tails cost nothing. Assembling lays the nodes out back to front and bridges what a conditional
// jump cannot reach.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bpf/program.h"

namespace sandbox::bpf {

/// The comparisons of A with a constant that classic BPF has.
enum class Compare : uint16_t { kEqual = BPF_JEQ, kGreaterOrEqual = BPF_JGE, kGreater = BPF_JGT, kAnyBit = BPF_JSET };

/// A program with, for each instruction, what its node was tagged with.
struct Assembly {
  Program program;
  std::vector<uint32_t> tags;   ///< Parallel to `program`.
  std::vector<uint32_t> marks;  ///< Parallel to `program`.
};

class Assembler {
 public:
  /// A node's handle; valid as long as its assembler.
  using Node = uint32_t;

  /// Nodes made from now on carry `tag` (the policy's group that they serve, say). A node that exists keeps its own.
  void set_tag(uint32_t tag) { tag_ = tag; }

  /// Returns `value` from the filter.
  Node ret(uint32_t value);

  /// One instruction that neither jumps nor returns, then `next`. Nodes with different marks are never merged: a mark
  /// names instructions that are to be found again in the program.
  Node step(uint16_t code, uint32_t k, Node next, uint32_t mark = 0);

  /// Loads the word at `offset` of struct seccomp_data into A, then `next`.
  Node load(uint32_t offset, Node next) { return step(BPF_LD | BPF_W | BPF_ABS, offset, next); }

  /// Compares A with `k`. A branch whose two ways are one node is that node.
  Node branch(Compare compare, uint32_t k, Node yes, Node no);

  /// A conditional jump that is taken over from a program: `code` may compare with X.
  Node conditional(uint16_t code, uint32_t k, Node yes, Node no);

  /// How many nodes there are, reachable or not.
  [[nodiscard]] size_t size() const { return items_.size(); }

  /// What each node is tagged with.
  [[nodiscard]] const std::vector<uint32_t>& tags() const { return tags_; }

  /// Lays out what is reachable from `root`. The program may be longer than the kernel takes: `validate` says so.
  [[nodiscard]] Assembly assemble(Node root) const;

 private:
  struct Item {
    uint16_t code = 0;
    uint32_t k = 0;
    Node yes = 0;  ///< The next node, of a step.
    Node no = 0;
    uint32_t mark = 0;
    bool operator==(const Item&) const = default;
  };
  static size_t hash(const Item& item);

  Node intern(const Item& item);
  void grow_index();
  [[nodiscard]] std::vector<bool> reachable_from(Node root) const;

  std::vector<Item> items_;  ///< Every node stands behind the nodes that it names.
  std::vector<uint32_t> tags_;
  std::vector<Node> index_;  ///< Where each item is: a hash table with open addressing, its size a power of two.
  uint32_t tag_ = 0;
};

}  // namespace sandbox::bpf
