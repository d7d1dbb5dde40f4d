#include "bpf/validate.h"

#include <vector>

// The codes and the jumps are stated here once more, and not taken from instruction.h: this is the account of the
// kernel's checker, which everything else relies on.
namespace sandbox::bpf {
namespace {

enum class Shape : uint8_t {
  kForbidden,
  kPlain,
  kLoad,
  kDivide,
  kShift,
  kScratchRead,
  kScratchWrite,
  kJump,
  kBranch,
  kReturn
};

/// The codes that seccomp_check_filter lets through. BPF_MOD, packet loads and the socket extensions are not among
/// them.
Shape shape_of(uint16_t code) {
  switch (code) {
    case BPF_LD | BPF_W | BPF_ABS:
      return Shape::kLoad;
    case BPF_LD | BPF_W | BPF_LEN:
    case BPF_LDX | BPF_W | BPF_LEN:
    case BPF_LD | BPF_IMM:
    case BPF_LDX | BPF_IMM:
    case BPF_MISC | BPF_TAX:
    case BPF_MISC | BPF_TXA:
    case BPF_ALU | BPF_ADD | BPF_K:
    case BPF_ALU | BPF_ADD | BPF_X:
    case BPF_ALU | BPF_SUB | BPF_K:
    case BPF_ALU | BPF_SUB | BPF_X:
    case BPF_ALU | BPF_MUL | BPF_K:
    case BPF_ALU | BPF_MUL | BPF_X:
    case BPF_ALU | BPF_DIV | BPF_X:
    case BPF_ALU | BPF_AND | BPF_K:
    case BPF_ALU | BPF_AND | BPF_X:
    case BPF_ALU | BPF_OR | BPF_K:
    case BPF_ALU | BPF_OR | BPF_X:
    case BPF_ALU | BPF_XOR | BPF_K:
    case BPF_ALU | BPF_XOR | BPF_X:
    case BPF_ALU | BPF_LSH | BPF_X:
    case BPF_ALU | BPF_RSH | BPF_X:
    case BPF_ALU | BPF_NEG:
      return Shape::kPlain;
    case BPF_ALU | BPF_DIV | BPF_K:
      return Shape::kDivide;
    case BPF_ALU | BPF_LSH | BPF_K:
    case BPF_ALU | BPF_RSH | BPF_K:
      return Shape::kShift;
    case BPF_LD | BPF_MEM:
    case BPF_LDX | BPF_MEM:
      return Shape::kScratchRead;
    case BPF_ST:
    case BPF_STX:
      return Shape::kScratchWrite;
    case BPF_JMP | BPF_JA:
      return Shape::kJump;
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JEQ | BPF_X:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_X:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_X:
    case BPF_JMP | BPF_JSET | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_X:
      return Shape::kBranch;
    case BPF_RET | BPF_K:
    case BPF_RET | BPF_A:
      return Shape::kReturn;
    default:
      return Shape::kForbidden;
  }
}

/// What is wrong with one instruction by itself, or null.
const char* error_of(const Instruction& instruction, size_t index, size_t size) {
  const size_t behind = size - index - 1;  // Instructions after this one.
  switch (shape_of(instruction.code)) {
    case Shape::kForbidden:
      return "the code is not one that seccomp allows";
    case Shape::kLoad:
      if (instruction.k % 4 != 0) return "the load is not aligned to 4 bytes";
      if (instruction.k >= sizeof(seccomp_data)) return "the load is outside struct seccomp_data";
      break;
    case Shape::kDivide:
      if (instruction.k == 0) return "the divisor is 0";
      break;
    case Shape::kShift:
      if (instruction.k >= 32) return "the shift is 32 bits or more";
      break;
    case Shape::kScratchRead:
    case Shape::kScratchWrite:
      if (instruction.k >= BPF_MEMWORDS) return "there are 16 scratch words only";
      break;
    case Shape::kJump:
      if (instruction.k >= behind) return "the jump leaves the program";
      break;
    case Shape::kBranch:
      if (instruction.jt >= behind || instruction.jf >= behind) return "the jump leaves the program";
      break;
    case Shape::kPlain:
    case Shape::kReturn:
      break;
  }
  return nullptr;
}

/// The index of the first read of a scratch word that some path reaches without writing it; the size if there is none.
/// As check_load_and_stores does: one forward pass suffices because jumps go forward only.
size_t first_unwritten_read(const Program& program) {
  constexpr uint16_t kAll = 0xFFFF;
  std::vector<uint16_t> written_at(program.size(), kAll);
  uint16_t written = 0;
  for (size_t i = 0; i < program.size(); ++i) {
    const Instruction& instruction = program[i];
    written &= written_at[i];
    switch (shape_of(instruction.code)) {
      case Shape::kScratchWrite:
        written |= static_cast<uint16_t>(1U << instruction.k);
        break;
      case Shape::kScratchRead:
        if ((written & (1U << instruction.k)) == 0) return i;
        break;
      case Shape::kJump:
        written_at[i + 1 + instruction.k] &= written;
        written = kAll;
        break;
      case Shape::kBranch:
        written_at[i + 1 + instruction.jt] &= written;
        written_at[i + 1 + instruction.jf] &= written;
        written = kAll;
        break;
      default:
        break;
    }
  }
  return program.size();
}

}  // namespace

Result<ValidatedProgram, InvalidProgram> validate(Program program) {
  if (program.empty()) return InvalidProgram{0, "the program is empty"};
  if (program.size() > kMaxInstructions)
    return InvalidProgram{kMaxInstructions, "the program is longer than 4096 instructions"};
  for (size_t i = 0; i < program.size(); ++i) {
    if (const char* message = error_of(program[i], i, program.size())) return InvalidProgram{i, message};
  }
  if (shape_of(program.back().code) != Shape::kReturn) {
    return InvalidProgram{program.size() - 1, "the last instruction is not a return"};
  }
  if (const size_t read = first_unwritten_read(program); read < program.size()) {
    return InvalidProgram{read, "a scratch word is read that no instruction before has written"};
  }
  return ValidatedProgram(std::move(program));
}

}  // namespace sandbox::bpf
