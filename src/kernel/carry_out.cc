#include "kernel/carry_out.h"

#include <linux/audit.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>

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

/// Puts the stopped caller back before its call, with the marks in place.
bool wind_back(pid_t thread, const bpf::SystemCall& call, uint32_t which) {
  user_regs_struct registers = {};
  if (ptrace(PTRACE_GETREGS, thread, nullptr, &registers) != 0) return false;
  errno = 0;
  const long word = ptrace(PTRACE_PEEKTEXT, thread, registers.rip - kCallBytes, nullptr);
  if (errno != 0 || !is_call(word)) return false;
  registers.rip -= kCallBytes;
  registers.rax = call.number;
  registers.orig_rax = ~0UL;  // Nothing for the kernel to restart.
  if (call.arch == AUDIT_ARCH_I386) {
    registers.rdi = compile::kKillMark;
    registers.rbp = which;
  } else {
    registers.r8 = compile::kKillMark;
    registers.r9 = which;
  }
  return ptrace(PTRACE_SETREGS, thread, nullptr, &registers) == 0;
}

constexpr bool kCanWindBack = true;

#else

constexpr bool kCanWindBack = false;

bool wind_back(pid_t, const bpf::SystemCall&, uint32_t) {
  return false;
}

#endif

/// Not by a waitpid that waits: when another thread of the caller executes a program, the caller is gone without a
/// word, and its number may be the new program's, which will not stop. But then we do not trace it, and cannot
/// interrupt it. Nor can we interrupt a caller that is just dying: that one is waited for a little, as it stays until
/// its tracer has seen it.
pid_t wait_for(pid_t thread, int* status) {
  constexpr int kDying = 50;
  long pause = 1000;
  for (int dying = 0; dying < kDying;) {
    const pid_t waited = waitpid(thread, status, WNOHANG | __WALL);
    if (waited != 0) return waited;
    if (ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr) != 0) ++dying;
    const timespec rest = {0, pause};
    nanosleep(&rest, nullptr);
    pause = std::min(2 * pause, 1000000L);
  }
  return -1;
}

using Fate = CarriedOut::Fate;

// Of what waitpid gives: where the signal that stopped a thread begins, and behind it the event.
constexpr int kSignalShift = 8;
constexpr int kEventShift = 16;

/// Lets a thread go that was seized by a number that the caller has given up: it can be anybody's.
CarriedOut release(pid_t thread) {
  ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
  int status = 0;
  if (wait_for(thread, &status) < 0) return {Fate::kGone, false, std::nullopt};
  if (!WIFSTOPPED(status)) return {Fate::kGone, false, status};
  const bool by_us = (status >> kEventShift) == PTRACE_EVENT_STOP;
  ptrace(PTRACE_DETACH, thread, nullptr, by_us ? 0L : static_cast<long>(WSTOPSIG(status)));
  return {Fate::kGone, false, std::nullopt};
}

/// So that no handler of the caller's runs before its call.
void block_signals(pid_t thread) {
  uint64_t all = UINT64_MAX;
  ptrace(PTRACE_SETSIGMASK, thread, sizeof all, &all);
}

/// One instruction, which is the call, and the end. A core file can make that long. The first thread of a process that
/// goes on without it ends without a word.
CarriedOut step_to_death(pid_t thread) {
  constexpr int kStops = 16;  // By SIGSTOP, which cannot be blocked.
  long pause = 1000;
  for (int stops = 0; stops < kStops;) {
    // It stands still, unless somebody else has killed it: another thread that executes a program.
    if (ptrace(PTRACE_SINGLESTEP, thread, nullptr, nullptr) != 0) return {Fate::kGone, true, std::nullopt};
    int status = 0;
    pid_t waited = 0;
    while ((waited = waitpid(thread, &status, WNOHANG | __WALL)) == 0) {
      if (is_zombie(thread)) return {Fate::kDead, true, std::nullopt};
      const timespec rest = {0, pause};
      nanosleep(&rest, nullptr);
      pause = std::min(2 * pause, 1000000L);
    }
    if (waited < 0) return {Fate::kGone, true, std::nullopt};
    if (!WIFSTOPPED(status)) return {Fate::kDead, true, status};
    // Behind another instruction it stops by SIGTRAP; for a further PTRACE_INTERRUPT by an event that looks like it.
    if (status >> kSignalShift == SIGTRAP) break;
    ++stops;
  }
  kill(thread, SIGKILL);
  return {Fate::kKilled, true, std::nullopt};
}

}  // namespace

CarriedOut carry_out(Kill kill, const Notification& notification, const Listener& listener,
                     const std::stop_token& left_behind) {
  const pid_t thread = notification.thread;
  if (!kCanWindBack || thread <= 0) return {};
  // Should we be killed before the caller is, it is killed by that.
  if (ptrace(PTRACE_SEIZE, thread, nullptr, PTRACE_O_EXITKILL) != 0) {
    return {listener.still_waits(notification) ? Fate::kAlive : Fate::kGone, false, std::nullopt};
  }
  // Seized is who has the number now. It is the caller only if that one waits even now.
  if (left_behind.stop_requested() || !listener.still_waits(notification)) return release(thread);
  // The stop is asked for before the answer, so that the caller does not get to run in between.
  ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
  listener.refuse(notification, EPERM);
  int status = 0;
  if (wait_for(thread, &status) < 0) return {Fate::kGone, true, std::nullopt};
  if (!WIFSTOPPED(status)) return {Fate::kGone, true, status};

  // A stop of a signal that came first serves as well. The signal is dropped: the caller does not live to see it.
  const uint32_t which = kill == Kill::kThread ? compile::kKillThreadMark : compile::kKillProcessMark;
  errno = 0;
  if (!wind_back(thread, notification.call, which)) {
    if (errno == ESRCH) return {Fate::kGone, true, std::nullopt};
    ::kill(thread, SIGKILL);
    return {Fate::kKilled, true, std::nullopt};
  }
  block_signals(thread);
  return step_to_death(thread);
}

}  // namespace sandbox::kernel
