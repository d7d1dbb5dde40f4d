#include "compile/compile.h"

#include <algorithm>
#include <map>
#include <utility>

#include "bpf/assembler.h"
#include "bpf/instruction.h"
#include "compile/conditions.h"
#include "compile/number_tree.h"
#include "compile/ranges.h"

namespace sandbox::compile {
namespace {

using bpf::Assembler;
using bpf::Compare;
using policy::Action;
using resolve::PolicyRules;
using resolve::RuleSet;
using resolve::Verdict;
using Node = Assembler::Node;

constexpr Verdict kAllow = {Action::kAllow, 0};
constexpr Verdict kKillProcess = {Action::kKillProcess, 0};

/// The numbers below it are those that programs use, and that the kernel asks a filter about when it is installed.
constexpr uint32_t kCountedNumbers = 451;

/// A program of 4096 instructions is made of some thousands of nodes, of which some are not used in the end. Several
/// policies with many verdicts for one call come to as many as their product; from here on nothing more is tried.
constexpr size_t kMaxNodes = 300'000;

/// The values of seccomp_data.arch of which every policy covers an ABI, in the order of the first policy.
std::vector<uint32_t> covered_archs(std::span<const PolicyRules> policies) {
  std::vector<uint32_t> archs;
  for (const RuleSet& set : policies.front()) {
    const uint32_t audit_arch = arch::info(set.abi).audit_arch;
    const auto covers = [&](const PolicyRules& rules) {
      return std::any_of(rules.begin(), rules.end(),
                         [&](const RuleSet& r) { return arch::info(r.abi).audit_arch == audit_arch; });
    };
    const bool known = std::find(archs.begin(), archs.end(), audit_arch) != archs.end();
    if (!known && std::all_of(policies.begin(), policies.end(), covers)) archs.push_back(audit_arch);
  }
  return archs;
}

class Compiler {
 public:
  Compiler(std::span<const PolicyRules> policies, const CompileOptions& options)
      : policies_(policies), options_(options) {}

  Result<Filter, CompileError> compile();

 private:
  Node filter();
  Node numbers(uint32_t audit_arch);
  Node decision(const Decision& decision, const arch::AbiInfo& abi);
  CodeEntry chains(const Decision& decision, size_t index, Verdict strictest, const arch::AbiInfo& abi);
  Node verdict(Verdict verdict, bool token, const arch::AbiInfo& abi);
  uint32_t tag_of(const std::optional<resolve::Origin>& origin);
  [[nodiscard]] bool exhausted() const { return assembler_.size() > kMaxNodes || clauses_ > kMaxCombinations; }
  [[nodiscard]] CompileError too_long(std::span<const uint32_t> tags) const;

  std::span<const PolicyRules> policies_;
  CompileOptions options_;
  Assembler assembler_;
  std::map<std::pair<size_t, Verdict>, CodeEntry> entries_;  ///< Within one decision.
  std::vector<resolve::Origin> origins_;                     ///< By tag, from 1: a clause of each group.
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> tags_;   ///< By policy and group.
  size_t ranges_ = 0;
  size_t clauses_ = 0;  ///< That were looked at.
};

/// Which ABI, then which number, then which arguments.
Node Compiler::filter() {
  std::vector<uint32_t> archs = covered_archs(policies_);
  if (options_.launcher) {  // Its own calls may come through an ABI that the policies do not let the target use.
    const uint32_t own = arch::info(*options_.launcher).audit_arch;
    if (std::find(archs.begin(), archs.end(), own) == archs.end()) archs.push_back(own);
  }
  Node next = assembler_.ret(seccomp_return(kKillProcess));
  for (auto audit_arch = archs.rbegin(); audit_arch != archs.rend(); ++audit_arch) {
    next = assembler_.branch(Compare::kEqual, *audit_arch, numbers(*audit_arch), next);
  }
  return assembler_.load(bpf::kArchOffset, next);
}

/// The ABI of an arch whose byte order and registers its arguments have.
const arch::AbiInfo& base_abi(uint32_t audit_arch) {
  const auto abis = arch::all_abis();
  return *std::find_if(abis.begin(), abis.end(), [&](const arch::AbiInfo& a) { return a.audit_arch == audit_arch; });
}

Node Compiler::numbers(uint32_t audit_arch) {
  const arch::AbiInfo& abi = base_abi(audit_arch);
  std::vector<ArchRules> rules;
  for (const PolicyRules& policy : policies_) {
    const bool has_x32 = abi.abi == arch::Abi::kX86_64;
    rules.push_back({find_rules(policy, abi.abi), has_x32 ? find_rules(policy, arch::Abi::kX32) : nullptr});
  }
  const bool launcher = options_.launcher && arch::info(*options_.launcher).audit_arch == audit_arch;
  const std::vector<Range> ranges =
      partition(audit_arch, rules, launcher ? launcher_calls(*options_.launcher) : std::vector<uint32_t>());
  ranges_ += ranges.size();
  std::vector<Target> targets;
  targets.reserve(ranges.size());
  for (const Range& range : ranges) targets.push_back({range.first, decision(range.decision, abi)});
  return assembler_.load(bpf::kNumberOffset,
                         compile_number_tree(assembler_, targets, kCountedNumbers, options_.effort));
}

Node Compiler::decision(const Decision& decision, const arch::AbiInfo& abi) {
  entries_.clear();
  const Node node = chains(decision, 0, kAllow, abi).node;
  assembler_.set_tag(0);
  return node;
}

/// The chains from `index` on, when those before have come to `strictest`: one clause's verdict continues at the next
/// policy's chain.
CodeEntry Compiler::chains(const Decision& decision, size_t index, Verdict strictest, const arch::AbiInfo& abi) {
  const bool decided = index == decision.chains.size() || strictest == kKillProcess;
  if (decided || exhausted()) return {verdict(strictest, decision.token, abi)};
  if (const auto known = entries_.find({index, strictest}); known != entries_.end()) return known->second;

  const Chain& chain = decision.chains[index];
  clauses_ += chain.clauses.size();
  std::vector<Choice> choices;
  choices.reserve(chain.clauses.size());
  for (const resolve::Clause* clause : chain.clauses) {
    const CodeEntry matched = chains(decision, index + 1, more_restrictive(strictest, clause->verdict), abi);
    choices.push_back({clause->conditions, matched, tag_of(clause->origin)});
  }
  const CodeEntry otherwise = chains(decision, index + 1, more_restrictive(strictest, chain.otherwise), abi);
  const CodeEntry entry = compile_choices(assembler_, choices, otherwise, abi.endian, options_.effort);
  if (decision.chains.size() > 1) entries_[{index, strictest}] = entry;  // A single chain is not come to again.
  return entry;
}

uint32_t Compiler::tag_of(const std::optional<resolve::Origin>& origin) {
  if (!origin) return 0;
  const auto [known, added] =
      tags_.try_emplace({origin->policy, origin->group}, static_cast<uint32_t>(origins_.size() + 1));
  if (added) origins_.push_back(*origin);
  return known->second;
}

Node Compiler::verdict(Verdict verdict, bool token, const arch::AbiInfo& abi) {
  const Node node = assembler_.ret(seccomp_return(verdict));
  if (!token || verdict == kAllow) return node;
  return compile_token_check(assembler_, abi, assembler_.ret(SECCOMP_RET_USER_NOTIF), node);
}

/// The tags of the instructions, or of the nodes where it was given up.
CompileError Compiler::too_long(std::span<const uint32_t> tags) const {
  std::map<uint32_t, size_t> costs;
  for (const uint32_t tag : tags) {
    if (tag != 0) ++costs[tag];
  }
  CompileError error;
  error.instructions = tags.size();
  for (const auto& [tag, instructions] : costs) {
    if (instructions <= error.costliest_instructions) continue;
    error.costliest = origins_[tag - 1];
    error.costliest_instructions = instructions;
  }
  return error;
}

Result<Filter, CompileError> Compiler::compile() {
  const Node root = filter();
  if (exhausted()) {
    CompileError error = too_long(assembler_.tags());
    error.gave_up = clauses_ > kMaxCombinations;
    return error;
  }
  bpf::Assembly assembly = assembler_.assemble(root);
  if (assembly.program.size() > bpf::kMaxInstructions) return too_long(assembly.tags);

  std::vector<TokenSite> sites = token_sites(assembly);
  auto program = bpf::validate(std::move(assembly.program));
  // Everything else that `validate` checks holds by construction; were it not so, nothing may run.
  if (!program) return CompileError{};
  return Filter{std::move(*program), std::move(sites), ranges_};
}

}  // namespace

Result<Filter, CompileError> compile(std::span<const PolicyRules> policies, const CompileOptions& options) {
  return Compiler(policies, options).compile();
}

Result<Filter, CompileError> joined_filter(bpf::Program program, std::vector<TokenSite> sites, size_t ranges) {
  CompileError error;
  error.instructions = program.size();
  auto whole = bpf::validate(std::move(program));
  if (!whole) return error;
  return Filter{std::move(*whole), std::move(sites), ranges};
}

bpf::Program with_token(const Filter& filter, const Token& token) {
  bpf::Program program = filter.program.instructions();
  fill_in(token, filter.token_sites, program);
  return program;
}

namespace {

void let_token_allow(bpf::Program& program) {
  for (bpf::Instruction& instruction : program) {
    if (instruction.code == (BPF_RET | BPF_K) && instruction.k == SECCOMP_RET_USER_NOTIF) {
      instruction.k = SECCOMP_RET_ALLOW;
    }
  }
}

}  // namespace

bpf::Program with_lasting_token(const Filter& filter, const Token& token) {
  bpf::Program program = with_token(filter, token);
  let_token_allow(program);
  return program;
}

Filter with_allowing_token(const Filter& filter) {
  bpf::Program program = filter.program.instructions();
  let_token_allow(program);
  auto validated = bpf::validate(std::move(program));
  return {validated ? std::move(*validated) : filter.program, filter.token_sites, filter.ranges};
}

bpf::ValidatedProgram without_token(const Filter& filter) {
  constexpr uint16_t kEqual = BPF_JMP | BPF_JEQ | BPF_K;
  bpf::Program program = filter.program.instructions();
  for (const TokenSite& site : filter.token_sites) {
    if (site.word != filter.token_sites.back().word) continue;
    size_t at = site.index + 1;  // Behind the last word: OR, maybe jumps, and the comparison with 0.
    while (at + 1 < program.size() && program[at].code != kEqual) at = bpf::successors(program[at], at).yes;
    if (program[at].code == kEqual) program[at].jt = program[at].jf;
  }
  auto validated = bpf::validate(std::move(program));
  if (validated) return std::move(*validated);
  return filter.program;
}

}  // namespace sandbox::compile
