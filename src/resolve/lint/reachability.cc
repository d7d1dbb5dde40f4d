// NameEntries of a policy that no call ever comes to.
#include <algorithm>
#include <map>

#include "resolve/evaluate.h"
#include "resolve/lint/parts.h"
#include "resolve/verdict_text.h"

namespace sandbox::resolve {
namespace {

/// What became of one written name: of all its clauses, on all ABIs. A set has many, and that some of them are decided
/// earlier is what the order of groups is for.
struct NameEntry {
  bool reached = false;
  const Clause* clause = nullptr;   ///< One of them,
  const Clause* decider = nullptr;  ///< the one that decides it first,
  arch::Abi abi = {};               ///< and the ABI on which it does.
  bool same = true;                 ///< Whether each is decided in the same way.
};

/// By the offset of the name.
using NameEntries = std::map<uint32_t, NameEntry>;

bool never_holds(const Clause& clause) {
  return std::ranges::any_of(clause.conditions,
                             [](const Condition& condition) { return constant_outcome(condition) == false; });
}

void note(const CallRules& call, size_t index, arch::Abi abi, NameEntries& entries) {
  const Clause& clause = call.clauses[index];
  NameEntry& entry = entries[clause.origin->range.offset];
  const Clause* const decider = decider_of(call.clauses, index);
  // resolve() has a warning of its own for a condition that never holds.
  if (decider == nullptr || !is_written(*decider) || never_holds(clause)) {
    entry.reached = true;
    return;
  }
  const bool same = decider->verdict == clause.verdict;
  if (entry.clause == nullptr || (entry.same && !same)) entry = {entry.reached, &clause, decider, abi, entry.same};
  entry.same = entry.same && same;
}

/// The place of another entry; the column only where the line says nothing.
std::string place_of(SourceRange other, SourceRange own, const SourceText& source) {
  const LineColumn place = source.locate(other.offset);
  std::string line = "line " + std::to_string(place.line);
  if (place.line != source.locate(own.offset).line) return line;
  return line + ", column " + std::to_string(place.column);
}

/// What is said of the ABIs together needs no names of ABIs.
struct Unreached {
  std::string_view id;
  std::string message;
};

Unreached describe(const policy::Name& name, bool conditional, const NameEntry& entry, const policy::Policy& policy) {
  const std::string what = (conditional ? "this entry for " : "") + in_quotes(std::string_view(name.text));
  const std::string place = place_of(entry.decider->origin->range, name.range, *policy.source);
  const std::string as_well = entry.decider->conditions.empty() ? "" : " whenever this matches";
  if (entry.same) {
    return {"redundant-name", what + " can be left out: " + place + " decides it in the same way" + as_well};
  }
  return {"unreachable-name", what + " is never reached: " + place + " decides it first" + as_well + " (" +
                                  verdict_text(entry.decider->verdict, entry.abi) + ")"};
}

}  // namespace

void check_reachability(const policy::Policy& policy, const PolicyRules& rules, Findings& findings) {
  NameEntries entries;
  for (const RuleSet& set : rules) {
    for (const CallRules& call : set.calls) {
      for (size_t i = 0; i < call.clauses.size(); ++i) {
        if (is_written(call.clauses[i])) note(call, i, set.abi, entries);
      }
    }
  }
  const auto check = [&](const policy::Name& name, bool conditional) {
    const auto entry = entries.find(name.range.offset);
    if (entry == entries.end() || entry->second.reached) return;
    // Container profiles repeat names for every capability that needs them; a text for all ABIs has names that one of
    // them does not need.
    const bool repeats = is_container_profile(policy.format) || policy.skip_missing_calls;
    if (repeats && entry->second.same) return;
    const Unreached unreached = describe(name, conditional, entry->second, policy);
    for (const RuleSet& set : rules) findings.add(unreached.id, set.abi, name.range, unreached.message);
  };
  for (const policy::Group& group : policy.groups) {
    for (const policy::Name& name : group.names) check(name, false);
    for (const policy::ConditionalName& entry : group.names_with_args) check(entry.name, true);
  }
}

}  // namespace sandbox::resolve
