// The values of an argument on a line, cut where the choice changes.
//
// The problem. Clauses of one call often compare the same argument, one after the other, and the first that holds
// decides:
//
//     socket, argument 0:   equal 1 -> allow   |   greater than 15 -> kill   |   otherwise -> errno
//
// Compiled one by one, every call would load the argument and be compared once a clause, twice each, as an argument has
// 64 bits and BPF's accumulator 32. But each of these conditions asks for a stretch of values, or for all but one. So
// they are laid over one another on one line, from the last clause to the first, and what is seen from above is the
// choice:
//
//     0 errno | 1 allow | 2..15 errno | 16.. kill
//
// which is what a search tree takes (number_tree.h): the word is loaded once, and of n values log2(n) tests are made.
//
// Several conditions of one clause on the same term are cut with one another first (`values_of`). Masked comparisons
// are another term: the value under the mask lies on a line of its own. BitsSet and BitsNotSet ask for no stretch at
// all; they stay single tests (conditions.h).
//
// What was rejected: sorting the clauses by value, which changes what the first match is where they overlap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "resolve/rule_set.h"

namespace sandbox::compile {

/// The bits of an argument that a condition compares with a value, by order or for equality.
struct Term {
  uint8_t argument = 0;
  uint64_t mask = 0;
  bool operator==(const Term&) const = default;
};

/// Whether the condition asks for a stretch of values, or for all but one: all operations but BitsSet and BitsNotSet.
bool asks_for_values(const resolve::Condition& condition);

/// What such a condition compares.
Term term_of(const resolve::Condition& condition);

/// Values from `first` to `last`.
struct Values {
  uint64_t first = 0;
  uint64_t last = 0;
};

/// The values of a term for which all conditions hold, sorted. Precondition: none holds always or never, and they all
/// compare the same term.
std::vector<Values> values_of(std::span<const resolve::Condition> conditions);

/// By the value from which on it holds: an index of the caller's. The first is 0.
class ValueLine {
 public:
  explicit ValueLine(size_t choice) { line_[0] = choice; }

  void set(const Values& values, size_t choice);

  [[nodiscard]] auto begin() const { return line_.begin(); }
  [[nodiscard]] auto end() const { return line_.end(); }

 private:
  std::map<uint64_t, size_t> line_;
};

}  // namespace sandbox::compile
