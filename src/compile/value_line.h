// The values of an argument on a line, cut where the choice changes.
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
