#include "compile/compile.h"

#include <algorithm>
#include <map>
#include <utility>

#include "arch/syscalls.h"
#include "bpf/assembler.h"
#include "compile/conditions.h"
#include "compile/number_tree.h"
#include "compile/ranges.h"

namespace sandbox::compile {
namespace {

using bpf::Assembler;
using bpf::Compare;
using policy::Action;
using resolve::RuleSet;
using resolve::Verdict;
using Node = Assembler::Node;

constexpr Verdict kAllow = {Action::kAllow, 0};
constexpr Verdict kKillProcess = {Action::kKillProcess, 0};

/// What the launcher itself still calls once the filter is in place.
std::vector<uint32_t> launcher_calls(arch::Abi abi) {
  std::vector<uint32_t> numbers;
  for (const char* name : {"execve", "write", "exit_group"}) numbers.push_back(*arch::number_of(abi, name));
  return numbers;
}

class Compiler {
 public:
  explicit Compiler(const CompileOptions& options) : options_(options) {}

  Result<Filter, CompileError> compile(std::span<const RuleSet> rules);

 private:
  Node filter(std::span<const RuleSet> rules);
  Node numbers(const RuleSet& rules);
  Node decision(const Decision& decision, const arch::AbiInfo& abi);
  Node verdict(Verdict verdict, bool token, const arch::AbiInfo& abi);
  Node token_check(const arch::AbiInfo& abi, Node allowed, Node refused);

  CompileOptions options_;
  Assembler assembler_;
  size_t ranges_ = 0;
};

/// Which ABI, then which number, then which arguments.
Node Compiler::filter(std::span<const RuleSet> rules) {
  Node next = assembler_.ret(seccomp_return(kKillProcess));
  bool launcher_covered = !options_.launcher;
  for (auto set = rules.rbegin(); set != rules.rend(); ++set) {
    next = assembler_.branch(Compare::kEqual, arch::info(set->abi).audit_arch, numbers(*set), next);
    launcher_covered = launcher_covered || set->abi == *options_.launcher;
  }
  if (!launcher_covered) {  // The launcher's own calls come through an ABI that the policy does not let the target use.
    const RuleSet launcher_only = {*options_.launcher, kKillProcess, {}};
    next = assembler_.branch(Compare::kEqual, arch::info(*options_.launcher).audit_arch, numbers(launcher_only), next);
  }
  return assembler_.load(bpf::kArchOffset, next);
}

Node Compiler::numbers(const RuleSet& rules) {
  const bool launcher = options_.launcher == rules.abi;
  const std::vector<Range> ranges = partition(rules, launcher ? launcher_calls(rules.abi) : std::vector<uint32_t>());
  ranges_ += ranges.size();
  std::vector<Target> targets;
  targets.reserve(ranges.size());
  for (const Range& range : ranges) targets.push_back({range.first, decision(range.decision, arch::info(rules.abi))});
  assembler_.set_tag(0);
  return assembler_.load(bpf::kNumberOffset, compile_number_tree(assembler_, targets));
}

/// The chain of clauses, built from its end: a condition that fails continues at the next clause.
Node Compiler::decision(const Decision& decision, const arch::AbiInfo& abi) {
  Node next = verdict(decision.otherwise, decision.token, abi);
  for (auto clause = decision.clauses.rbegin(); clause != decision.clauses.rend(); ++clause) {
    assembler_.set_tag((*clause)->origin.group + 1);
    Node matched = verdict((*clause)->verdict, decision.token, abi);
    const auto& conditions = (*clause)->conditions;
    for (auto condition = conditions.rbegin(); condition != conditions.rend(); ++condition) {
      matched = compile_condition(assembler_, *condition, abi.endian, matched, next);
    }
    next = matched;
  }
  assembler_.set_tag(0);
  return next;
}

Node Compiler::verdict(Verdict verdict, bool token, const arch::AbiInfo& abi) {
  const Node node = assembler_.ret(seccomp_return(verdict));
  if (!token || verdict == kAllow) return node;
  return token_check(abi, assembler_.ret(seccomp_return(kAllow)), node);
}

/// All words are compared before anything is decided, so that the time taken says nothing about which of them is right:
/// X collects the differences.
Node Compiler::token_check(const arch::AbiInfo& abi, Node allowed, Node refused) {
  struct Word {
    size_t index;
    uint32_t offset;
  };
  std::vector<Word> words;
  for (unsigned i = 0; i < kTokenWords / 2; ++i) {
    words.push_back({size_t{2} * i, bpf::low_half_offset(kTokenArgument + i, abi.endian)});
    if (abi.register_bits == 64) words.push_back({2 * i + 1, bpf::high_half_offset(kTokenArgument + i, abi.endian)});
  }

  Node node = assembler_.branch(Compare::kEqual, 0, allowed, refused);
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    const bool last = word == words.rbegin();
    const bool first = std::next(word) == words.rend();
    if (!last) node = assembler_.step(BPF_MISC | BPF_TAX, 0, node);
    if (!first) node = assembler_.step(BPF_ALU | BPF_OR | BPF_X, 0, node);
    const auto mark = static_cast<uint32_t>(word->index + 1);
    node = assembler_.step(BPF_ALU | BPF_XOR | BPF_K, 0, node, mark);
    node = assembler_.load(word->offset, node);
  }
  return node;
}

CompileError too_long(const bpf::Assembly& assembly) {
  std::map<uint32_t, size_t> costs;
  for (const uint32_t tag : assembly.tags) {
    if (tag != 0) ++costs[tag - 1];
  }
  CompileError error;
  error.instructions = assembly.program.size();
  for (const auto& [group, instructions] : costs) {
    if (instructions <= error.costliest_instructions) continue;
    error.costliest_group = group;
    error.costliest_instructions = instructions;
  }
  return error;
}

Result<Filter, CompileError> Compiler::compile(std::span<const RuleSet> rules) {
  bpf::Assembly assembly = assembler_.assemble(filter(rules));
  if (assembly.program.size() > bpf::kMaxInstructions) return too_long(assembly);

  std::vector<TokenSite> sites;
  for (size_t i = 0; i < assembly.marks.size(); ++i) {
    if (assembly.marks[i] != 0) sites.push_back({i, assembly.marks[i] - 1});
  }
  auto program = bpf::validate(std::move(assembly.program));
  // Everything else that `validate` checks holds by construction; were it not so, nothing may run.
  if (!program) return CompileError{};
  return Filter{std::move(*program), std::move(sites), ranges_};
}

}  // namespace

Result<Filter, CompileError> compile(std::span<const RuleSet> rules, const CompileOptions& options) {
  return Compiler(options).compile(rules);
}

bpf::Program with_token(const Filter& filter, const Token& token) {
  bpf::Program program = filter.program.instructions();
  for (const TokenSite& site : filter.token_sites) program[site.index].k = token[site.word];
  return program;
}

}  // namespace sandbox::compile
