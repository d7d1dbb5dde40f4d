#include "compile/ranges.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>
#include <vector>

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

/// What holds from a number on.
struct Piece {
  uint32_t first = 0;
  Chain chain;
};

/// Sorted; the first piece starts at 0.
using Line = std::vector<Piece>;

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

/// Pieces are added in order: one that begins where the last one does replaces it.
void add(Line& line, uint32_t first, Chain chain) {
  if (!line.empty() && line.back().first == first) {
    line.back().chain = std::move(chain);
  } else if (line.empty() || !(line.back().chain == chain)) {
    line.push_back({first, std::move(chain)});
  }
}

/// One verdict regardless of the arguments. Most neighbours have the same: then nothing is added.
void fill(Line& line, uint32_t first, Verdict verdict) {
  const auto same = [&](const Piece& last) {
    return last.first != first && last.chain.clauses.empty() && last.chain.otherwise == verdict;
  };
  if (line.empty() || !same(line.back())) add(line, first, {{}, verdict});
}

/// The rule set's own numbers from `first` to `last`.
void fill(Line& line, uint32_t first, uint32_t last, const RuleSet& rules) {
  const auto fill_from = [&](uint32_t number) { fill(line, number, resolve::fallback_of(rules, number).verdict); };
  fill_from(first);
  if (first == 0) fill_from(1);  // 0 may have an answer of its own.
  for (auto call = std::ranges::lower_bound(rules.calls, first, {}, &CallRules::number);
       call != rules.calls.end() && call->number <= last; ++call) {
    if (!call->clauses.empty() && call->clauses.front().conditions.empty()) {
      fill(line, call->number, call->clauses.front().verdict);
    } else {
      add(line, call->number, chain_of(*call, rules.default_verdict));
    }
    const auto next = std::next(call);
    const bool gap = next == rules.calls.end() || next->number != call->number + 1;
    if (gap && call->number != last) fill_from(call->number + 1);
  }
  // Behind all calls: resolve() leaves none there.
  const bool inside = rules.largest_named && *rules.largest_named >= first && *rules.largest_named < last;
  if (inside) fill_from(*rules.largest_named + 1);
}

/// One policy's line.
Line line_of(uint32_t audit_arch, const ArchRules& rules) {
  Line line;
  const Verdict no_such_call = enosys_on(audit_arch);
  fill(line, 0, kKillProcess);
  if (rules.base == nullptr && rules.x32 == nullptr) return line;
  if (audit_arch != arch::info(arch::Abi::kX86_64).audit_arch) {
    if (rules.base != nullptr) fill(line, 0, UINT32_MAX - 1, *rules.base);
  } else {
    const uint32_t x32_first = arch::info(arch::Abi::kX32).first_number;
    if (rules.base != nullptr) fill(line, 0, 511, *rules.base);
    fill(line, 512, no_such_call);  // x32's own calls, which kernels before 5.4 took without the x32 bit.
    if (rules.base != nullptr) {
      fill(line, 548, x32_first - 1, *rules.base);
    } else {
      fill(line, 548, kKillProcess);
    }
    fill(line, x32_first, no_such_call);
    if (rules.x32 != nullptr) fill(line, x32_first, UINT32_MAX - 1, *rules.x32);
  }
  fill(line, UINT32_MAX, no_such_call);  // A tracer skips a call with this number.
  return line;
}

bool always_allows(const Chain& chain) {
  return chain.clauses.empty() && chain.otherwise == kAllow;
}

/// Every number at which a decision may change, sorted.
std::vector<uint32_t> cuts_of(const std::vector<Line>& lines, std::span<const uint32_t> token_calls) {
  std::vector<uint32_t> cuts;
  for (const Line& line : lines) {
    for (const Piece& piece : line) cuts.push_back(piece.first);
  }
  const auto pieces = static_cast<ptrdiff_t>(cuts.size());
  if (lines.size() > 1) std::sort(cuts.begin(), cuts.end());  // Each line is sorted.
  for (const uint32_t number : token_calls) {
    cuts.push_back(number);
    cuts.push_back(number + 1);
  }
  std::sort(cuts.begin() + pieces, cuts.end());
  std::inplace_merge(cuts.begin(), cuts.begin() + pieces, cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  return cuts;
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
  for (const ArchRules& rules : policies) lines.push_back(line_of(audit_arch, rules));

  std::vector<Range> ranges;
  std::vector<size_t> at(lines.size(), 0);  // By line: the piece that holds.
  for (const uint32_t first : cuts_of(lines, token_calls)) {
    Decision decision;
    for (size_t i = 0; i < lines.size(); ++i) {
      const Line& line = lines[i];
      while (at[i] + 1 < line.size() && line[at[i] + 1].first <= first) ++at[i];
      if (!always_allows(line[at[i]].chain)) decision.chains.push_back(line[at[i]].chain);
    }
    const bool own = std::find(token_calls.begin(), token_calls.end(), first) != token_calls.end();
    decision.token = own && !decision.chains.empty();
    if (!ranges.empty() && ranges.back().decision == decision) continue;
    ranges.push_back({first, std::move(decision)});
  }
  return ranges;
}

}  // namespace sandbox::compile
