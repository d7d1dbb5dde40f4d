// What a call gets, as exact sets of arguments; and whether two policies give every call the same.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "resolve/argument_sets.h"
#include "resolve/rule_set.h"

namespace sandbox::resolve {

/// The arguments with which a call gets a verdict.
struct VerdictSet {
  Verdict verdict;
  ArgumentSets::Set set = ArgumentSets::kNone;
};

/// A call's verdict_sets: no verdict twice, no set empty, every vector of arguments in exactly one of the sets.
using VerdictSets = std::vector<VerdictSet>;

/// First match decides; what no clause takes gets `by_default`.
VerdictSets decide(ArgumentSets& sets, std::span<const Clause> clauses, Verdict by_default);

/// What a number gets under the rules.
VerdictSets decide(ArgumentSets& sets, const RuleSet& rules, uint32_t number);

/// The arguments that get the verdict.
ArgumentSets::Set set_of(const VerdictSets& verdict_sets, Verdict verdict);

/// What rules for calls by name, none with conditions, also say of a multiplexer behind which they are, in their order.
struct NamedVerdict {
  std::string name;
  Verdict verdict;
};
std::vector<Clause> clauses_behind(std::string_view multiplexer, arch::Abi abi, const std::vector<NamedVerdict>& rules);

/// A call that two policies treat differently.
struct Difference {
  arch::Abi abi = arch::Abi::kX86_64;
  std::optional<uint32_t> number;  ///< None: any number that neither policy names; or the whole ABI.
  std::array<uint64_t, bpf::kArgumentCount> arguments{};
  Verdict before;
  Verdict after;
};

enum class Relation : uint8_t {
  kSame,
  kNotWider,  ///< `after` may have a more restrictive action, or another errno.
};

/// The first call for which the relation does not hold. It is a proof, as long as the sets did not give up.
std::optional<Difference> first_difference(ArgumentSets& sets, const PolicyRules& before, const PolicyRules& after,
                                           Relation relation);

}  // namespace sandbox::resolve
