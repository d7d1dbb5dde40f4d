#include "bpf/symbolic_word.h"

#include <utility>

namespace sandbox::bpf {
namespace {

using Ref = Diagrams::Ref;

SymbolicWord choose(Diagrams& diagrams, Ref condition, const SymbolicWord& yes, const SymbolicWord& no) {
  SymbolicWord result(yes.size());
  for (size_t i = 0; i < yes.size(); ++i) result[i] = diagrams.choose(condition, yes[i], no[i]);
  return result;
}

SymbolicWord complement(Diagrams& diagrams, const SymbolicWord& a) {
  SymbolicWord result(a.size());
  for (size_t i = 0; i < a.size(); ++i) result[i] = diagrams.negation(a[i]);
  return result;
}

SymbolicWord sum_with_carry(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b, Ref carry) {
  SymbolicWord result(a.size());
  for (size_t i = 0; i < a.size(); ++i) {
    const Ref one_of_two = diagrams.differ(a[i], b[i]);
    result[i] = diagrams.differ(one_of_two, carry);
    carry = diagrams.choose(one_of_two, carry, a[i]);
  }
  return result;
}

/// By a known number of places: upwards if positive.
SymbolicWord moved(const SymbolicWord& a, ptrdiff_t places) {
  SymbolicWord result(a.size(), Diagrams::kFalse);
  for (size_t i = 0; i < a.size(); ++i) {
    const ptrdiff_t from = static_cast<ptrdiff_t>(i) - places;
    if (from >= 0 && from < static_cast<ptrdiff_t>(a.size())) result[i] = a[static_cast<size_t>(from)];
  }
  return result;
}

SymbolicWord shifted(Diagrams& diagrams, SymbolicWord a, const SymbolicWord& b, ptrdiff_t direction) {
  for (size_t i = 0; size_t{1} << i < a.size(); ++i) {
    a = choose(diagrams, b[i], moved(a, direction * (ptrdiff_t{1} << i)), a);
  }
  return a;
}

/// From the lowest bit to the highest, of which each overrules those below it.
Ref ordered(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b, Ref if_equal) {
  Ref result = if_equal;
  for (size_t i = 0; i < a.size(); ++i) result = diagrams.choose(diagrams.differ(a[i], b[i]), a[i], result);
  return result;
}

}  // namespace

SymbolicWord constant_word(uint32_t value, size_t width) {
  SymbolicWord word(width);
  for (size_t i = 0; i < width; ++i) word[i] = (value >> i & 1U) != 0 ? Diagrams::kTrue : Diagrams::kFalse;
  return word;
}

std::optional<uint32_t> constant_value(const SymbolicWord& word) {
  uint32_t value = 0;
  for (size_t i = 0; i < word.size(); ++i) {
    if (word[i] != Diagrams::kTrue && word[i] != Diagrams::kFalse) return std::nullopt;
    value |= uint32_t{word[i] == Diagrams::kTrue} << i;
  }
  return value;
}

SymbolicWord bitwise_and(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b) {
  SymbolicWord result(a.size());
  for (size_t i = 0; i < a.size(); ++i) result[i] = diagrams.both(a[i], b[i]);
  return result;
}

SymbolicWord bitwise_or(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b) {
  SymbolicWord result(a.size());
  for (size_t i = 0; i < a.size(); ++i) result[i] = diagrams.either(a[i], b[i]);
  return result;
}

SymbolicWord bitwise_xor(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b) {
  SymbolicWord result(a.size());
  for (size_t i = 0; i < a.size(); ++i) result[i] = diagrams.differ(a[i], b[i]);
  return result;
}

SymbolicWord sum(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b) {
  return sum_with_carry(diagrams, a, b, Diagrams::kFalse);
}

SymbolicWord difference(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b) {
  return sum_with_carry(diagrams, a, complement(diagrams, b), Diagrams::kTrue);
}

SymbolicWord product(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b) {
  // The constant, if there is one, tells which sums are needed at all.
  if (constant_value(a) && !constant_value(b)) return product(diagrams, b, a);
  SymbolicWord result = constant_word(0, a.size());
  for (size_t i = 0; i < b.size(); ++i) {
    if (b[i] == Diagrams::kFalse) continue;
    const SymbolicWord added = sum(diagrams, result, moved(a, static_cast<ptrdiff_t>(i)));
    result = choose(diagrams, b[i], added, result);
  }
  return result;
}

/// Long division: the remainder takes up one bit of `a` after the other, and `b` is taken off it where it fits.
SymbolicWord quotient(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b) {
  SymbolicWord result(a.size());
  SymbolicWord remainder = constant_word(0, a.size());
  for (size_t i = a.size(); i-- > 0;) {
    const Ref overflow = remainder.back();
    remainder = moved(remainder, 1);
    remainder[0] = a[i];
    result[i] = diagrams.either(overflow, greater_or_equal(diagrams, remainder, b));
    remainder = choose(diagrams, result[i], difference(diagrams, remainder, b), remainder);
  }
  return result;
}

SymbolicWord shifted_left(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b) {
  return shifted(diagrams, a, b, 1);
}

SymbolicWord shifted_right(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b) {
  return shifted(diagrams, a, b, -1);
}

Ref equal(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b) {
  Ref result = Diagrams::kTrue;
  for (size_t i = 0; i < a.size(); ++i) result = diagrams.choose(diagrams.differ(a[i], b[i]), Diagrams::kFalse, result);
  return result;
}

Ref greater(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b) {
  return ordered(diagrams, a, b, Diagrams::kFalse);
}

Ref greater_or_equal(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b) {
  return ordered(diagrams, a, b, Diagrams::kTrue);
}

Ref any_common_bit(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b) {
  Ref result = Diagrams::kFalse;
  for (size_t i = 0; i < a.size(); ++i) result = diagrams.either(diagrams.both(a[i], b[i]), result);
  return result;
}

}  // namespace sandbox::bpf
