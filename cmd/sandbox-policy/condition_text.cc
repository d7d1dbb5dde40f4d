#include "sandbox-policy/condition_text.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "arch/argument_kinds.h"
#include "arch/syscalls.h"
#include "base/text.h"
#include "resolve/values.h"

namespace sandbox::tool {
namespace {

using policy::Operation;

constexpr size_t kMaxNames = 8;      // Of one value: more are no easier to read than the number.
constexpr size_t kMaxLeftOut = 4;    // Values that all but are allowed, or denied.
constexpr size_t kMaxWritten = 160;  // Columns of a value as a policy has it.

/// What a value is compared with, for its names.
struct Place {
  arch::Abi abi;
  arch::ArgumentKind kind;
};

Place place_of(arch::Abi abi, uint32_t number, unsigned argument) {
  const auto name = arch::name_of(abi, number);
  return {abi, name ? arch::argument_kind(abi, *name, argument) : arch::ArgumentKind::kUnknown};
}

/// "CLONE_NEWNS|CLONE_NEWUSER"; the number where a part of it has no name.
std::string named_value(const Place& place, uint64_t value) {
  const auto text = arch::constant_text(place.abi, place.kind, value);
  if (!text || text->find("0x") != std::string::npos) return number_text(value);
  const auto names = static_cast<size_t>(std::ranges::count(*text, '|')) + 1;
  return names <= kMaxNames ? *text : number_text(value);
}

bool uses_names(const policy::Value* value) {
  return value != nullptr &&
         std::ranges::any_of(value->terms, [](const policy::Term& term) { return !term.constant.empty(); });
}

/// As the policy has it, if it uses names; else by the names that there are.
std::string value_text(const policy::Value* value, const Place& place, uint64_t number) {
  if (!uses_names(value)) return named_value(place, number);
  const std::string text = join(value->terms, "|", [](const policy::Term& term) {
    if (!term.constant.empty()) return term.constant;
    return (term.integer.negative ? "-" : "") + number_text(term.integer.magnitude);
  });
  return text.size() > kMaxWritten ? number_text(number) : text;
}

/// Less and greater: flags and families have no order, so names that the policy does not use would mislead.
std::string bound_text(const policy::Value* value, const Place& place, uint64_t number) {
  return uses_names(value) ? value_text(value, place, number) : number_text(number);
}

std::string condition_text(const resolve::Condition& condition, const policy::Condition* written, const Place& place) {
  std::string argument = "arg" + std::to_string(condition.argument);
  const policy::Value* const value = written == nullptr ? nullptr : &written->value;
  const auto text = [&] { return value_text(value, place, condition.value); };
  const auto bound = [&] { return bound_text(value, place, condition.value); };
  switch (condition.operation) {
    case Operation::kEqual:
      return argument + " == " + text();
    case Operation::kNotEqual:
      return argument + " != " + text();
    case Operation::kGreaterThan:
      return argument + " > " + bound();
    case Operation::kLessThan:
      return argument + " < " + bound();
    case Operation::kGreaterOrEqual:
      return argument + " >= " + bound();
    case Operation::kLessOrEqual:
      return argument + " <= " + bound();
    case Operation::kBitsSet:
      return argument + " has any bit of " + text();
    case Operation::kBitsNotSet:
      return argument + " has no bit of " + text();
    case Operation::kMaskedEqual: {
      const policy::Value* const mask = written == nullptr ? nullptr : &written->mask;
      const std::string bits = value_text(mask, place, condition.mask);
      if (condition.value == 0 && bits.find_first_not_of("0123456789abcdefx") != std::string::npos) {
        return argument + " has no bit of " + bits;
      }
      return "(" + argument + " & " + bits + ") == " + text();
    }
  }
  return argument;
}

/// Whether the written conditions are those that were resolved.
bool is_written_as(const std::vector<policy::Condition>& written, const resolve::Clause& clause, arch::Abi abi) {
  const auto same = [&](const policy::Condition& a, const resolve::Condition& b) {
    return a.argument == b.argument && a.operation == b.operation &&
           resolve::resolve_value(a.value, abi, b.width).value == b.value;
  };
  return std::equal(written.begin(), written.end(), clause.conditions.begin(), clause.conditions.end(), same);
}

const std::vector<policy::Condition>* written_conditions(const resolve::Clause& clause, const policy::Policy* policy,
                                                         arch::Abi abi) {
  if (policy == nullptr || !clause.origin || clause.origin->group >= policy->groups.size()) return nullptr;
  for (const policy::ConditionalName& name : policy->groups[clause.origin->group].names_with_args) {
    if (name.name.range.offset == clause.origin->range.offset && is_written_as(name.conditions, clause, abi)) {
      return &name.conditions;
    }
  }
  return nullptr;
}

// ---- Clauses that come to one condition ----

/// Values of an argument, ends included.
struct Interval {
  uint64_t first = 0;
  uint64_t last = 0;
};

/// For which values a comparison of the whole argument holds; none if it is another one.
std::optional<std::vector<Interval>> values_of(const resolve::Condition& condition, uint64_t largest) {
  const uint64_t value = condition.value;
  if (value > largest) return std::nullopt;
  std::vector<Interval> all;
  const auto below = [&](uint64_t bound) {  // Less than it.
    if (bound > 0) all.push_back({0, bound - 1});
  };
  const auto above = [&](uint64_t bound) {
    if (bound < largest) all.push_back({bound + 1, largest});
  };
  switch (condition.operation) {
    case Operation::kEqual:
      all.push_back({value, value});
      return all;
    case Operation::kNotEqual:
      below(value);
      above(value);
      return all;
    case Operation::kLessOrEqual:
      all.push_back({value, value});
      [[fallthrough]];
    case Operation::kLessThan:
      below(value);
      return all;
    case Operation::kGreaterOrEqual:
      all.push_back({value, value});
      [[fallthrough]];
    case Operation::kGreaterThan:
      above(value);
      return all;
    default:
      return std::nullopt;
  }
}

/// The values that none of the intervals has; none if these are more than a few.
std::optional<std::vector<uint64_t>> left_out(std::vector<Interval> covered, uint64_t largest) {
  std::ranges::sort(covered, {}, &Interval::first);
  std::vector<uint64_t> values;
  uint64_t next = 0;  // The first that may be left out.
  const auto leave_out_to = [&](uint64_t end) {
    if (end - next > kMaxLeftOut) return false;
    for (; next < end; ++next) values.push_back(next);
    return values.size() <= kMaxLeftOut;
  };
  for (const Interval& interval : covered) {
    if (interval.first > next && !leave_out_to(interval.first)) return std::nullopt;
    if (interval.last == largest) return values;
    next = std::max(next, interval.last + 1);
  }
  return std::nullopt;  // The largest values are left out: those are not a few.
}

uint64_t largest_of(const resolve::Condition& condition) {
  return condition.width >= 64 ? UINT64_MAX : (uint64_t{1} << condition.width) - 1;
}

/// Several clauses at the beginning of `cases` as one condition.
struct Merged {
  size_t count = 0;
  std::string when;
};

std::optional<Merged> merged(std::span<const resolve::Clause* const> cases, arch::Abi abi, uint32_t number) {
  const resolve::Clause& first = *cases.front();
  if (first.conditions.size() != 1) return std::nullopt;
  const resolve::Condition& condition = first.conditions.front();
  const uint64_t largest = largest_of(condition);
  std::vector<Interval> covered;
  size_t count = 0;
  for (const resolve::Clause* clause : cases) {
    if (clause->conditions.size() != 1 || !clause->origin || !(clause->verdict == first.verdict)) break;
    const resolve::Condition& other = clause->conditions.front();
    if (other.argument != condition.argument || other.width != condition.width) break;
    const auto values = values_of(other, largest);
    if (!values) break;
    covered.insert(covered.end(), values->begin(), values->end());
    ++count;
  }
  const auto others = count > 1 ? left_out(std::move(covered), largest) : std::nullopt;
  if (!others || others->empty()) return std::nullopt;
  const Place place = place_of(abi, number, condition.argument);
  const std::string_view any = place.kind == arch::ArgumentKind::kAddressFamily ? "any family" : "any value";
  return Merged{count, "arg" + std::to_string(condition.argument) + " is " + std::string(any) + " but " +
                           join(*others, ", ", [&](uint64_t value) { return named_value(place, value); })};
}

}  // namespace

std::string argument_text(arch::Abi abi, uint32_t number, unsigned argument, uint64_t value) {
  return named_value(place_of(abi, number, argument), value);
}

std::vector<std::string> conditions_text(const resolve::Clause& clause, const policy::Policy* policy, arch::Abi abi,
                                         uint32_t number) {
  const auto* written = written_conditions(clause, policy, abi);
  std::vector<std::string> texts;
  for (size_t i = 0; i < clause.conditions.size(); ++i) {
    const resolve::Condition& condition = clause.conditions[i];
    texts.push_back(condition_text(condition, written == nullptr ? nullptr : &(*written)[i],
                                   place_of(abi, number, condition.argument)));
  }
  return texts;
}

std::vector<CaseText> cases_text(const CallChain& chain, const policy::Policy& policy, arch::Abi abi) {
  std::vector<CaseText> texts;
  for (size_t i = 0; i < chain.cases.size();) {
    const resolve::Clause& clause = *chain.cases[i];
    const std::span<const resolve::Clause* const> rest = std::span(chain.cases).subspan(i);
    if (const auto one = merged(rest, abi, chain.number)) {
      const std::string lines = join(rest.first(one->count), ", ",
                                     [&](const resolve::Clause* c) { return std::to_string(line_of(*c, policy)); });
      texts.push_back({clause.verdict, "if " + one->when, "lines " + lines});
      i += one->count;
      continue;
    }
    texts.push_back({clause.verdict, "if " + join(conditions_text(clause, &policy, abi, chain.number), " and "),
                     origin_text(&clause, policy)});
    ++i;
  }
  return texts;
}

}  // namespace sandbox::tool
