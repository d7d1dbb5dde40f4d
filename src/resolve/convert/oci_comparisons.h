// Sets of arguments as the comparisons that an OCI profile has: one an index, all 64 bits, joined by AND.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "policy/oci_writer.h"
#include "resolve/argument_sets.h"
#include "resolve/rule_set.h"

namespace sandbox::resolve {

/// One rule's `args`: no index twice.
using OciArguments = std::vector<policy::OciArgument>;

/// More rules for one call than a person would read, and a sizeable part of what a filter may have.
inline constexpr size_t kMaxOciRules = 500;

/// Rules that together hold for exactly the members of `set`; if `lower` is smaller, for a set between the two.
/// `hints` are the clauses from which the set came: their comparisons are taken where they fit. `bits` is the width of
/// the ABI's registers. None when it would be more than kMaxOciRules rules.
std::optional<std::vector<OciArguments>> oci_rules_for(ArgumentSets& sets, ArgumentSets::Set lower,
                                                       ArgumentSets::Set set, std::span<const Clause> hints,
                                                       unsigned bits);

}  // namespace sandbox::resolve
