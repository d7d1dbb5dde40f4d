// What one instruction does: where it leads, what it compares and calculates, what it reads and writes. All code
// that follows a program's paths asks here, so that it agrees.
//
// Two accounts are kept apart on purpose, to be compared with this one in tests. `validate` has its own list of codes
// and its own jumps, as the kernel's checker has them: everything here may rely on what it lets through. `Paths`
// compares and calculates bit by bit (symbolic_word), and must come to what `interpret` does with the functions here;
// the kernel tests hold `interpret` to the kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "bpf/program.h"

namespace sandbox::bpf {

constexpr bool is_return(uint16_t code) {
  return BPF_CLASS(code) == BPF_RET;
}
constexpr bool is_jump(uint16_t code) {
  return BPF_CLASS(code) == BPF_JMP;
}
/// A jump with a condition.
constexpr bool is_branch(uint16_t code) {
  return is_jump(code) && BPF_OP(code) != BPF_JA;
}

/// Whether a comparison or a calculation is with X, and not with a constant.
constexpr bool takes_x(uint16_t code) {
  return BPF_SRC(code) == BPF_X;
}

/// The indices of the instructions that can follow: where a condition holds, and where it does not. The same twice for
/// an instruction without a condition.
struct Successors {
  size_t yes = 0;
  size_t no = 0;
};

/// Those of the instruction at index `at`, which is no return. Always behind it: jumps lead forward only.
constexpr Successors successors(const Instruction& instruction, size_t at) {
  const size_t next = at + 1;
  if (is_branch(instruction.code)) return {next + instruction.jt, next + instruction.jf};
  if (is_jump(instruction.code)) return {next + instruction.k, next + instruction.k};
  return {next, next};
}

/// Whether a branch's condition holds for A and its operand.
constexpr bool holds(uint16_t code, uint32_t a, uint32_t operand) {
  switch (BPF_OP(code)) {
    case BPF_JEQ:
      return a == operand;
    case BPF_JGE:
      return a >= operand;
    case BPF_JGT:
      return a > operand;
    default:  // BPF_JSET, the only other code that `validate` lets through.
      return (a & operand) != 0;
  }
}

/// What a calculation makes of A. None: it divides by 0, and the program ends with the answer 0.
constexpr std::optional<uint32_t> calculate(uint16_t code, uint32_t a, uint32_t operand) {
  switch (BPF_OP(code)) {
    case BPF_ADD:
      return a + operand;
    case BPF_SUB:
      return a - operand;
    case BPF_MUL:
      return a * operand;
    case BPF_DIV:
      return operand == 0 ? std::nullopt : std::optional(a / operand);
    case BPF_AND:
      return a & operand;
    case BPF_OR:
      return a | operand;
    case BPF_XOR:
      return a ^ operand;
    case BPF_LSH:
      return a << (operand & 31U);  // A shift by X uses its low five bits.
    case BPF_RSH:
      return a >> (operand & 31U);
    default:  // BPF_NEG.
      return -a;
  }
}

/// A set of the registers and the scratch words.
using Storage = uint32_t;
inline constexpr Storage kStorageA = 1;
inline constexpr Storage kStorageX = 2;
constexpr Storage scratch_storage(uint32_t word) {
  return 4U << word;
}

/// What an instruction reads, and then writes.
struct Access {
  Storage reads = 0;
  Storage writes = 0;
};

constexpr Access access_of(const Instruction& instruction) {
  const uint16_t code = instruction.code;
  const Storage operand = takes_x(code) ? kStorageX : 0;
  switch (BPF_CLASS(code)) {
    case BPF_LD:
    case BPF_LDX: {
      const Storage target = BPF_CLASS(code) == BPF_LD ? kStorageA : kStorageX;
      return {BPF_MODE(code) == BPF_MEM ? scratch_storage(instruction.k) : 0, target};
    }
    case BPF_ST:
      return {kStorageA, scratch_storage(instruction.k)};
    case BPF_STX:
      return {kStorageX, scratch_storage(instruction.k)};
    case BPF_ALU:  // Negation has no operand, and its source bit is clear.
      return {kStorageA | operand, kStorageA};
    case BPF_JMP:
      return {is_branch(code) ? kStorageA | operand : 0, 0};
    case BPF_RET:
      return {BPF_RVAL(code) == BPF_A ? kStorageA : 0, 0};
    default:  // BPF_MISC.
      return BPF_MISCOP(code) == BPF_TAX ? Access{kStorageA, kStorageX} : Access{kStorageX, kStorageA};
  }
}

}  // namespace sandbox::bpf
