#include "compile/number_tree.h"

#include <cstddef>
#include <utility>
#include <vector>

namespace sandbox::compile {
namespace {

using bpf::Assembler;
using bpf::Compare;
using Node = Assembler::Node;

/// A stretch of the number line with one way on, but for a few lone numbers in it.
struct Unit {
  uint32_t first = 0;
  Node node = 0;
  std::vector<Target> holes;
};

/// More holes than this make the stretch's path longer than splitting it does.
constexpr size_t kMaxHoles = 2;

/// Joins "A, one number, A" to a unit: the lone number costs one comparison for equality, not two for order.
std::vector<Unit> gather(std::span<const Target> targets) {
  std::vector<Unit> units;
  for (size_t i = 0; i < targets.size(); ++i) {
    const bool alone = i > 0 && i + 1 < targets.size() && targets[i + 1].first == targets[i].first + 1;
    const bool enclosed = alone && units.back().node == targets[i + 1].node;
    if (enclosed && units.back().holes.size() < kMaxHoles) {
      units.back().holes.push_back(targets[i]);
      ++i;  // What follows the hole continues the unit.
    } else {
      units.push_back({targets[i].first, targets[i].node, {}});
    }
  }
  return units;
}

Node search(Assembler& assembler, std::span<const Unit> units) {
  if (units.size() > 1) {
    const size_t middle = units.size() / 2;
    const Node below = search(assembler, units.first(middle));
    const Node above = search(assembler, units.subspan(middle));
    return assembler.branch(Compare::kGreaterOrEqual, units[middle].first, above, below);
  }
  Node node = units.front().node;
  for (const Target& hole : units.front().holes) {
    node = assembler.branch(Compare::kEqual, hole.first, hole.node, node);
  }
  return node;
}

}  // namespace

Node compile_number_tree(Assembler& assembler, std::span<const Target> targets) {
  const std::vector<Unit> units = gather(targets);
  return search(assembler, units);
}

}  // namespace sandbox::compile
