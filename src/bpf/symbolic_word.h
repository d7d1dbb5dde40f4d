// Words of which every bit is a function of other bits: what the registers of a filter hold when the call is not known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "bpf/decision_diagram.h"

namespace sandbox::bpf {

/// The bits from the lowest to the highest. Filters have 32; nothing here depends on that, so that tests can try all
/// values of smaller words. Both operands of an operation are equally wide.
using SymbolicWord = std::vector<Diagrams::Ref>;

/// For tables of words.
struct HashOfWord {
  size_t operator()(const SymbolicWord& word) const {
    uint64_t hash = 0xcbf29ce484222325;
    for (const Diagrams::Ref bit : word) {
      hash = (hash ^ bit) * 0x100000001b3;
      hash ^= hash >> 29U;
    }
    return static_cast<size_t>(hash);
  }
};

SymbolicWord constant_word(uint32_t value, size_t width);
/// The word's value if it has only one.
std::optional<uint32_t> constant_value(const SymbolicWord& word);

/// Arithmetic as classic BPF has it: without signs, modulo 2^width. After each call `diagrams.gave_up()` says whether
/// the result is one.
SymbolicWord bitwise_and(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b);
SymbolicWord bitwise_or(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b);
SymbolicWord bitwise_xor(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b);
SymbolicWord sum(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b);
SymbolicWord difference(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b);
SymbolicWord product(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b);
/// Where `b` is 0, anything.
SymbolicWord quotient(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b);
/// By the low bits of `b` that count places within a word (five of 32).
SymbolicWord shifted_left(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b);
SymbolicWord shifted_right(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b);

/// Comparisons: functions whose leaves are true and false.
Diagrams::Ref equal(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b);
Diagrams::Ref greater(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b);
Diagrams::Ref greater_or_equal(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b);
Diagrams::Ref any_common_bit(Diagrams& diagrams, const SymbolicWord& a, const SymbolicWord& b);

}  // namespace sandbox::bpf
