#include "bpf/assembler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "bpf/disasm.h"
#include "bpf/interpret.h"
#include "bpf/validate.h"
#include "support/random.h"

namespace sandbox::bpf {
namespace {

using Node = Assembler::Node;

TEST(Assembler, MakesEqualNodesOne) {
  Assembler assembler;
  const Node one = assembler.ret(1);
  const Node two = assembler.ret(2);
  EXPECT_NE(one, two);
  EXPECT_EQ(assembler.ret(1), one);
  EXPECT_EQ(assembler.load(0, one), assembler.load(0, one));
  EXPECT_NE(assembler.load(0, one), assembler.load(4, one));
  EXPECT_NE(assembler.load(0, one), assembler.load(0, two));
  EXPECT_EQ(assembler.branch(Compare::kEqual, 3, one, two), assembler.branch(Compare::kEqual, 3, one, two));
  EXPECT_NE(assembler.branch(Compare::kEqual, 3, one, two), assembler.branch(Compare::kEqual, 3, two, one));
  EXPECT_NE(assembler.branch(Compare::kEqual, 3, one, two), assembler.branch(Compare::kGreater, 3, one, two));
}

TEST(Assembler, MergesNoNodesWithDifferentMarks) {
  Assembler assembler;
  const Node end = assembler.ret(0);
  EXPECT_NE(assembler.step(BPF_ALU | BPF_XOR | BPF_K, 0, end, 1), assembler.step(BPF_ALU | BPF_XOR | BPF_K, 0, end, 2));
  EXPECT_EQ(assembler.step(BPF_ALU | BPF_XOR | BPF_K, 0, end, 1), assembler.step(BPF_ALU | BPF_XOR | BPF_K, 0, end, 1));
}

TEST(Assembler, TakesABranchWithEqualWaysAsThatWay) {
  Assembler assembler;
  const Node end = assembler.ret(1);
  EXPECT_EQ(assembler.branch(Compare::kAnyBit, 3, end, end), end);
}

TEST(Assembler, WritesASharedTailOnce) {
  Assembler assembler;
  const Node one = assembler.ret(SECCOMP_RET_ERRNO | 1);
  const Node two = assembler.ret(SECCOMP_RET_ERRNO | 2);
  const Node tail = assembler.load(16, assembler.branch(Compare::kEqual, 9, one, two));
  const Node other = assembler.ret(SECCOMP_RET_ERRNO | 3);
  const Node root =
      assembler.load(0, assembler.branch(Compare::kEqual, 5, tail, assembler.branch(Compare::kEqual, 6, tail, other)));
  EXPECT_EQ(disassemble(assembler.assemble(root).program),
            "   0  ld   number\n"
            "   1  jeq  0x5         then 4 else 2\n"
            "   2  jeq  0x6         then 4 else 3\n"
            "   3  ret  errno 3\n"
            "   4  ld   args[0]+0\n"
            "   5  jeq  0x9         then 7 else 6\n"
            "   6  ret  errno 2\n"
            "   7  ret  errno 1\n");
}

TEST(Assembler, LeavesOutWhatIsNotReached) {
  Assembler assembler;
  const Node kept = assembler.ret(1);
  assembler.load(0, assembler.ret(2));
  EXPECT_EQ(assembler.assemble(assembler.load(4, kept)).program.size(), 2U);
}

TEST(Assembler, AssemblesAnyNodeAsTheRoot) {
  Assembler assembler;
  const Node inner = assembler.load(0, assembler.ret(1));
  const Node outer = assembler.load(4, inner);
  EXPECT_EQ(assembler.assemble(inner).program.size(), 2U);
  EXPECT_EQ(assembler.assemble(outer).program.size(), 3U) << "a second time, and the first took nothing away";
}

TEST(Assembler, JumpsFromAStepToATailThatStandsElsewhere) {
  Assembler assembler;
  const Node tail = assembler.ret(SECCOMP_RET_ERRNO | 7);
  const Node first = assembler.step(BPF_ALU | BPF_ADD | BPF_K, 1, tail);
  const Node second = assembler.step(BPF_ALU | BPF_ADD | BPF_K, 2, tail);
  const Node root = assembler.load(0, assembler.branch(Compare::kEqual, 5, first, second));
  EXPECT_EQ(disassemble(assembler.assemble(root).program),
            "   0  ld   number\n"
            "   1  jeq  0x5         then 4 else 2\n"
            "   2  add  0x2\n"
            "   3  ja   5\n"
            "   4  add  0x1\n"
            "   5  ret  errno 7\n");
}

TEST(Assembler, CarriesTagsAndMarksToTheirInstructions) {
  Assembler assembler;
  assembler.set_tag(8);
  const Node end = assembler.ret(1);
  assembler.set_tag(9);
  const Node marked = assembler.step(BPF_ALU | BPF_XOR | BPF_K, 0, end, 5);
  assembler.ret(1);  // Exists: keeps its tag.
  assembler.set_tag(0);
  const Assembly assembly = assembler.assemble(assembler.load(0, marked));
  EXPECT_EQ(assembly.tags, (std::vector<uint32_t>{0, 9, 8}));
  EXPECT_EQ(assembly.marks, (std::vector<uint32_t>{0, 5, 0}));
}

// -- Random graphs, walked directly and run as programs ---------------------------------------------------------------

struct GraphNode {
  enum class Kind : uint8_t { kReturn, kStep, kBranch };
  Kind kind = Kind::kReturn;
  uint16_t code = 0;
  uint32_t k = 0;
  size_t yes = 0;
  size_t no = 0;
  Node node = 0;  ///< The assembler's handle.
};

uint32_t word_at(const SystemCall& call, uint32_t offset) {
  if (offset == kNumberOffset) return call.number;
  if (offset == kArchOffset) return call.arch;
  const uint64_t argument = call.args[(offset - kArgsOffset) / 8];
  return static_cast<uint32_t>(offset % 8 == 0 ? argument : argument >> 32U);
}

/// What the graph means, without any program.
uint32_t walk(const std::vector<GraphNode>& graph, const SystemCall& call) {
  uint32_t a = 0;
  uint32_t x = 0;
  for (size_t at = graph.size() - 1;;) {
    const GraphNode& node = graph[at];
    if (node.kind == GraphNode::Kind::kReturn) return node.k;
    bool yes = true;
    switch (node.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        a = word_at(call, node.k);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        a &= node.k;
        break;
      case BPF_ALU | BPF_XOR | BPF_K:
        a ^= node.k;
        break;
      case BPF_ALU | BPF_OR | BPF_X:
        a |= x;
        break;
      case BPF_MISC | BPF_TAX:
        x = a;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        yes = a == node.k;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        yes = a >= node.k;
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        yes = a > node.k;
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
        yes = (a & node.k) != 0;
        break;
      default:
        ADD_FAILURE() << node.code;
        return 0;
    }
    at = yes ? node.yes : node.no;
  }
}

constexpr uint16_t kSteps[] = {BPF_LD | BPF_W | BPF_ABS,  BPF_LD | BPF_W | BPF_ABS, BPF_ALU | BPF_AND | BPF_K,
                               BPF_ALU | BPF_XOR | BPF_K, BPF_ALU | BPF_OR | BPF_X, BPF_MISC | BPF_TAX};
constexpr uint32_t kOffsets[] = {0, 4, 16, 20, 32, 60};
constexpr Compare kCompares[] = {Compare::kEqual, Compare::kGreaterOrEqual, Compare::kGreater, Compare::kAnyBit};

/// Mostly a near neighbour, so that much of the graph is reached; at times any node, so that jumps are far.
size_t successor(testing::Random& random, size_t before) {
  return random.one_in(3) ? random.below(before) : before - 1 - random.below(std::min<size_t>(before, 4));
}

std::vector<GraphNode> random_graph(testing::Random& random, Assembler& assembler, size_t size) {
  std::vector<GraphNode> graph;
  for (size_t i = 0; i < size; ++i) {
    GraphNode node;
    node.k = static_cast<uint32_t>(random.below(8));
    if (i < 3 || random.one_in(20)) {
      node.node = assembler.ret(node.k);
    } else if (random.one_in(3)) {
      node.kind = GraphNode::Kind::kStep;
      node.code = random.any_of(kSteps);
      if (node.code == (BPF_LD | BPF_W | BPF_ABS)) node.k = random.any_of(kOffsets);
      node.yes = successor(random, i);
      node.node = assembler.step(node.code, node.k, graph[node.yes].node);
    } else {
      node.kind = GraphNode::Kind::kBranch;
      const Compare compare = random.any_of(kCompares);
      node.code = static_cast<uint16_t>(BPF_JMP | static_cast<uint16_t>(compare));
      node.yes = successor(random, i);
      node.no = successor(random, i);
      node.node = assembler.branch(compare, node.k, graph[node.yes].node, graph[node.no].node);
    }
    graph.push_back(node);
  }
  return graph;
}

SystemCall random_call(testing::Random& random) {
  SystemCall call;
  call.number = static_cast<uint32_t>(random.below(8));
  call.arch = static_cast<uint32_t>(random.below(8));
  for (uint64_t& argument : call.args) argument = random.below(8) | uint64_t{random.below(8)} << 32U;
  return call;
}

TEST(Assembler, MeansWhatTheGraphMeans) {
  testing::Random random(testing::test_seed());
  size_t bridged = 0;
  for (int round = 0; round < 300; ++round) {
    Assembler assembler;
    const size_t size = 3 + random.below(round % 3 == 0 ? 3000 : 60);
    const std::vector<GraphNode> graph = random_graph(random, assembler, size);
    const auto program = validate(assembler.assemble(graph.back().node).program);
    ASSERT_TRUE(program.ok()) << program.error().index << ": " << program.error().message;
    bridged += std::any_of(program->instructions().begin(), program->instructions().end(),
                           [](const Instruction& i) { return i.code == (BPF_JMP | BPF_JA) && i.k > kMaxJump; });
    for (int i = 0; i < 200; ++i) {
      const SystemCall call = random_call(random);
      ASSERT_EQ(interpret(*program, call, Endian::kLittle).value, walk(graph, call))
          << disassemble(program->instructions());
    }
  }
  EXPECT_GT(bridged, 20U) << "most large graphs need far jumps";
}

}  // namespace
}  // namespace sandbox::bpf
