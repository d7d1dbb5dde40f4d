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
/// interrupt it.
pid_t wait_for(pid_t thread, int* status) {
  long pause = 1000;
  for (;;) {
    const pid_t waited = waitpid(thread, status, WNOHANG | __WALL);
    if (waited != 0) return waited;
    if (ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr) != 0) return -1;
    const timespec rest = {0, pause};
    nanosleep(&rest, nullptr);
    pause = std::min(2 * pause, 1000000L);
  }
}

}  // namespace

CarriedOut carry_out(Kill kill, const Notification& notification, Listener& listener) {
  const pid_t thread = notification.thread;
  if (!kCanWindBack || thread <= 0) return {};
  if (ptrace(PTRACE_SEIZE, thread, nullptr, nullptr) != 0) return {errno == ESRCH, std::nullopt};
  // The stop is asked for before the answer, so that the caller does not get to run in between.
  ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
  listener.refuse(notification, EPERM);
  int status = 0;
  if (wait_for(thread, &status) < 0) return {true, std::nullopt};
  if (!WIFSTOPPED(status)) return {true, status};

  // A stop of a signal that came first serves as well. The signal is dropped: the caller does not live to see it.
  const uint32_t which = kill == Kill::kThread ? compile::kKillThreadMark : compile::kKillProcessMark;
  const bool wound_back = wind_back(thread, notification.call, which);
  ptrace(PTRACE_DETACH, thread, nullptr, nullptr);
  return {wound_back, std::nullopt};
}

}  // namespace sandbox::kernel
