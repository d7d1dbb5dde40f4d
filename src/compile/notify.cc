#include "compile/notify.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "arch/syscalls.h"
#include "bpf/assembler.h"
#include "compile/listener_guard.h"

namespace sandbox::compile {
namespace {

using bpf::Assembler;
using bpf::Compare;
using Node = Assembler::Node;

/// Calls that the kernel cannot hold up: a signal that arrives meanwhile finds a frame, or a call to restart, that is
/// half undone (a notified rt_sigreturn crashed and hung a program with timers). And exit does not return.
constexpr std::string_view kMustNotWait[] = {"rt_sigreturn", "sigreturn", "restart_syscall", "exit", "exit_group"};

bool becomes_notification(const bpf::Instruction& instruction, Notify notify) {
  if (instruction.code != (BPF_RET | BPF_K)) return false;
  switch (instruction.k & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
    case SECCOMP_RET_USER_NOTIF:  // For the exec token.
      return false;
    case SECCOMP_RET_TRAP:
    case SECCOMP_RET_TRACE:
    case SECCOMP_RET_LOG:
      return notify == Notify::kEverything;
    default:
      return true;
  }
}

/// A kill that the supervisor asks for, else a notification.
Node denial(Assembler& assembler, bpf::Endian endian) {
  const Node notify = assembler.ret(SECCOMP_RET_USER_NOTIF);
  Node which = assembler.branch(Compare::kEqual, kKillThreadRequest, assembler.ret(SECCOMP_RET_KILL_THREAD), notify);
  which = assembler.branch(Compare::kEqual, kKillProcessRequest, assembler.ret(SECCOMP_RET_KILL_PROCESS), which);
  which = assembler.load(bpf::low_half_offset(kKillRequestArgument + 1, endian), which);
  const Node magic = assembler.branch(Compare::kEqual, kKillRequestMagic, which, notify);
  return assembler.load(bpf::low_half_offset(kKillRequestArgument, endian), magic);
}

/// A notification, but for calls that must not wait: these are allowed.
Node everything(Assembler& assembler, arch::Abi machine) {
  const Node notify = assembler.ret(SECCOMP_RET_USER_NOTIF);
  const Node allow = assembler.ret(SECCOMP_RET_ALLOW);
  Node next = notify;
  const std::vector<arch::Abi> abis = arch::abis_of_machine(machine);
  std::vector<uint32_t> done;
  for (const arch::Abi abi : abis) {
    const uint32_t audit_arch = arch::info(abi).audit_arch;
    if (std::find(done.begin(), done.end(), audit_arch) != done.end()) continue;
    done.push_back(audit_arch);
    Node number = notify;
    for (const arch::Abi other : abis) {  // x86_64 and x32 share one.
      if (arch::info(other).audit_arch != audit_arch) continue;
      for (const uint32_t unstoppable : must_not_wait(other)) {
        number = assembler.branch(Compare::kEqual, unstoppable, allow, number);
      }
    }
    next = assembler.branch(Compare::kEqual, audit_arch, assembler.load(bpf::kNumberOffset, number), next);
  }
  return assembler.load(bpf::kArchOffset, next);
}

}  // namespace

std::vector<uint32_t> must_not_wait(arch::Abi abi) {
  std::vector<uint32_t> numbers;
  for (const std::string_view name : kMustNotWait) {
    if (const auto number = arch::number_of(abi, name)) numbers.push_back(*number);
  }
  return numbers;
}

Result<Filter, CompileError> with_notifications(const Filter& filter, Notify notify, arch::Abi machine) {
  Assembler assembler;
  const Node root =
      notify == Notify::kDenials ? denial(assembler, arch::info(machine).endian) : everything(assembler, machine);
  const bpf::Program tail = assembler.assemble(root).program;

  // An answer becomes a jump to the tail: nothing moves, so jumps and token sites stay right.
  bpf::Program program = filter.program.instructions();
  const size_t size = program.size();
  for (size_t i = 0; i < size; ++i) {
    if (!becomes_notification(program[i], notify)) continue;
    program[i] = {BPF_JMP | BPF_JA, 0, 0, static_cast<uint32_t>(size - i - 1)};
  }
  program.insert(program.end(), tail.begin(), tail.end());
  auto whole = joined_filter(std::move(program), filter.token_sites, filter.ranges);
  if (!whole) return whole;
  return with_listener_guard(*whole, machine, notify);
}

}  // namespace sandbox::compile
