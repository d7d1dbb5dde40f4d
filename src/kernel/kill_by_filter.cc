#include "kernel/kill_by_filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>

#include "arch/abi.h"
#include "bpf/interpret.h"
#include "compile/notify.h"
#include "kernel/caller.h"

namespace sandbox::kernel {
namespace {

#if defined(__x86_64__) && !defined(__ILP32__)

/// The instructions that make a call have two bytes each: syscall, int 0x80, sysenter. (The kernel lets a caller that
/// used sysenter go on behind an int 0x80 of the vDSO.) Calls in the vsyscall page are no instruction of these.
constexpr unsigned kCallBytes = 2;

bool is_call(long word) {
  const auto bytes = static_cast<unsigned long>(word) & 0xffffU;
  return bytes == 0x050fU || bytes == 0x80cdU || bytes == 0x340fU;
}

/// Puts the stopped caller back before its call, with the kill request in its arguments.
bool rewind_to_call(pid_t thread, const bpf::SystemCall& call, uint32_t which) {
  user_regs_struct registers = {};
  if (ptrace(PTRACE_GETREGS, thread, nullptr, &registers) != 0) return false;
  errno = 0;
  const long word = ptrace(PTRACE_PEEKTEXT, thread, registers.rip - kCallBytes, nullptr);
  if (errno != 0 || !is_call(word)) return false;
  registers.rip -= kCallBytes;
  registers.rax = call.number;
  registers.orig_rax = ~0UL;  // Nothing for the kernel to restart.
  if (call.arch == AUDIT_ARCH_I386) {
    registers.rdi = compile::kKillRequestMagic;
    registers.rbp = which;
  } else {
    registers.r8 = compile::kKillRequestMagic;
    registers.r9 = which;
  }
  return ptrace(PTRACE_SETREGS, thread, nullptr, &registers) == 0;
}

constexpr bool kCanRewind = true;

#else

constexpr bool kCanRewind = false;

bool rewind_to_call(pid_t, const bpf::SystemCall&, uint32_t) {
  return false;
}

#endif

uint32_t request_of(Kill kill) {
  return kill == Kill::kThread ? compile::kKillThreadRequest : compile::kKillProcessRequest;
}

using Outcome = KillResult::Outcome;

/// The state of a thread that was seized.
enum class Seen : uint8_t { kRuns, kStopped, kEnded, kGone };

/// Consumes no status: only the supervisor reaps, and learns by that how the target ended. So stops are not waited for
/// either: a thread has stopped if ptrace(2) can tell by what signal, which is `stop` then.
Seen look_at(pid_t thread, siginfo_t* stop) {
  if (ptrace(PTRACE_GETSIGINFO, thread, nullptr, stop) == 0) return Seen::kStopped;
  siginfo_t ended = {};
  if (waitid(P_PID, static_cast<id_t>(thread), &ended, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0) return Seen::kGone;
  if (ended.si_pid != 0 && ended.si_code != CLD_TRAPPED) return Seen::kEnded;
  // The first thread of a process that runs on without it ends without a status.
  return is_zombie(thread) ? Seen::kEnded : Seen::kRuns;
}

/// Ever longer, up to a millisecond.
class Pause {
 public:
  void rest() {
    const timespec time = {0, nanoseconds_};
    nanosleep(&time, nullptr);
    nanoseconds_ = std::min(2 * nanoseconds_, 1000000L);
  }

 private:
  long nanoseconds_ = 1000;
};

/// Stops a thread that was seized. When another thread of its process executes a program, it is gone without a status,
/// and its number may be the new program's. But then we do not trace it, and cannot interrupt it. Nor can we interrupt
/// one that is just dying: that is waited for a little.
Seen stop(pid_t thread, siginfo_t* by) {
  constexpr int kDying = 50;
  Pause pause;
  for (int dying = 0; dying < kDying; pause.rest()) {
    const Seen seen = look_at(thread, by);
    if (seen != Seen::kRuns) return seen;
    if (ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr) != 0) ++dying;
  }
  return Seen::kGone;
}

bool is_event_stop(const siginfo_t& stop) {
  constexpr int kEventShift = 8;
  return stop.si_code >> kEventShift == PTRACE_EVENT_STOP;
}

/// Detaches from a thread that may not be the caller: its number could have been reused.
KillResult release(pid_t thread) {
  siginfo_t by = {};
  if (stop(thread, &by) == Seen::kStopped)
    ptrace(PTRACE_DETACH, thread, nullptr, is_event_stop(by) ? 0L : static_cast<long>(by.si_signo));
  return {Outcome::kGone, false};
}

/// So that no handler of the caller's runs before its call.
void block_signals(pid_t thread) {
  uint64_t all = UINT64_MAX;
  ptrace(PTRACE_SETSIGMASK, thread, sizeof all, &all);
}

/// Executes one instruction, the call, and waits for the end. Writing a core file can make that long.
KillResult step_to_death(pid_t thread) {
  constexpr int kStops = 16;  // By SIGSTOP, which cannot be blocked.
  for (int stops = 0; stops < kStops; ++stops) {
    // It is stopped, unless another thread that executes a program has killed it.
    if (ptrace(PTRACE_SINGLESTEP, thread, nullptr, nullptr) != 0) return {Outcome::kGone, true};
    siginfo_t by = {};
    Seen seen = Seen::kRuns;
    for (Pause pause; (seen = look_at(thread, &by)) == Seen::kRuns; pause.rest()) {
      if (!is_traced_here(thread)) return {Outcome::kGone, true};  // See `stop`.
    }
    if (seen == Seen::kEnded) return {Outcome::kKilledByFilter, true};
    if (seen == Seen::kGone) return {Outcome::kGone, true};
    // Behind another instruction it stops by SIGTRAP; for a further PTRACE_INTERRUPT by an event that looks like it.
    if (by.si_signo == SIGTRAP && !is_event_stop(by)) break;
  }
  kill(thread, SIGKILL);
  return {Outcome::kKilledBySigkill, true};
}

}  // namespace

AfterKill after_kill(Kill kill, const KillResult& result) {
  switch (result.outcome) {
    case Outcome::kKilledByFilter:
      return AfterKill::kNothing;
    case Outcome::kKilledBySigkill:
      return AfterKill::kCountAsFilters;
    case Outcome::kGone:
      return kill == Kill::kProcess && result.answered ? AfterKill::kKillProcess : AfterKill::kNothing;
    case Outcome::kAlive:
      break;
  }
  return AfterKill::kKillProcess;
}

bool kills_on_request(const bpf::ValidatedProgram& program, bpf::SystemCall call, Kill kill) {
  call.args[compile::kKillRequestArgument] = compile::kKillRequestMagic;
  call.args[compile::kKillRequestArgument + 1] = request_of(kill);
  const uint32_t action = bpf::interpret(program, call, arch::info(arch::native_abi()).endian).value;
  return action == (kill == Kill::kThread ? SECCOMP_RET_KILL_THREAD : SECCOMP_RET_KILL_PROCESS);
}

KillResult kill_by_filter(Kill kill, const Notification& notification, const bpf::ValidatedProgram& program,
                          const Listener& listener, const std::stop_token& abandoned) {
  const pid_t thread = notification.thread;
  if (!kCanRewind || thread <= 0) return {};
  // If this process is killed before the caller is, the kernel kills the caller.
  if (ptrace(PTRACE_SEIZE, thread, nullptr, PTRACE_O_EXITKILL) != 0) {
    return {listener.is_valid(notification) ? Outcome::kAlive : Outcome::kGone, false};
  }
  // The thread that has the number now was seized. It is the caller only if the notification is still valid.
  if (abandoned.stop_requested() || !listener.is_valid(notification)) return release(thread);
  // The stop is asked for before the answer, so that the caller does not get to run in between.
  ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
  listener.deny(notification, EPERM);
  siginfo_t by = {};
  const Seen seen = stop(thread, &by);
  if (seen != Seen::kStopped) return {Outcome::kGone, true};

  // A stop of a signal that came first serves as well. The signal is dropped: the caller will not live to handle it.
  errno = 0;
  if (!kills_on_request(program, notification.call, kill) ||
      !rewind_to_call(thread, notification.call, request_of(kill))) {
    if (errno == ESRCH) return {Outcome::kGone, true};
    ::kill(thread, SIGKILL);
    return {Outcome::kKilledBySigkill, true};
  }
  block_signals(thread);
  return step_to_death(thread);
}

}  // namespace sandbox::kernel
