#include "compile/value_line.h"

#include <algorithm>
#include <iterator>

namespace sandbox::compile {
namespace {

using policy::Operation;
using resolve::Condition;

/// The values for which one condition holds; at most two stretches.
std::vector<Values> values_of(const Condition& condition) {
  const uint64_t value = condition.value;
  switch (condition.operation) {
    case Operation::kEqual:
    case Operation::kMaskedEqual:
      return {{value, value}};
    case Operation::kGreaterThan:
      return {{value + 1, UINT64_MAX}};
    case Operation::kGreaterOrEqual:
      return {{value, UINT64_MAX}};
    case Operation::kLessThan:
      return {{0, value - 1}};
    case Operation::kLessOrEqual:
      return {{0, value}};
    case Operation::kNotEqual: {
      std::vector<Values> values;
      if (value != 0) values.push_back({0, value - 1});
      if (value != UINT64_MAX) values.push_back({value + 1, UINT64_MAX});
      return values;
    }
    case Operation::kBitsSet:
    case Operation::kBitsNotSet:
      break;
  }
  return {};
}

}  // namespace

bool asks_for_values(const Condition& condition) {
  return condition.operation != Operation::kBitsSet && condition.operation != Operation::kBitsNotSet;
}

Term term_of(const Condition& condition) {
  const uint64_t maximum = UINT64_MAX >> (64U - condition.width);
  const bool masked = condition.operation == Operation::kMaskedEqual;
  return {condition.argument, masked ? condition.mask & maximum : maximum};
}

std::vector<Values> values_of(std::span<const Condition> conditions) {
  if (conditions.size() == 1) return values_of(conditions.front());
  ValueLine holds(1);
  for (const Condition& condition : conditions) {
    uint64_t next = 0;  // What no earlier stretch of this condition reaches to.
    bool rest = true;
    for (const Values& values : values_of(condition)) {
      if (values.first != next) holds.set({next, values.first - 1}, 0);
      next = values.last + 1;
      rest = values.last != UINT64_MAX;
    }
    if (rest) holds.set({next, UINT64_MAX}, 0);
  }
  std::vector<Values> all;
  for (auto piece = holds.begin(); piece != holds.end(); ++piece) {
    const auto behind = std::next(piece);
    if (piece->second == 1) all.push_back({piece->first, behind == holds.end() ? UINT64_MAX : behind->first - 1});
  }
  return all;
}

void ValueLine::set(const Values& values, size_t choice) {
  auto behind = line_.end();
  if (values.last != UINT64_MAX) {  // What holds at the last of them holds on behind it, unless something begins there.
    const size_t last_choice = std::prev(line_.upper_bound(values.last))->second;
    behind = line_.try_emplace(values.last + 1, last_choice).first;
  }
  line_.erase(line_.lower_bound(values.first), behind);
  line_[values.first] = choice;
}

}  // namespace sandbox::compile
