#include "compile/notify.h"

#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "arch/syscalls.h"
#include "bpf/assembler.h"
#include "bpf/interpret.h"
#include "bpf/walk.h"
#include "compile/listener_guard.h"
#include "compile/prefix.h"

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

/// What a program can answer to a call, whatever its arguments: the actions.
std::vector<uint32_t> possible_actions(const bpf::Program& program, const NotifiedCall& call) {
  std::array<std::vector<bool>, bpf::kKnownACount> reached;
  for (auto& one : reached) one.assign(program.size(), false);
  reached[0][0] = true;
  std::vector<uint32_t> actions;
  for (size_t at = 0; at < program.size(); ++at) {
    for (size_t known = 0; known < bpf::kKnownACount; ++known) {
      if (!reached[known][at]) continue;
      if (bpf::is_return(program[at].code)) {
        actions.push_back(program[at].k & SECCOMP_RET_ACTION_FULL);
        continue;
      }
      const auto before = static_cast<bpf::KnownA>(known);
      const bpf::Successors next = bpf::successors(program[at], at, before, call.audit_arch, call.number);
      auto& after = reached[static_cast<size_t>(bpf::known_after(program[at], before))];
      after[next.yes] = true;
      after[next.no] = true;
    }
  }
  return actions;
}

/// What installs a filter: the call, and the value of its argument 0.
struct Installer {
  std::string_view name;
  uint32_t operation = 0;
};
constexpr std::array kInstallers = {Installer{"seccomp", SECCOMP_SET_MODE_FILTER}, Installer{"prctl", PR_SET_SECCOMP}};

/// Sends the calls to `notify`, by a search among their numbers.
class CallSearch {
 public:
  CallSearch(Assembler& assembler, arch::Abi machine, Node notify, Node program)
      : assembler_(assembler), machine_(machine), notify_(notify), program_(program) {}

  Node make(std::span<const NotifiedCall> calls) {
    std::map<uint32_t, std::vector<std::pair<uint32_t, Node>>> by_arch;
    for (const NotifiedCall& call : calls) by_arch[call.audit_arch].emplace_back(call.number, notify_);
    Node next = program_;
    for (auto& [audit_arch, numbers] : by_arch) {
      for (const arch::Abi abi : arch::abis_of_machine(machine_)) {
        if (arch::info(abi).audit_arch != audit_arch) continue;
        for (const Installer& installer : kInstallers) {
          if (const auto number = arch::number_of(abi, installer.name))
            numbers.emplace_back(*number, install(installer));
        }
      }
      std::ranges::sort(numbers, {}, &std::pair<uint32_t, Node>::first);
      const Node number = assembler_.load(bpf::kNumberOffset, search(numbers));
      next = assembler_.branch(Compare::kEqual, audit_arch, number, next);
    }
    return assembler_.load(bpf::kArchOffset, next);
  }

 private:
  Node install(const Installer& installer) {
    const Node asked = assembler_.branch(Compare::kEqual, installer.operation, notify_, program_);
    return assembler_.load(bpf::low_half_offset(0, arch::info(machine_).endian), asked);
  }

  Node search(std::span<const std::pair<uint32_t, Node>> numbers) {
    constexpr size_t kFew = 3;
    if (numbers.size() > kFew) {
      const size_t middle = numbers.size() / 2;
      const Node above = search(numbers.subspan(middle));
      const Node below = search(numbers.first(middle));
      return assembler_.branch(Compare::kGreaterOrEqual, numbers[middle].first, above, below);
    }
    Node next = program_;
    for (const auto& [number, then] : numbers) next = assembler_.branch(Compare::kEqual, number, then, next);
    return next;
  }

  Assembler& assembler_;
  arch::Abi machine_;
  Node notify_;
  Node program_;
};

Result<Filter, CompileError> with_calls(const Filter& filter, Notify notify, arch::Abi machine,
                                        std::span<const NotifiedCall> calls) {
  Prefix prefix(filter);
  Assembler& assembler = prefix.assembler();
  const Node program = prefix.program(Prefix::Written::kA);
  const Node waits = notify == Notify::kDenials ? denial(assembler, arch::info(machine).endian)
                                                : assembler.ret(SECCOMP_RET_USER_NOTIF);
  return prefix.finish(CallSearch(assembler, machine, waits, program).make(calls));
}

}  // namespace

std::vector<NotifiedCall> notifiable(const Filter& filter, std::span<const std::string_view> names, arch::Abi machine) {
  std::vector<NotifiedCall> calls;
  for (const arch::Abi abi : arch::abis_of_machine(machine)) {
    for (const std::string_view name : names) {
      const auto number = arch::number_of(abi, name);
      if (!number) continue;
      const NotifiedCall call = {arch::info(abi).audit_arch, *number};
      const std::vector<uint32_t> actions = possible_actions(filter.program.instructions(), call);
      const auto is = [&](uint32_t action) { return std::ranges::find(actions, action) != actions.end(); };
      const bool loses = is(SECCOMP_RET_TRAP) || is(SECCOMP_RET_TRACE) || is(SECCOMP_RET_LOG);
      if (is(SECCOMP_RET_ALLOW) && !loses) calls.push_back(call);
    }
  }
  std::ranges::sort(calls);
  return calls;
}

bool installs_filter(const bpf::SystemCall& call, arch::Abi machine) {
  for (const arch::Abi abi : arch::abis_of_machine(machine)) {
    if (arch::info(abi).audit_arch != call.arch) continue;
    for (const Installer& installer : kInstallers) {
      if (arch::number_of(abi, installer.name) != call.number) continue;
      if (static_cast<uint32_t>(call.args[0]) == installer.operation) return true;
    }
  }
  return false;
}

bool notifies_execve(const Filter& filter, arch::Abi launcher) {
  bpf::SystemCall call;
  call.arch = arch::info(launcher).audit_arch;
  call.number = arch::number_of(launcher, "execve").value_or(UINT32_MAX);
  const auto answer = bpf::interpret(filter.program, call, arch::info(launcher).endian).value;
  return (answer & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF;
}

std::vector<uint32_t> must_not_wait(arch::Abi abi) {
  std::vector<uint32_t> numbers;
  for (const std::string_view name : kMustNotWait) {
    if (const auto number = arch::number_of(abi, name)) numbers.push_back(*number);
  }
  return numbers;
}

Result<Filter, CompileError> with_notifications(const Filter& filter, Notify notify, arch::Abi machine,
                                                std::span<const NotifiedCall> also) {
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
  if (whole && !also.empty()) whole = with_calls(*whole, notify, machine, also);
  if (!whole) return whole;
  return with_listener_guard(*whole, machine, notify);
}

}  // namespace sandbox::compile
