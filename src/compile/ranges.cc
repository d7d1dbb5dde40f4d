#include "compile/ranges.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <utility>

#include "arch/errno_names.h"

namespace sandbox::compile {
namespace {

using policy::Action;
using resolve::CallRules;
using resolve::Clause;
using resolve::RuleSet;
using resolve::Verdict;

constexpr Verdict kAllow = {Action::kAllow, 0};
constexpr Verdict kKillProcess = {Action::kKillProcess, 0};

/// ENOSYS in the ABI's own numbering.
Verdict enosys_on(uint32_t audit_arch) {
  for (const arch::AbiInfo& abi : arch::all_abis()) {
    if (abi.audit_arch != audit_arch) continue;
    return {Action::kErrno, arch::errno_number(abi.abi, "ENOSYS").value_or(ENOSYS)};
  }
  return {Action::kErrno, ENOSYS};
}

using Line = std::map<uint32_t, Chain>;  ///< What holds from each number on.

Chain chain_of(const CallRules& rules, Verdict default_verdict) {
  Chain chain;
  chain.otherwise = default_verdict;
  for (const Clause& clause : rules.clauses) {
    if (clause.conditions.empty()) {  // Nothing behind it is ever reached.
      chain.otherwise = clause.verdict;
      break;
    }
    chain.clauses.push_back(&clause);
  }
  // Clauses at the end that decide what would be decided without them.
  while (!chain.clauses.empty() && chain.clauses.back()->verdict == chain.otherwise) chain.clauses.pop_back();
  return chain;
}

void fill(Line& line, uint32_t first, Verdict verdict) {
  line[first] = {{}, verdict};
}

/// The rule set's own numbers from `first` to `last`.
void fill(Line& line, uint32_t first, uint32_t last, const RuleSet& rules) {
  fill(line, first, rules.default_verdict);
  for (const CallRules& call : rules.calls) {
    if (call.number < first || call.number > last) continue;
    line[call.number] = chain_of(call, rules.default_verdict);
    if (call.number != last) fill(line, call.number + 1, rules.default_verdict);
  }
}

/// One policy's line. Sorted pieces are written in order, so each overwrites the end of the one before.
Line line_of(uint32_t audit_arch, const ArchRules& rules) {
  Line line;
  const Verdict no_such_call = enosys_on(audit_arch);
  fill(line, 0, kKillProcess);
  if (rules.base == nullptr && rules.x32 == nullptr) return line;
  if (audit_arch != arch::info(arch::Abi::kX86_64).audit_arch) {
    fill(line, 0, UINT32_MAX - 1, *rules.base);
  } else {
    const uint32_t x32_first = arch::info(arch::Abi::kX32).first_number;
    if (rules.base != nullptr) {
      fill(line, 0, 511, *rules.base);
      fill(line, 512, no_such_call);  // x32's own calls, which kernels before 5.4 took without the x32 bit.
      fill(line, 548, x32_first - 1, *rules.base);
    }
    fill(line, x32_first, no_such_call);
    if (rules.x32 != nullptr) fill(line, x32_first, UINT32_MAX - 1, *rules.x32);
  }
  fill(line, UINT32_MAX, no_such_call);  // A tracer skips a call with this number.
  return line;
}

const Chain& at(const Line& line, uint32_t number) {
  return std::prev(line.upper_bound(number))->second;
}

bool always_allows(const Chain& chain) {
  return chain.clauses.empty() && chain.otherwise == kAllow;
}

}  // namespace

bool Chain::operator==(const Chain& other) const {
  const auto same = [](const Clause* a, const Clause* b) {
    return a->verdict == b->verdict && a->conditions == b->conditions;
  };
  return otherwise == other.otherwise &&
         std::equal(clauses.begin(), clauses.end(), other.clauses.begin(), other.clauses.end(), same);
}

std::vector<Range> partition(uint32_t audit_arch, std::span<const ArchRules> policies,
                             std::span<const uint32_t> token_calls) {
  std::vector<Line> lines;
  std::set<uint32_t> cuts;
  for (const ArchRules& rules : policies) {
    lines.push_back(line_of(audit_arch, rules));
    for (const auto& [first, chain] : lines.back()) cuts.insert(first);
  }
  for (const uint32_t number : token_calls) {
    cuts.insert(number);
    cuts.insert(number + 1);
  }

  std::vector<Range> ranges;
  for (const uint32_t first : cuts) {
    Decision decision;
    for (const Line& line : lines) {
      const Chain& chain = at(line, first);
      if (!always_allows(chain)) decision.chains.push_back(chain);
    }
    const bool own = std::find(token_calls.begin(), token_calls.end(), first) != token_calls.end();
    decision.token = own && !decision.chains.empty();
    if (!ranges.empty() && ranges.back().decision == decision) continue;
    ranges.push_back({first, std::move(decision)});
  }
  return ranges;
}

}  // namespace sandbox::compile
