#include "resolve/verdict_sets.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "arch/multiplexers.h"

namespace sandbox::resolve {
namespace {

bool related(Verdict before, Verdict after, Relation relation) {
  return before == after || (relation == Relation::kNotWider && after.action <= before.action);
}

std::optional<Difference> difference_of(ArgumentSets& sets, const VerdictSets& before, const VerdictSets& after,
                                        Relation relation) {
  for (const VerdictSet& old : before) {
    for (const VerdictSet& now : after) {
      if (related(old.verdict, now.verdict, relation)) continue;
      const ArgumentSets::Set shared = sets.both(old.set, now.set);
      if (shared == ArgumentSets::kNone) continue;
      return Difference{{}, {}, sets.witness(shared), old.verdict, now.verdict};
    }
  }
  return std::nullopt;
}

/// One number of each stretch in which all numbers that neither policy names get the same from both. Every stretch
/// begins at 0, at 1 (0 may be a stretch of its own), or behind the largest number that one of them names.
std::vector<uint32_t> unnamed_numbers(const RuleSet& before, const RuleSet& after, const std::vector<uint32_t>& named) {
  std::set<uint32_t> begins = {0, 1};
  for (const RuleSet* rules : {&before, &after}) {
    if (rules->largest_named) begins.insert(*rules->largest_named + 1);
  }
  std::vector<uint32_t> numbers;
  for (auto begin = begins.begin(); begin != begins.end(); ++begin) {
    uint32_t number = *begin;
    while (std::ranges::binary_search(named, number)) ++number;
    if (std::next(begin) == begins.end() || number < *std::next(begin)) numbers.push_back(number);
  }
  return numbers;
}

/// The numbers that either names, sorted.
std::vector<uint32_t> named_numbers(const RuleSet& before, const RuleSet& after) {
  std::vector<uint32_t> numbers;
  numbers.reserve(before.calls.size() + after.calls.size());
  for (const RuleSet* rules : {&before, &after}) {
    for (const CallRules& call : rules->calls) numbers.push_back(call.number);
  }
  std::inplace_merge(numbers.begin(), numbers.begin() + static_cast<ptrdiff_t>(before.calls.size()), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

/// Gives out the clauses of numbers that are asked for in order.
class ClausesInOrder {
 public:
  explicit ClausesInOrder(const RuleSet& rules) : next_(rules.calls.begin()), end_(rules.calls.end()) {}

  std::span<const Clause> of(uint32_t number) {
    while (next_ != end_ && next_->number < number) ++next_;
    if (next_ == end_ || next_->number != number) return {};
    return next_->clauses;
  }

 private:
  std::vector<CallRules>::const_iterator next_;
  std::vector<CallRules>::const_iterator end_;
};

/// Whether the clauses are the same one by one, wherever they are written.
bool same_clauses(std::span<const Clause> before, std::span<const Clause> after) {
  return std::ranges::equal(before, after, [](const Clause& a, const Clause& b) {
    return a.verdict == b.verdict && a.conditions == b.conditions;
  });
}

std::optional<Difference> difference_of(ArgumentSets& sets, const RuleSet& before, const RuleSet& after,
                                        Relation relation) {
  const std::vector<uint32_t> numbers = named_numbers(before, after);
  for (const uint32_t number : unnamed_numbers(before, after, numbers)) {
    const Verdict was = fallback_of(before, number).verdict;
    const Verdict is = fallback_of(after, number).verdict;
    if (related(was, is, relation)) continue;
    Difference found = {before.abi, {}, {}, was, is};
    if (before.largest_named || after.largest_named) found.number = number;
    return found;
  }
  ClausesInOrder old(before);
  ClausesInOrder now(after);
  for (const uint32_t number : numbers) {
    const std::span<const Clause> was = old.of(number);
    const std::span<const Clause> is = now.of(number);
    const Verdict else_was = fallback_of(before, number).verdict;
    const Verdict else_is = fallback_of(after, number).verdict;
    if (else_was == else_is && same_clauses(was, is)) continue;  // Then there is nothing to decide.
    auto difference = difference_of(sets, decide(sets, was, else_was), decide(sets, is, else_is), relation);
    if (!difference) continue;
    difference->abi = before.abi;
    difference->number = number;
    return difference;
  }
  return std::nullopt;
}

}  // namespace

VerdictSets decide(ArgumentSets& sets, std::span<const Clause> clauses, Verdict by_default) {
  VerdictSets verdict_sets;
  ArgumentSets::Set open = ArgumentSets::kAll;
  const auto take = [&](ArgumentSets::Set set, Verdict verdict) {
    set = sets.both(set, open);
    if (set == ArgumentSets::kNone) return;
    open = sets.without(open, set);
    const auto same = [&](const VerdictSet& verdict_set) { return verdict_set.verdict == verdict; };
    const auto known = std::find_if(verdict_sets.begin(), verdict_sets.end(), same);
    if (known == verdict_sets.end()) {
      verdict_sets.push_back({verdict, set});
    } else {
      known->set = sets.either(known->set, set);
    }
  };
  for (const Clause& clause : clauses) take(sets.where(clause.conditions), clause.verdict);
  take(open, by_default);
  return verdict_sets;
}

VerdictSets decide(ArgumentSets& sets, const RuleSet& rules, uint32_t number) {
  return decide(sets, clauses_of(rules, number), fallback_of(rules, number).verdict);
}

ArgumentSets::Set set_of(const VerdictSets& verdict_sets, Verdict verdict) {
  for (const VerdictSet& verdict_set : verdict_sets) {
    if (verdict_set.verdict == verdict) return verdict_set.set;
  }
  return ArgumentSets::kNone;
}

std::vector<Clause> clauses_behind(std::string_view multiplexer, arch::Abi abi,
                                   const std::vector<NamedVerdict>& rules) {
  std::vector<Clause> clauses;
  for (const NamedVerdict& rule : rules) {
    for (const arch::Multiplexed& multiplexed : arch::multiplexed(abi, rule.name)) {
      if (multiplexed.multiplexer != multiplexer) continue;
      Condition selector;
      selector.width = 32;
      selector.operation = policy::Operation::kMaskedEqual;
      selector.value = multiplexed.selector;
      selector.mask = multiplexed.mask;
      clauses.push_back({{selector}, rule.verdict, {}});
    }
  }
  return clauses;
}

std::optional<Difference> first_difference(ArgumentSets& sets, const PolicyRules& before, const PolicyRules& after,
                                           Relation relation) {
  constexpr Verdict kKilled = {policy::Action::kKillProcess, 0};
  for (const RuleSet& rules : before) {
    const RuleSet* other = find_rules(after, rules.abi);
    if (other == nullptr && relation == Relation::kNotWider) continue;
    if (other == nullptr) return Difference{rules.abi, {}, {}, rules.default_verdict, kKilled};
    if (const auto difference = difference_of(sets, rules, *other, relation)) return difference;
  }
  for (const RuleSet& rules : after) {
    if (find_rules(before, rules.abi) == nullptr) return Difference{rules.abi, {}, {}, kKilled, rules.default_verdict};
  }
  return std::nullopt;
}

}  // namespace sandbox::resolve
