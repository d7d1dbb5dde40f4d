#include "bpf/foreign_program.h"

#include <string>
#include <vector>

#include "base/text.h"
#include "bpf/instruction.h"

namespace sandbox::bpf {
namespace {

/// What is wrong with returning `value`; empty when nothing is.
std::string error_of(uint32_t value) {
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
      return "it returns user_notif, and there is no supervisor to notify";
    default:
      return "it returns " + hex(value, 8) + ", which is no action of seccomp(2)";
  }
}

}  // namespace

std::optional<InvalidProgram> unusable_return(const ValidatedProgram& program, bool token, bool errno_zero) {
  for (size_t i = 0; i < program.size(); ++i) {
    const Instruction& instruction = program.instructions()[i];
    if (!is_return(instruction.code)) continue;
    if (BPF_RVAL(instruction.code) == BPF_A) return InvalidProgram{i, "it returns A, and what that is cannot be told"};
    if (token && instruction.k == SECCOMP_RET_USER_NOTIF) continue;
    if (errno_zero && instruction.k == SECCOMP_RET_ERRNO) continue;
    std::string message = error_of(instruction.k);
    if (!message.empty()) return InvalidProgram{i, std::move(message)};
  }
  return std::nullopt;
}

EntryReads entry_reads(const ValidatedProgram& program) {
  // One forward pass suffices because jumps go forward only.
  std::vector<Storage> unwritten(program.size(), 0);  // By instruction: what some path to it has not written.
  unwritten[0] = kStorageA | kStorageX;
  Storage reads = 0;
  for (size_t i = 0; i < program.size(); ++i) {
    const Instruction& instruction = program.instructions()[i];
    const Access access = access_of(instruction);
    reads |= access.reads & unwritten[i];
    if (is_return(instruction.code)) continue;
    const Successors next = successors(instruction, i);
    unwritten[next.yes] |= unwritten[i] & ~access.writes;
    unwritten[next.no] |= unwritten[i] & ~access.writes;
  }
  return {(reads & kStorageA) != 0, (reads & kStorageX) != 0};
}

}  // namespace sandbox::bpf
