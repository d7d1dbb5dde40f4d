// Sets of argument vectors, exactly: what a call's clauses say, as functions of the bits of its six arguments.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "bpf/decision_diagram.h"
#include "bpf/program.h"
#include "resolve/rule_set.h"

namespace sandbox::resolve {

/// The arguments whose bits under `mask` equal `value`, for each of the six; a mask of 0 leaves an argument free.
struct Cube {
  std::array<uint64_t, bpf::kArgumentCount> mask{};
  std::array<uint64_t, bpf::kArgumentCount> value{};
};

/// Makes sets and remembers them, so that equal sets are one number. Sets of different makers have nothing to do with
/// one another. Variables are the 384 bits, the first argument's highest bit first.
///
/// A set can need more work than is sensible: then every answer is meaningless, and `gave_up` says so.
class ArgumentSets {
 public:
  using Set = bpf::Diagrams::Ref;
  static constexpr Set kNone = bpf::Diagrams::kFalse;
  static constexpr Set kAll = bpf::Diagrams::kTrue;

  ArgumentSets();

  /// The arguments for which the condition holds, at its width.
  Set where(const Condition& condition);
  /// Those for which all of them hold.
  Set where(const std::vector<Condition>& conditions);

  Set both(Set a, Set b) { return diagrams_.both(a, b); }
  Set either(Set a, Set b) { return diagrams_.either(a, b); }
  Set without(Set a, Set b) { return diagrams_.choose(b, kNone, a); }
  Set complement(Set set) { return diagrams_.negation(set); }
  bool within(Set part, Set whole) { return without(part, whole) == kNone; }

  /// The set as an ABI with 32-bit registers sees it: whether those with upper halves of 0 are members decides.
  Set low_words(Set set);

  /// Cubes that cover `lower` and lie in `upper`: at most `most`, or none.
  std::optional<std::vector<Cube>> cover(Set lower, Set upper, size_t most);

  /// Some member. Precondition: not kNone.
  [[nodiscard]] std::array<uint64_t, bpf::kArgumentCount> witness(Set set) const;

  [[nodiscard]] bool gave_up() const { return diagrams_.gave_up(); }

 private:
  struct Cover {
    Set set = kNone;
    std::vector<Cube> cubes;
  };

  Set node(uint32_t bit, Set zero, Set one) { return diagrams_.choose(diagrams_.variable(bit), one, zero); }
  Set masked(unsigned argument, uint64_t mask, uint64_t value);
  Set less(unsigned argument, unsigned width, uint64_t value);
  Set with_low_words(Set set, std::unordered_map<Set, Set>& done);
  std::optional<Cover> cover_between(Set lower, Set upper, size_t most);

  bpf::Diagrams diagrams_;
};

}  // namespace sandbox::resolve
