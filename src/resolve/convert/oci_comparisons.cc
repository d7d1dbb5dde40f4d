#include "resolve/convert/oci_comparisons.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>

#include "resolve/evaluate.h"

namespace sandbox::resolve {
namespace {

using policy::OciArgument;
using policy::Operation;
using Set = ArgumentSets::Set;

constexpr unsigned kWhole = 64;

uint64_t low_bits(unsigned width) {
  return UINT64_MAX >> (kWhole - width);
}

OciArgument under_mask(uint8_t index, uint64_t mask, uint64_t value) {
  if (mask == UINT64_MAX) return {index, Operation::kEqual, value, 0};
  return {index, Operation::kMaskedEqual, mask, value};
}

Operation opposite(Operation operation) {
  switch (operation) {
    case Operation::kEqual:
      return Operation::kNotEqual;
    case Operation::kNotEqual:
      return Operation::kEqual;
    case Operation::kGreaterThan:
      return Operation::kLessOrEqual;
    case Operation::kLessOrEqual:
      return Operation::kGreaterThan;
    case Operation::kLessThan:
      return Operation::kGreaterOrEqual;
    case Operation::kGreaterOrEqual:
      return Operation::kLessThan;
    case Operation::kBitsSet:
      return Operation::kBitsNotSet;
    case Operation::kBitsNotSet:
      return Operation::kBitsSet;
    case Operation::kMaskedEqual:
      break;
  }
  return operation;
}

/// The condition as one comparison, if there is one that says the same where registers have `bits` bits.
std::optional<OciArgument> one_comparison(const Condition& condition, unsigned bits) {
  if (constant_outcome(condition)) return std::nullopt;
  const uint64_t read = low_bits(condition.width);
  const uint8_t index = condition.argument;
  const uint64_t value = condition.value & read;
  switch (condition.operation) {
    case Operation::kEqual:
      return under_mask(index, read, value);
    case Operation::kBitsNotSet:
      return under_mask(index, value, 0);
    case Operation::kMaskedEqual:
      return under_mask(index, condition.mask & read, value);
    case Operation::kBitsSet:
      if (!std::has_single_bit(value)) return std::nullopt;
      return under_mask(index, value, value);
    default:
      if (condition.width != bits) return std::nullopt;
      return OciArgument{index, condition.operation, value, 0};
  }
}

/// What holds where the condition does not, if one condition says it.
std::optional<Condition> negated(Condition condition) {
  if (condition.operation != Operation::kMaskedEqual) {
    condition.operation = opposite(condition.operation);
    return condition;
  }
  if (!std::has_single_bit(condition.mask)) return std::nullopt;
  condition.value ^= condition.mask;
  return condition;
}

class Expression {
 public:
  Expression(ArgumentSets& sets, unsigned bits) : sets_(sets), bits_(bits) {}

  std::optional<std::vector<OciArguments>> rules(Set lower, Set upper, std::span<const Clause> hints);

 private:
  Set where(const OciArguments& arguments);
  std::vector<OciArguments> as_written(const Clause& clause);
  std::vector<OciArgument> as_written(const std::vector<Condition>& conditions);
  void drop_needless(std::vector<OciArguments>& rules, Set lower);

  ArgumentSets& sets_;
  unsigned bits_;
};

OciArguments arguments_of(const Cube& cube) {
  OciArguments arguments;
  for (uint8_t index = 0; index < bpf::kArgumentCount; ++index) {
    if (cube.mask.at(index) == 0) continue;
    arguments.push_back(under_mask(index, cube.mask.at(index), cube.value.at(index)));
  }
  return arguments;
}

Set Expression::where(const OciArguments& arguments) {
  std::vector<Condition> conditions;
  for (const OciArgument& argument : arguments) {
    const bool masked = argument.operation == Operation::kMaskedEqual;
    Condition condition;
    condition.argument = argument.index;
    condition.width = static_cast<uint8_t>(bits_);
    condition.operation = argument.operation;
    condition.value = masked ? argument.value_two : argument.value;
    condition.mask = masked ? argument.value : 0;
    conditions.push_back(condition);
  }
  return sets_.where(conditions);
}

/// The conditions on one argument as alternatives. Empty when they never hold, or when it would be too many.
std::vector<OciArgument> Expression::as_written(const std::vector<Condition>& conditions) {
  const Set all = sets_.where(conditions);
  for (const Condition& condition : conditions) {
    const std::optional<OciArgument> one = one_comparison(condition, bits_);
    if (one && sets_.where(condition) == all) return {*one};
  }
  std::vector<OciArgument> alternatives;
  const auto cubes = sets_.cover(all, all, kMaxOciRules);
  if (!cubes) return alternatives;
  for (const Cube& cube : *cubes) {
    for (const OciArgument& argument : arguments_of(cube)) alternatives.push_back(argument);
  }
  return alternatives;
}

/// A clause, argument by argument: one rule for each choice of alternatives.
std::vector<OciArguments> Expression::as_written(const Clause& clause) {
  std::map<uint8_t, std::vector<Condition>> by_argument;
  for (const Condition& condition : clause.conditions) {
    if (constant_outcome(condition) == true) continue;
    by_argument[condition.argument].push_back(condition);
  }
  std::vector<OciArguments> rules = {{}};
  for (const auto& [index, conditions] : by_argument) {
    const std::vector<OciArgument> alternatives = as_written(conditions);
    if (rules.size() * alternatives.size() > kMaxOciRules) return {};
    std::vector<OciArguments> longer;
    for (const OciArguments& rule : rules) {
      for (const OciArgument& alternative : alternatives) {
        longer.push_back(rule);
        longer.back().push_back(alternative);
      }
    }
    rules = std::move(longer);
  }
  return rules;
}

void Expression::drop_needless(std::vector<OciArguments>& rules, Set lower) {
  constexpr size_t kFew = 100;
  if (rules.size() > kFew) return;
  for (size_t i = 0; i < rules.size();) {
    Set others = ArgumentSets::kNone;
    for (size_t j = 0; j < rules.size(); ++j) {
      if (j != i) others = sets_.either(others, where(rules[j]));
    }
    if (sets_.within(lower, others)) {
      rules.erase(rules.begin() + static_cast<ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

/// First what the policy says itself, as far as it lies in the set: its clauses, and the opposites of its conditions,
/// for what is left over by clauses with another verdict. Then masks for the rest.
std::optional<std::vector<OciArguments>> Expression::rules(Set lower, Set upper, std::span<const Clause> hints) {
  std::vector<OciArguments> chosen;
  Set covered = ArgumentSets::kNone;
  const auto consider = [&](const OciArguments& rule) {
    const Set set = where(rule);
    if (rule.empty() || !sets_.within(set, upper) || sets_.within(sets_.both(set, lower), covered)) return;
    chosen.push_back(rule);
    covered = sets_.either(covered, set);
  };
  for (const Clause& clause : hints) {
    if (!sets_.within(sets_.where(clause.conditions), upper)) continue;
    for (const OciArguments& rule : as_written(clause)) consider(rule);
  }
  for (const Clause& clause : hints) {
    for (const Condition& condition : clause.conditions) {
      const std::optional<Condition> opposite = negated(condition);
      for (const auto& one :
           {one_comparison(condition, bits_), opposite ? one_comparison(*opposite, bits_) : std::nullopt}) {
        if (one) consider({*one});
      }
    }
  }
  const auto rest = sets_.cover(sets_.without(lower, covered), upper, kMaxOciRules);
  if (!rest || sets_.gave_up()) return std::nullopt;
  for (const Cube& cube : *rest) chosen.push_back(arguments_of(cube));
  drop_needless(chosen, lower);
  if (chosen.size() > kMaxOciRules || sets_.gave_up()) return std::nullopt;
  return chosen;
}

}  // namespace

std::optional<std::vector<OciArguments>> oci_rules_for(ArgumentSets& sets, Set lower, Set set,
                                                       std::span<const Clause> hints, unsigned bits) {
  return Expression(sets, bits).rules(lower, set, hints);
}

}  // namespace sandbox::resolve
