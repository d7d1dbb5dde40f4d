#include "bpf/decision_diagram.h"

#include <algorithm>
#include <utility>

namespace sandbox::bpf {
namespace {

constexpr size_t kFirstSize = size_t{1} << 10U;  // 20 kB, which most policies that are compared have enough of.
constexpr size_t kMaxKnown = size_t{1} << 20U;

size_t hash(uint32_t a, uint32_t b, uint32_t c) {
  uint64_t mixed = a * 0x9e3779b97f4a7c15U + b;
  mixed = (mixed ^ mixed >> 29U) * 0xbf58476d1ce4e5b9U + c;
  mixed = (mixed ^ mixed >> 32U) * 0x94d049bb133111ebU;
  return static_cast<size_t>(mixed ^ mixed >> 31U);
}

}  // namespace

Diagrams::Diagrams(uint64_t work) : index_(kFirstSize, 0), known_(kFirstSize), work_left_(work) {
  nodes_.push_back({kNoVariable, 0, 0});
  leaf(1);
}

void Diagrams::begin(uint64_t work) {
  work_left_ += operation_left_;
  operation_left_ = std::min(work, work_left_);
  work_left_ -= operation_left_;
  gave_up_ = false;
}

Diagrams::Ref Diagrams::leaf(uint64_t value) {
  if (value == 0) return kFalse;
  return intern({kNoVariable, static_cast<uint32_t>(value), static_cast<uint32_t>(value >> 32U)});
}

Diagrams::Ref Diagrams::node(uint32_t variable, Ref low, Ref high) {
  return low == high ? low : intern({variable, low, high});
}

Diagrams::Ref Diagrams::intern(const Node& node) {
  const size_t mask = index_.size() - 1;
  size_t place = hash(node.variable, node.low, node.high) & mask;
  for (; index_[place] != 0; place = (place + 1) & mask) {
    const Node& other = nodes_[index_[place]];
    if (other.variable == node.variable && other.low == node.low && other.high == node.high) return index_[place];
  }
  const auto made = static_cast<Ref>(nodes_.size());
  index_[place] = made;
  nodes_.push_back(node);
  if (nodes_.size() * 2 > index_.size()) grow();
  return made;
}

void Diagrams::grow() {
  index_.assign(index_.size() * 2, 0);
  const size_t mask = index_.size() - 1;
  for (Ref i = 1; i < nodes_.size(); ++i) {
    size_t place = hash(nodes_[i].variable, nodes_[i].low, nodes_[i].high) & mask;
    while (index_[place] != 0) place = (place + 1) & mask;
    index_[place] = i;
  }
  if (known_.size() < kMaxKnown) known_.assign(known_.size() * 2, {});
}

Diagrams::Ref Diagrams::choose(Ref condition, Ref yes, Ref no) {
  if (condition == kTrue || yes == no) return yes;
  if (condition == kFalse) return no;
  if (yes == kTrue && no == kFalse) return condition;
  if (operation_left_ == 0) gave_up_ = true;
  if (gave_up_) return kFalse;
  --operation_left_;

  const size_t slot = hash(condition, yes, no);
  const Known& known = known_[slot & (known_.size() - 1)];
  if (known.condition == condition && known.yes == yes && known.no == no) return known.result;
  const uint32_t first = std::min({nodes_[condition].variable, nodes_[yes].variable, nodes_[no].variable});
  const Ref low = choose(when(condition, first, false), when(yes, first, false), when(no, first, false));
  const Ref high = choose(when(condition, first, true), when(yes, first, true), when(no, first, true));
  if (gave_up_) return kFalse;  // Nothing that is worthless is remembered.
  const Ref result = node(first, low, high);
  known_[slot & (known_.size() - 1)] = {condition, yes, no, result};
  return result;
}

}  // namespace sandbox::bpf
