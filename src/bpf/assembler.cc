#include "bpf/assembler.h"

#include <algorithm>
#include <cassert>

#include "bpf/instruction.h"

namespace sandbox::bpf {
namespace {

/// An empty slot of the index.
constexpr Assembler::Node kNoNode = UINT32_MAX;

/// Writes a program from its end to its beginning. A place is the number of instructions from there to the end, so
/// what is written stays where it is.
class BackwardWriter {
 public:
  explicit BackwardWriter(size_t nodes) : places_(nodes, 0), bridges_(nodes, 0) {}

  void write(Instruction instruction, uint32_t tag, uint32_t mark) {
    backward_.program.push_back(instruction);
    backward_.tags.push_back(tag);
    backward_.marks.push_back(mark);
  }

  void place(Assembler::Node node) { places_[node] = size(); }

  /// How many instructions one written now would pass over to reach `node`.
  [[nodiscard]] size_t distance(Assembler::Node node) const { return size() - places_[node]; }

  /// An unconditional jump to `node`, which may be any distance away.
  void write_jump(Assembler::Node node, uint32_t tag) {
    const auto k = static_cast<uint32_t>(distance(node));
    write({BPF_JMP | BPF_JA, 0, 0, k}, tag, 0);
  }

  /// How far a conditional jump written now passes to reach `node`, directly or over an earlier bridge.
  [[nodiscard]] size_t nearest(Assembler::Node node) const {
    const size_t direct = distance(node);
    if (direct <= kMaxJump || bridges_[node] == 0) return direct;
    return size() - bridges_[node];
  }

  void write_bridge(Assembler::Node node, uint32_t tag) {
    write_jump(node, tag);
    bridges_[node] = size();
  }

  [[nodiscard]] size_t size() const { return backward_.program.size(); }

  Assembly finish() {
    std::reverse(backward_.program.begin(), backward_.program.end());
    std::reverse(backward_.tags.begin(), backward_.tags.end());
    std::reverse(backward_.marks.begin(), backward_.marks.end());
    return std::move(backward_);
  }

 private:
  Assembly backward_;
  std::vector<size_t> places_;   ///< By node: its place, 0 before it is written.
  std::vector<size_t> bridges_;  ///< By node: the place of the last jump to it that was written as a bridge.
};

}  // namespace

size_t Assembler::hash(const Item& item) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const uint64_t part :
       {uint64_t{item.code}, uint64_t{item.k}, uint64_t{item.yes}, uint64_t{item.no}, uint64_t{item.mark}}) {
    hash = (hash ^ part) * 0x100000001b3;
    hash ^= hash >> 29U;
  }
  return static_cast<size_t>(hash);
}

/// Twice as large, or the first time large enough for most policies.
void Assembler::grow_index() {
  index_.assign(std::max<size_t>(256, 2 * index_.size()), kNoNode);
  for (Node node = 0; node < items_.size(); ++node) {
    size_t slot = hash(items_[node]) & (index_.size() - 1);
    while (index_[slot] != kNoNode) slot = (slot + 1) & (index_.size() - 1);
    index_[slot] = node;
  }
}

Assembler::Node Assembler::intern(const Item& item) {
  if (2 * items_.size() >= index_.size()) grow_index();
  size_t slot = hash(item) & (index_.size() - 1);
  while (index_[slot] != kNoNode) {
    if (items_[index_[slot]] == item) return index_[slot];
    slot = (slot + 1) & (index_.size() - 1);
  }
  index_[slot] = static_cast<Node>(items_.size());
  items_.push_back(item);
  tags_.push_back(tag_);
  return index_[slot];
}

Assembler::Node Assembler::ret(uint32_t value) {
  return intern({BPF_RET | BPF_K, value, 0, 0, 0});
}

Assembler::Node Assembler::step(uint16_t code, uint32_t k, Node next, uint32_t mark) {
  assert(!is_branch(code) && !is_return(code) && next < items_.size());
  return intern({code, k, next, next, mark});
}

Assembler::Node Assembler::branch(Compare compare, uint32_t k, Node yes, Node no) {
  return conditional(static_cast<uint16_t>(BPF_JMP | static_cast<uint16_t>(compare) | BPF_K), k, yes, no);
}

Assembler::Node Assembler::conditional(uint16_t code, uint32_t k, Node yes, Node no) {
  assert(is_branch(code) && yes < items_.size() && no < items_.size());
  if (yes == no) return yes;
  return intern({code, k, yes, no, 0});
}

std::vector<bool> Assembler::reachable_from(Node root) const {
  std::vector<bool> reachable(items_.size(), false);
  reachable[root] = true;
  for (Node node = root + 1; node-- > 0;) {  // Nodes name only nodes before them.
    if (!reachable[node] || is_return(items_[node].code)) continue;
    reachable[items_[node].yes] = true;
    reachable[items_[node].no] = true;
  }
  return reachable;
}

Assembly Assembler::assemble(Node root) const {
  const std::vector<bool> reachable = reachable_from(root);
  BackwardWriter writer(items_.size());
  for (Node node = 0; node <= root; ++node) {
    if (!reachable[node]) continue;
    const Item& item = items_[node];
    const uint32_t tag = tags_[node];
    if (is_return(item.code)) {
      writer.write({item.code, 0, 0, item.k}, tag, item.mark);
    } else if (!is_branch(item.code)) {
      if (writer.distance(item.yes) != 0) writer.write_jump(item.yes, tag);
      writer.write({item.code, 0, 0, item.k}, tag, item.mark);
    } else {
      // A bridge for one way pushes the other way one instruction further off.
      bool far_yes = writer.nearest(item.yes) > kMaxJump;
      bool far_no = writer.nearest(item.no) > kMaxJump;
      if (far_yes && !far_no) far_no = writer.nearest(item.no) + 1 > kMaxJump;
      if (far_no && !far_yes) far_yes = writer.nearest(item.yes) + 1 > kMaxJump;
      if (far_no) writer.write_bridge(item.no, tag);
      if (far_yes) writer.write_bridge(item.yes, tag);
      const auto yes = static_cast<uint8_t>(writer.nearest(item.yes));
      const auto no = static_cast<uint8_t>(writer.nearest(item.no));
      writer.write({item.code, yes, no, item.k}, tag, item.mark);
    }
    writer.place(node);
  }
  return writer.finish();
}

}  // namespace sandbox::bpf
