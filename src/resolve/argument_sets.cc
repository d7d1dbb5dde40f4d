#include "resolve/argument_sets.h"

#include <algorithm>

#include "resolve/evaluate.h"

namespace sandbox::resolve {
namespace {

using policy::Operation;

constexpr unsigned kBits = 64;
/// Half a second, and 80 MB at most. Policies that people write need a few thousand.
constexpr uint64_t kWork = 3'000'000;

uint64_t low_bits(unsigned width) {
  return UINT64_MAX >> (kBits - width);
}

/// The place of a bit in the order of decisions.
uint32_t place_of(unsigned argument, unsigned bit) {
  return argument * kBits + (kBits - 1 - bit);
}

}  // namespace

ArgumentSets::ArgumentSets() : diagrams_(kWork) {
  diagrams_.begin(kWork);
}

ArgumentSets::Set ArgumentSets::masked(unsigned argument, uint64_t mask, uint64_t value) {
  Set set = kAll;
  for (unsigned bit = 0; bit < kBits; ++bit) {
    if ((mask >> bit & 1U) == 0) continue;
    const bool one = (value >> bit & 1U) != 0;
    set = node(place_of(argument, bit), one ? kNone : set, one ? set : kNone);
  }
  return set;
}

/// Built from the lowest bit: where the value has a 1, a 0 decides for "less"; where it has a 0, a 1 against it.
ArgumentSets::Set ArgumentSets::less(unsigned argument, unsigned width, uint64_t value) {
  Set set = kNone;
  for (unsigned bit = 0; bit < width; ++bit) {
    const bool one = (value >> bit & 1U) != 0;
    set = node(place_of(argument, bit), one ? kAll : set, one ? set : kNone);
  }
  return set;
}

ArgumentSets::Set ArgumentSets::where(const Condition& condition) {
  if (const auto outcome = constant_outcome(condition)) return *outcome ? kAll : kNone;
  const uint64_t read = low_bits(condition.width);
  const unsigned argument = condition.argument;
  switch (condition.operation) {
    case Operation::kEqual:
      return masked(argument, read, condition.value);
    case Operation::kNotEqual:
      return complement(masked(argument, read, condition.value));
    case Operation::kLessThan:
      return less(argument, condition.width, condition.value);
    case Operation::kGreaterOrEqual:
      return complement(less(argument, condition.width, condition.value));
    case Operation::kLessOrEqual:  // Below the maximum, or the outcome were constant.
      return less(argument, condition.width, condition.value + 1);
    case Operation::kGreaterThan:
      return complement(less(argument, condition.width, condition.value + 1));
    case Operation::kBitsSet:
      return complement(masked(argument, condition.value & read, 0));
    case Operation::kBitsNotSet:
      return masked(argument, condition.value & read, 0);
    case Operation::kMaskedEqual:
      return masked(argument, condition.mask & read, condition.value);
  }
  return kNone;
}

ArgumentSets::Set ArgumentSets::where(const std::vector<Condition>& conditions) {
  Set set = kAll;
  for (const Condition& condition : conditions) set = both(set, where(condition));
  return set;
}

ArgumentSets::Set ArgumentSets::low_words(Set set) {
  std::unordered_map<Set, Set> done;
  return with_low_words(set, done);
}

ArgumentSets::Set ArgumentSets::with_low_words(Set set, std::unordered_map<Set, Set>& done) {
  if (set == kNone || set == kAll) return set;
  if (const auto found = done.find(set); found != done.end()) return found->second;
  const uint32_t bit = diagrams_.variable_of(set);
  const Set zero = with_low_words(diagrams_.when(set, bit, false), done);
  const bool upper = bit % kBits < kBits / 2;
  const Set made = upper ? zero : node(bit, zero, with_low_words(diagrams_.when(set, bit, true), done));
  done.emplace(set, made);
  return made;
}

std::optional<std::vector<Cube>> ArgumentSets::cover(Set lower, Set upper, size_t most) {
  std::optional<Cover> made = cover_between(lower, upper, most);
  if (!made || gave_up()) return std::nullopt;
  return std::move(made->cubes);
}

/// Minato's irredundant sum of products: cubes that need the bit to be 0, cubes that need a 1, and those that cover
/// what is then still open on both sides.
std::optional<ArgumentSets::Cover> ArgumentSets::cover_between(Set lower, Set upper, size_t most) {
  if (lower == kNone) return Cover{};
  if (upper == kAll) return Cover{kAll, {Cube{}}};
  if (gave_up()) return std::nullopt;
  const uint32_t bit = std::min(diagrams_.variable_of(lower), diagrams_.variable_of(upper));
  const Set lower0 = diagrams_.when(lower, bit, false);
  const Set lower1 = diagrams_.when(lower, bit, true);
  const Set upper0 = diagrams_.when(upper, bit, false);
  const Set upper1 = diagrams_.when(upper, bit, true);
  std::optional<Cover> zero = cover_between(without(lower0, upper1), upper0, most);
  if (!zero || zero->cubes.size() > most) return std::nullopt;
  std::optional<Cover> one = cover_between(without(lower1, upper0), upper1, most);
  if (!one || zero->cubes.size() + one->cubes.size() > most) return std::nullopt;
  const Set open = either(without(lower0, zero->set), without(lower1, one->set));
  std::optional<Cover> rest = cover_between(open, both(upper0, upper1), most);
  if (!rest || zero->cubes.size() + one->cubes.size() + rest->cubes.size() > most) return std::nullopt;

  const uint64_t mask = uint64_t{1} << (kBits - 1 - bit % kBits);
  Cover made = std::move(*rest);
  made.set = either(node(bit, zero->set, one->set), made.set);
  for (Cube& cube : zero->cubes) {
    cube.mask.at(bit / kBits) |= mask;
    made.cubes.push_back(cube);
  }
  for (Cube& cube : one->cubes) {
    cube.mask.at(bit / kBits) |= mask;
    cube.value.at(bit / kBits) |= mask;
    made.cubes.push_back(cube);
  }
  return made;
}

std::array<uint64_t, bpf::kArgumentCount> ArgumentSets::witness(Set set) const {
  std::array<uint64_t, bpf::kArgumentCount> arguments = {};
  while (set != kAll && set != kNone) {
    const uint32_t bit = diagrams_.variable_of(set);
    const bool one = diagrams_.when(set, bit, false) == kNone;
    if (one) arguments.at(bit / kBits) |= uint64_t{1} << (kBits - 1 - bit % kBits);
    set = diagrams_.when(set, bit, one);
  }
  return arguments;
}

}  // namespace sandbox::resolve
