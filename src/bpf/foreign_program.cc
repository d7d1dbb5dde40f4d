#include "bpf/foreign_program.h"

#include <string>
#include <vector>

#include "base/text.h"

namespace sandbox::bpf {
namespace {

/// The complaint about returning `value`; empty when there is none.
std::string complaint(uint32_t value) {
  switch (value & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_KILL_PROCESS:
    case SECCOMP_RET_KILL_THREAD:
    case SECCOMP_RET_TRAP:
    case SECCOMP_RET_TRACE:
    case SECCOMP_RET_LOG:
    case SECCOMP_RET_ALLOW:
      return {};
    case SECCOMP_RET_ERRNO: {
      const uint32_t number = value & SECCOMP_RET_DATA;
      if (number == 0) return "it returns errno 0, which makes a denied call look done";
      if (number <= kMaxErrno) return {};
      return "it returns errno " + std::to_string(number) + ", expected at most " + std::to_string(kMaxErrno);
    }
    case SECCOMP_RET_USER_NOTIF:
      return "it returns user_notif, and there is nobody to notify";
    default:
      return "it returns " + hex(value, 8) + ", which is no action of seccomp(2)";
  }
}

using Registers = uint8_t;  // A set of them.
constexpr Registers kA = 1;
constexpr Registers kX = 2;

/// What one instruction reads, and then writes.
struct Access {
  Registers reads = 0;
  Registers writes = 0;
};

Access access_of(uint16_t code) {
  const Registers operand = BPF_SRC(code) == BPF_X ? kX : 0;
  switch (BPF_CLASS(code)) {
    case BPF_LD:
      return {0, kA};
    case BPF_LDX:
      return {0, kX};
    case BPF_ST:
      return {kA, 0};
    case BPF_STX:
      return {kX, 0};
    case BPF_ALU:
      if (BPF_OP(code) == BPF_NEG) return {kA, kA};
      return {static_cast<Registers>(kA | operand), kA};
    case BPF_JMP:
      if (BPF_OP(code) == BPF_JA) return {};
      return {static_cast<Registers>(kA | operand), 0};
    case BPF_RET:
      return {BPF_RVAL(code) == BPF_A ? kA : Registers{0}, 0};
    default:  // BPF_MISC.
      return BPF_MISCOP(code) == BPF_TAX ? Access{kA, kX} : Access{kX, kA};
  }
}

}  // namespace

std::optional<InvalidProgram> unwelcome_return(const ValidatedProgram& program, bool token) {
  for (size_t i = 0; i < program.size(); ++i) {
    const Instruction& instruction = program.instructions()[i];
    if (BPF_CLASS(instruction.code) != BPF_RET) continue;
    if (BPF_RVAL(instruction.code) == BPF_A) return InvalidProgram{i, "it returns A, and what that is cannot be told"};
    if (token && instruction.k == SECCOMP_RET_USER_NOTIF) continue;
    std::string message = complaint(instruction.k);
    if (!message.empty()) return InvalidProgram{i, std::move(message)};
  }
  return std::nullopt;
}

EntryReads entry_reads(const ValidatedProgram& program) {
  // One forward pass suffices because jumps go forward only.
  std::vector<Registers> unwritten(program.size(), 0);  // By instruction: what some path to it has not written.
  unwritten[0] = kA | kX;
  Registers reads = 0;
  for (size_t i = 0; i < program.size(); ++i) {
    const Instruction& instruction = program.instructions()[i];
    const Access access = access_of(instruction.code);
    reads |= static_cast<Registers>(access.reads & unwritten[i]);
    const auto left = static_cast<Registers>(unwritten[i] & ~access.writes);
    switch (BPF_CLASS(instruction.code)) {
      case BPF_RET:
        break;
      case BPF_JMP:
        if (BPF_OP(instruction.code) == BPF_JA) {
          unwritten[i + 1 + instruction.k] |= left;
        } else {
          unwritten[i + 1 + instruction.jt] |= left;
          unwritten[i + 1 + instruction.jf] |= left;
        }
        break;
      default:
        unwritten[i + 1] |= left;
        break;
    }
  }
  return {(reads & kA) != 0, (reads & kX) != 0};
}

}  // namespace sandbox::bpf
