#include "policy/oci_overlap.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace sandbox::policy {
namespace {

/// The number that a value is; none for constants, whose value depends on the ABI.
std::optional<uint64_t> number_of(const Value& value) {
  uint64_t number = 0;
  for (const Term& term : value.terms) {
    if (!term.constant.empty() || term.integer.negative) return std::nullopt;
    number |= term.integer.magnitude;
  }
  return number;
}

/// A condition as a range of numbers, or as bits under a mask.
struct Shape {
  uint64_t first = 0;
  uint64_t last = UINT64_MAX;
  uint64_t mask = 0;
  uint64_t bits = 0;
  bool empty = false;
  std::optional<uint64_t> except;  ///< The one number that it leaves out.
};

std::optional<Shape> shape_of(const Condition& condition) {
  const std::optional<uint64_t> value = number_of(condition.value);
  const std::optional<uint64_t> mask = number_of(condition.mask);
  if (!value || !mask) return std::nullopt;
  Shape shape;
  switch (condition.operation) {
    case Operation::kEqual:
      shape = {*value, *value, UINT64_MAX, *value, false, std::nullopt};
      break;
    case Operation::kNotEqual:
      shape.except = *value;
      break;
    case Operation::kGreaterThan:
      shape.empty = *value == UINT64_MAX;
      shape.first = *value + 1;
      break;
    case Operation::kGreaterOrEqual:
      shape.first = *value;
      break;
    case Operation::kLessThan:
      shape.empty = *value == 0;
      shape.last = *value - 1;
      break;
    case Operation::kLessOrEqual:
      shape.last = *value;
      break;
    case Operation::kMaskedEqual:
      shape.mask = *mask;
      shape.bits = *value & *mask;
      shape.first = shape.bits;
      shape.last = shape.bits | ~shape.mask;
      break;
    case Operation::kBitsSet:
    case Operation::kBitsNotSet:
      return std::nullopt;
  }
  return shape;
}

bool exclude_each_other(const Condition& left, const Condition& right) {
  // A narrower comparison sees other numbers: with one of 32 bits and one of 64 nothing is concluded.
  if (left.argument != right.argument || left.wide != right.wide) return false;
  const std::optional<Shape> a = shape_of(left);
  const std::optional<Shape> b = shape_of(right);
  if (!a || !b) return false;
  if (a->empty || b->empty || a->last < b->first || b->last < a->first) return true;
  if (((a->bits ^ b->bits) & a->mask & b->mask) != 0) return true;
  const auto is_only = [](const Shape& shape, std::optional<uint64_t> except) {
    return except && shape.first == *except && shape.last == *except;
  };
  return is_only(*a, b->except) || is_only(*b, a->except);
}

}  // namespace

bool may_overlap(const std::vector<Condition>& left, const std::vector<Condition>& right) {
  return std::none_of(left.begin(), left.end(), [&](const Condition& a) {
    return std::any_of(right.begin(), right.end(), [&](const Condition& b) { return exclude_each_other(a, b); });
  });
}

}  // namespace sandbox::policy
