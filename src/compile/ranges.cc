#include "compile/ranges.h"

#include <algorithm>
#include <cerrno>
#include <map>

namespace sandbox::compile {
namespace {

using policy::Action;
using resolve::CallRules;
using resolve::Clause;
using resolve::RuleSet;
using resolve::Verdict;

constexpr Verdict kAllow = {Action::kAllow, 0};
constexpr Verdict kNoSuchCall = {Action::kErrno, ENOSYS};

struct Stretch {
  uint32_t first;
  uint32_t last;
};

/// The numbers that no rule speaks about because no call of this ABI has them, though other code might take them.
std::vector<Stretch> reserved(arch::Abi abi) {
  if (abi != arch::Abi::kX86_64) return {{UINT32_MAX, UINT32_MAX}};
  return {{512, 547}, {arch::info(arch::Abi::kX32).first_number, UINT32_MAX}};
}

Decision decide(const CallRules* rules, Verdict default_verdict) {
  Decision decision;
  decision.otherwise = default_verdict;
  if (rules == nullptr) return decision;
  for (const Clause& clause : rules->clauses) {
    if (clause.conditions.empty()) {  // Nothing behind it is ever reached.
      decision.otherwise = clause.verdict;
      break;
    }
    decision.clauses.push_back(&clause);
  }
  // Clauses at the end that decide what would be decided without them.
  while (!decision.clauses.empty() && decision.clauses.back()->verdict == decision.otherwise)
    decision.clauses.pop_back();
  return decision;
}

bool always_allows(const Decision& decision) {
  return decision.clauses.empty() && decision.otherwise == kAllow;
}

}  // namespace

bool Decision::operator==(const Decision& other) const {
  const auto same = [](const Clause* a, const Clause* b) {
    return a->verdict == b->verdict && a->conditions == b->conditions;
  };
  return token == other.token && otherwise == other.otherwise &&
         std::equal(clauses.begin(), clauses.end(), other.clauses.begin(), other.clauses.end(), same);
}

std::vector<Range> partition(const RuleSet& rules, std::span<const uint32_t> token_calls) {
  std::map<uint32_t, Decision> singles;
  for (const CallRules& call : rules.calls) singles[call.number] = decide(&call, rules.default_verdict);
  for (const uint32_t number : token_calls) {
    Decision& decision = singles.try_emplace(number, decide(nullptr, rules.default_verdict)).first->second;
    decision.token = !always_allows(decision);
  }

  // Each cut gives the decision from there on; a single number cuts twice.
  const Decision by_default = decide(nullptr, rules.default_verdict);
  std::map<uint32_t, Decision> cuts = {{0, by_default}};
  for (auto& [number, decision] : singles) {
    cuts[number] = std::move(decision);
    if (number != UINT32_MAX) cuts[number + 1] = by_default;  // The next single, if it is the neighbour, overwrites it.
  }
  Decision no_such_call;
  no_such_call.otherwise = kNoSuchCall;
  for (const Stretch& stretch : reserved(rules.abi)) {
    if (stretch.last != UINT32_MAX) {
      const auto after = std::prev(cuts.upper_bound(stretch.last + 1));
      cuts.insert_or_assign(stretch.last + 1, Decision(after->second));
    }
    cuts.erase(cuts.lower_bound(stretch.first), cuts.upper_bound(stretch.last));
    cuts[stretch.first] = no_such_call;
  }

  std::vector<Range> ranges;
  for (auto& [first, decision] : cuts) {
    if (!ranges.empty() && ranges.back().decision == decision) continue;
    ranges.push_back({first, std::move(decision)});
  }
  return ranges;
}

}  // namespace sandbox::compile
