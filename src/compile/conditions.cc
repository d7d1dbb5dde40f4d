#include "compile/conditions.h"

#include <cstdint>
#include <utility>

#include "resolve/evaluate.h"

namespace sandbox::compile {
namespace {

using bpf::Assembler;
using bpf::Compare;
using policy::Operation;
using resolve::Condition;
using Node = Assembler::Node;

/// One argument at its width, compared with constants that fit it.
class Argument {
 public:
  Argument(Assembler& assembler, const Condition& condition, bpf::Endian endian)
      : assembler_(assembler), index_(condition.argument), width_(condition.width), endian_(endian) {}

  Node equal(uint64_t value, Node yes, Node no) { return masked_equal(maximum(), value, yes, no); }

  Node masked_equal(uint64_t mask, uint64_t value, Node yes, Node no) {
    const Node low = masked_half(low_offset(), low_half(mask & maximum()), low_half(value), yes, no);
    return masked_half(high_offset(), high_half(mask & maximum()), high_half(value), low, no);
  }

  Node greater(uint64_t value, Node yes, Node no) { return ordered(Compare::kGreater, value, yes, no); }
  Node greater_or_equal(uint64_t value, Node yes, Node no) { return ordered(Compare::kGreaterOrEqual, value, yes, no); }

  Node any_bit(uint64_t value, Node yes, Node no) {
    const Node low = any_bit_of_half(low_offset(), low_half(value & maximum()), yes, no);
    return any_bit_of_half(high_offset(), high_half(value & maximum()), yes, low);
  }

  [[nodiscard]] uint64_t maximum() const { return UINT64_MAX >> (64U - width_); }

 private:
  static uint32_t low_half(uint64_t value) { return static_cast<uint32_t>(value); }
  static uint32_t high_half(uint64_t value) { return static_cast<uint32_t>(value >> 32U); }
  [[nodiscard]] uint32_t low_offset() const { return bpf::low_half_offset(index_, endian_); }
  [[nodiscard]] uint32_t high_offset() const { return bpf::high_half_offset(index_, endian_); }

  /// Continues at `yes` when the word's bits under the mask equal `value`; an empty mask needs no code.
  Node masked_half(uint32_t offset, uint32_t mask, uint32_t value, Node yes, Node no) {
    if (mask == 0) return value == 0 ? yes : no;
    const Node compare = assembler_.branch(Compare::kEqual, value, yes, no);
    if (compare == yes) return yes;
    const Node masked = mask == UINT32_MAX ? compare : assembler_.step(BPF_ALU | BPF_AND | BPF_K, mask, compare);
    return assembler_.load(offset, masked);
  }

  Node any_bit_of_half(uint32_t offset, uint32_t bits, Node yes, Node no) {
    if (bits == 0 || yes == no) return no;
    return assembler_.load(offset, assembler_.branch(Compare::kAnyBit, bits, yes, no));
  }

  /// The high half decides unless it equals the value's; then the low half does.
  Node ordered(Compare compare, uint64_t value, Node yes, Node no) {
    if (yes == no) return yes;
    Node low = assembler_.branch(compare, low_half(value), yes, no);
    if (width_ == 16) low = assembler_.step(BPF_ALU | BPF_AND | BPF_K, UINT16_MAX, low);
    low = assembler_.load(low_offset(), low);
    if (width_ <= 32) return low;
    const Node tied = assembler_.branch(Compare::kEqual, high_half(value), low, no);
    return assembler_.load(high_offset(), assembler_.branch(Compare::kGreater, high_half(value), yes, tied));
  }

  Assembler& assembler_;
  unsigned index_;
  unsigned width_;
  bpf::Endian endian_;
};

}  // namespace

Node compile_condition(Assembler& assembler, const Condition& condition, bpf::Endian endian, Node yes, Node no) {
  // Without a load, so that what is then allowed for any arguments stays in the kernel's cache.
  if (const auto outcome = resolve::constant_outcome(condition)) return *outcome ? yes : no;
  Argument argument(assembler, condition, endian);
  const uint64_t value = condition.value;
  const bool fits = value <= argument.maximum();
  switch (condition.operation) {
    case Operation::kNotEqual:
      std::swap(yes, no);
      [[fallthrough]];
    case Operation::kEqual:
      return fits ? argument.equal(value, yes, no) : no;
    case Operation::kLessOrEqual:
      std::swap(yes, no);
      [[fallthrough]];
    case Operation::kGreaterThan:
      return fits ? argument.greater(value, yes, no) : no;
    case Operation::kLessThan:
      std::swap(yes, no);
      [[fallthrough]];
    case Operation::kGreaterOrEqual:
      return fits ? argument.greater_or_equal(value, yes, no) : no;
    case Operation::kBitsNotSet:
      std::swap(yes, no);
      [[fallthrough]];
    case Operation::kBitsSet:
      return argument.any_bit(value, yes, no);
    case Operation::kMaskedEqual: {
      const bool possible = (value & ~(condition.mask & argument.maximum())) == 0;
      return possible ? argument.masked_equal(condition.mask, value, yes, no) : no;
    }
  }
  return no;
}

}  // namespace sandbox::compile
