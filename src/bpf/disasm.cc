#include "bpf/disasm.h"

#include <array>
#include <cstdio>

#include "bpf/instruction.h"

namespace sandbox::bpf {
namespace {

const char* operation_name(uint16_t code) {
  if (BPF_CLASS(code) == BPF_JMP) {
    switch (BPF_OP(code)) {
      case BPF_JEQ:
        return "jeq";
      case BPF_JGE:
        return "jge";
      case BPF_JGT:
        return "jgt";
      case BPF_JSET:
        return "jset";
      default:
        return "ja";
    }
  }
  switch (BPF_OP(code)) {
    case BPF_ADD:
      return "add";
    case BPF_SUB:
      return "sub";
    case BPF_MUL:
      return "mul";
    case BPF_DIV:
      return "div";
    case BPF_AND:
      return "and";
    case BPF_OR:
      return "or";
    case BPF_XOR:
      return "xor";
    case BPF_LSH:
      return "lsh";
    case BPF_RSH:
      return "rsh";
    default:
      return "neg";
  }
}

template <typename... Arguments>
std::string format(const char* pattern, Arguments... arguments) {
  std::array<char, 96> buffer = {};
  std::snprintf(buffer.data(), buffer.size(), pattern, arguments...);
  return buffer.data();
}

std::string field_name(uint32_t offset) {
  if (offset == kNumberOffset) return "number";
  if (offset == kArchOffset) return "arch";
  if (offset < kArgsOffset) return format("instruction_pointer+%u", offset - 8);
  return format("args[%u]+%u", (offset - kArgsOffset) / 8, offset % 8);
}

std::string return_name(uint32_t value) {
  const uint32_t data = value & SECCOMP_RET_DATA;
  switch (value & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
      return "allow";
    case SECCOMP_RET_LOG:
      return "log";
    case SECCOMP_RET_TRACE:
      return format("trace %u", data);
    case SECCOMP_RET_USER_NOTIF:
      return "user_notif";
    case SECCOMP_RET_ERRNO:
      return format("errno %u", data);
    case SECCOMP_RET_TRAP:
      return format("trap %u", data);
    case SECCOMP_RET_KILL_THREAD:
      return "kill_thread";
    case SECCOMP_RET_KILL_PROCESS:
      return "kill_process";
    default:
      return format("0x%08x", value);
  }
}

std::string load_text(const Instruction& instruction) {
  const char* name = BPF_CLASS(instruction.code) == BPF_LD ? "ld" : "ldx";
  switch (BPF_MODE(instruction.code)) {
    case BPF_ABS:
      return format("%-4s ", name) + field_name(instruction.k);
    case BPF_MEM:
      return format("%-4s M[%u]", name, instruction.k);
    case BPF_LEN:
      return format("%-4s len", name);
    default:
      return format("%-4s 0x%x", name, instruction.k);
  }
}

std::string jump_text(const Instruction& instruction, size_t index) {
  const Successors next = successors(instruction, index);
  if (!is_branch(instruction.code)) return format("ja   %zu", next.yes);
  const std::string operand = takes_x(instruction.code) ? "x" : format("0x%x", instruction.k);
  return format("%-4s %-11s then %zu else %zu", operation_name(instruction.code), operand.c_str(), next.yes, next.no);
}

std::string instruction_text(const Instruction& instruction, size_t index) {
  switch (BPF_CLASS(instruction.code)) {
    case BPF_LD:
    case BPF_LDX:
      return load_text(instruction);
    case BPF_ST:
      return format("st   M[%u]", instruction.k);
    case BPF_STX:
      return format("stx  M[%u]", instruction.k);
    case BPF_JMP:
      return jump_text(instruction, index);
    case BPF_RET:
      return BPF_RVAL(instruction.code) == BPF_A ? "ret  a" : "ret  " + return_name(instruction.k);
    case BPF_MISC:
      return BPF_MISCOP(instruction.code) == BPF_TAX ? "tax" : "txa";
    default:
      break;
  }
  if (BPF_OP(instruction.code) == BPF_NEG) return "neg";
  if (takes_x(instruction.code)) return format("%-4s x", operation_name(instruction.code));
  return format("%-4s 0x%x", operation_name(instruction.code), instruction.k);
}

}  // namespace

std::string disassemble(const Program& program) {
  std::string text;
  for (size_t i = 0; i < program.size(); ++i) {
    text += format("%4zu  ", i);
    text += instruction_text(program[i], i);
    text += '\n';
  }
  return text;
}

}  // namespace sandbox::bpf
