// Random programs that the kernel accepts and that look a little like filters.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "bpf/foreign_program.h"
#include "bpf/validate.h"
#include "support/random.h"

namespace sandbox::testing {

/// What a random program compares with and returns: without bias it would hardly ever do anything twice.
struct ProgramPool {
  std::vector<uint32_t> numbers;  ///< Call numbers, audit archs and the like.
  std::vector<uint32_t> returns;  ///< SECCOMP_RET_*.
};

class RandomPrograms {
 public:
  RandomPrograms(Random& random, ProgramPool pool) : random_(random), pool_(std::move(pool)) {}

  /// A program of up to `longest` instructions that read_raw_filter takes. A plain one has only such as a call that the
  /// kernel caches may run.
  bpf::ValidatedProgram draw(size_t longest, bool plain = false) {
    for (;;) {
      bpf::Program program;
      const size_t size = 1 + random_.below(longest);
      while (program.size() + 1 < size) {
        const size_t behind = size - program.size() - 1;
        program.push_back(plain ? plain_instruction(behind) : any_instruction(behind));
      }
      program.push_back(a_return());
      auto validated = bpf::validate(std::move(program));
      if (validated && !bpf::unusable_return(*validated)) return std::move(*validated);
    }
  }

 private:
  bpf::Instruction a_return() { return {BPF_RET | BPF_K, 0, 0, random_.any_of(pool_.returns)}; }

  uint32_t constant() {
    if (random_.one_in(4)) return static_cast<uint32_t>(random_.below(4));
    return random_.one_in(8) ? static_cast<uint32_t>(random_.bits()) : random_.any_of(pool_.numbers);
  }

  bpf::Instruction plain_instruction(size_t behind) {
    if (random_.one_in(4))
      return {BPF_LD | BPF_W | BPF_ABS, 0, 0, random_.one_in(3) ? bpf::kArchOffset : bpf::kNumberOffset};
    if (random_.one_in(16)) return a_return();
    if (random_.one_in(8)) return {BPF_ALU | BPF_AND | BPF_K, 0, 0, constant()};
    bpf::Instruction instruction = comparison(behind);
    instruction.code &= static_cast<uint16_t>(~BPF_X);
    return instruction;
  }

  /// `behind` instructions follow.
  bpf::Instruction any_instruction(size_t behind) {
    switch (random_.below(12)) {
      case 0:
      case 1:
        return {BPF_LD | BPF_W | BPF_ABS, 0, 0, random_.one_in(3) ? bpf::kArchOffset : bpf::kNumberOffset};
      case 2:
        return {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<uint32_t>(4 * random_.below(16))};
      case 3:
        return load_or_store();
      case 4:
      case 5:
        return arithmetic();
      case 6:
        return random_.one_in(6) ? a_return() : bpf::Instruction{BPF_MISC | BPF_TAX, 0, 0, 0};
      case 7:
        return {BPF_JMP | BPF_JA, 0, 0, static_cast<uint32_t>(random_.below(behind))};
      default:
        return comparison(behind);
    }
  }

  bpf::Instruction load_or_store() {
    static constexpr uint16_t kCodes[] = {
        BPF_LD | BPF_IMM,   BPF_LDX | BPF_IMM,       BPF_ST, BPF_STX, BPF_LD | BPF_MEM, BPF_LDX | BPF_MEM,
        BPF_MISC | BPF_TXA, BPF_LD | BPF_W | BPF_LEN};
    const uint16_t code = random_.any_of(kCodes);
    const bool immediate = BPF_MODE(code) == BPF_IMM && (BPF_CLASS(code) == BPF_LD || BPF_CLASS(code) == BPF_LDX);
    return {code, 0, 0, immediate ? constant() : static_cast<uint32_t>(random_.below(2))};
  }

  bpf::Instruction arithmetic() {
    static constexpr uint16_t kOperations[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_AND, BPF_AND, BPF_AND,
                                               BPF_OR,  BPF_XOR, BPF_LSH, BPF_RSH, BPF_DIV};
    const uint16_t operation = random_.any_of(kOperations);
    const uint16_t source = random_.one_in(3) ? BPF_X : BPF_K;
    const bool shift = operation == BPF_LSH || operation == BPF_RSH;
    const uint32_t k = shift ? static_cast<uint32_t>(random_.below(32)) : constant() | (operation == BPF_DIV ? 1 : 0);
    return {static_cast<uint16_t>(BPF_ALU | operation | source), 0, 0, k};
  }

  bpf::Instruction comparison(size_t behind) {
    static constexpr uint16_t kComparisons[] = {BPF_JEQ, BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JSET};
    const uint16_t source = random_.one_in(8) ? BPF_X : BPF_K;
    const auto code = static_cast<uint16_t>(BPF_JMP | random_.any_of(kComparisons) | source);
    const size_t reach = std::min<size_t>(behind, 256);
    return {code, static_cast<uint8_t>(random_.below(reach)), static_cast<uint8_t>(random_.below(reach)), constant()};
  }

  Random& random_;
  ProgramPool pool_;
};

}  // namespace sandbox::testing
