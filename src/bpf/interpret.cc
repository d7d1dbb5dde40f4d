#include "bpf/interpret.h"

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "bpf/instruction.h"

namespace sandbox::bpf {
namespace {

using Words = std::array<uint32_t, sizeof(seccomp_data) / 4>;

Words lay_out(const SystemCall& call, Endian endian) {
  Words words = {};
  const auto put = [&](size_t word, uint64_t value) {
    const auto low = static_cast<uint32_t>(value);
    const auto high = static_cast<uint32_t>(value >> 32U);
    words[word] = endian == Endian::kLittle ? low : high;
    words[word + 1] = endian == Endian::kLittle ? high : low;
  };
  words[kNumberOffset / 4] = call.number;
  words[kArchOffset / 4] = call.arch;
  put(offsetof(seccomp_data, instruction_pointer) / 4, call.instruction_pointer);
  for (unsigned i = 0; i < kArgumentCount; ++i) put((kArgsOffset + 8 * i) / 4, call.args[i]);
  return words;
}

/// Calls `visit` with the index of each instruction before it is executed. Returns the program's answer.
template <typename Visit>
uint32_t run(const ValidatedProgram& program, const SystemCall& call, Endian endian, const Visit& visit) {
  const Words data = lay_out(call, endian);
  std::array<uint32_t, BPF_MEMWORDS> scratch = {};
  uint32_t a = 0;
  uint32_t x = 0;
  for (size_t pc = 0;; ++pc) {
    const Instruction& instruction = program.instructions()[pc];
    visit(pc);
    const uint32_t operand = BPF_SRC(instruction.code) == BPF_X ? x : instruction.k;
    switch (BPF_CLASS(instruction.code)) {
      case BPF_LD:
      case BPF_LDX: {
        uint32_t value = instruction.k;
        if (BPF_MODE(instruction.code) == BPF_ABS) value = data[instruction.k / 4];
        if (BPF_MODE(instruction.code) == BPF_MEM) value = scratch[instruction.k];
        if (BPF_MODE(instruction.code) == BPF_LEN) value = sizeof(seccomp_data);
        (BPF_CLASS(instruction.code) == BPF_LD ? a : x) = value;
        break;
      }
      case BPF_ST:
        scratch[instruction.k] = a;
        break;
      case BPF_STX:
        scratch[instruction.k] = x;
        break;
      case BPF_ALU: {
        const std::optional<uint32_t> result = calculate(instruction.code, a, operand);
        if (!result) return 0;  // The kernel ends with 0.
        a = *result;
        break;
      }
      case BPF_JMP:
        if (BPF_OP(instruction.code) == BPF_JA) {
          pc += instruction.k;
        } else {
          pc += holds(instruction.code, a, operand) ? instruction.jt : instruction.jf;
        }
        break;
      case BPF_RET:
        return BPF_RVAL(instruction.code) == BPF_A ? a : instruction.k;
      default:  // BPF_MISC.
        (BPF_MISCOP(instruction.code) == BPF_TAX ? x : a) = BPF_MISCOP(instruction.code) == BPF_TAX ? a : x;
        break;
    }
  }
}

}  // namespace

Outcome interpret(const ValidatedProgram& program, const SystemCall& call, Endian endian) {
  uint32_t steps = 0;
  const uint32_t value = run(program, call, endian, [&](size_t) { ++steps; });
  return {value, steps};
}

std::vector<size_t> trace(const ValidatedProgram& program, const SystemCall& call, Endian endian) {
  std::vector<size_t> path;
  run(program, call, endian, [&](size_t pc) { path.push_back(pc); });
  return path;
}

bool is_cached_allow(const ValidatedProgram& program, uint32_t arch, uint32_t number) {
  uint32_t a = 0;
  for (size_t pc = 0;; ++pc) {
    const Instruction& instruction = program.instructions()[pc];
    switch (instruction.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (instruction.k == kNumberOffset) {
          a = number;
        } else if (instruction.k == kArchOffset) {
          a = arch;
        } else {
          return false;
        }
        break;
      case BPF_RET | BPF_K:
        return instruction.k == SECCOMP_RET_ALLOW;
      case BPF_JMP | BPF_JA:
        pc += instruction.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
      case BPF_JMP | BPF_JGE | BPF_K:
      case BPF_JMP | BPF_JGT | BPF_K:
      case BPF_JMP | BPF_JSET | BPF_K:
        pc += holds(instruction.code, a, instruction.k) ? instruction.jt : instruction.jf;
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        a &= instruction.k;
        break;
      default:
        return false;
    }
  }
}

}  // namespace sandbox::bpf
