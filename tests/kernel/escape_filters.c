// Attempts by filters and modes of the program's own: a newer filter may only deny more.
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "escape.h"

/// What the denied call gives under a filter of its own that answers `action` for it.
static const char* under(unsigned action, unsigned flags) {
  struct sock_filter filter[4];
  const struct sock_fprog program = {4, filter};
  fill_filter(filter, SYS_mkdirat, action);
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) != 0) return "no filter";
  return name_of(make_folder());
}
static const char* own_allow(void) {
  return under(SECCOMP_RET_ALLOW, 0);
}
static const char* own_log(void) {
  return under(SECCOMP_RET_LOG, 0);
}
static const char* own_trace_untraced(void) {
  return under(SECCOMP_RET_TRACE, 0);
}
/// ERRNO 0 outranks a notification: the call looks made, and is not.
static const char* own_success(void) {
  return under(SECCOMP_RET_ERRNO, 0);
}
static const char* own_allow_by_prctl(void) {
  struct sock_filter filter[4];
  const struct sock_fprog program = {4, filter};
  fill_filter(filter, SYS_mkdirat, SECCOMP_RET_ALLOW);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return "no filter";
  return name_of(make_folder());
}

static volatile int other_result = -1;
static volatile int installed;
static void* wait_and_make(void* unused) {
  while (!installed) usleep(100);
  other_result = make_folder() < 0 ? errno : 0;
  return unused;
}
static const char* own_tsync(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, wait_and_make, NULL) != 0) return "no thread";
  const char* mine = under(SECCOMP_RET_ALLOW, SECCOMP_FILTER_FLAG_TSYNC);
  installed = 1;
  pthread_join(thread, NULL);
  return other_result == 0 ? "ok" : mine;
}

static const char* strict_by_prctl(void) {
  return name_of(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
}
static const char* strict_by_seccomp(void) {
  return name_of(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL));
}
static const char* mode_none(void) {
  return name_of(prctl(PR_SET_SECCOMP, 0));
}
static const char* new_privileges(void) {
  return name_of(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

/// A tracer that its own filter asks for `number`, and that has the call made which is in `becomes`.
static const char* asked_tracer(long number, long becomes) {
  const pid_t child = fork();
  if (child == 0) {
    struct sock_filter filter[4];
    const struct sock_fprog program = {4, filter};
    fill_filter(filter, (unsigned)number, SECCOMP_RET_TRACE);
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) _exit(255);
    const long result = syscall(number, -100, escape_folder, 0700);
    _exit(result < 0 ? errno : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL) != 0) return "no tracer";
  ptrace(PTRACE_CONT, child, 0, 0);
  while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
    struct user_regs_struct registers;
    if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8) && ptrace(PTRACE_GETREGS, child, 0, &registers) == 0) {
      registers.orig_rax = (unsigned long long)becomes;
      ptrace(PTRACE_SETREGS, child, 0, &registers);
    }
    ptrace(PTRACE_CONT, child, 0, 0);
  }
  if (!WIFEXITED(status)) return "killed";
  if (WEXITSTATUS(status) == 255) return "no filter";
  return WEXITSTATUS(status) == 0 ? "ok" : strerrorname_np(WEXITSTATUS(status));
}
static const char* own_tracer(void) {
  return asked_tracer(SYS_mkdirat, SYS_mkdirat);
}
/// What a tracer makes of a call passes the filters again.
static const char* own_tracer_rewrites(void) {
  return asked_tracer(SYS_fchmodat, SYS_mkdirat);
}

const struct Attempt kFilterAttempts[] = {{"own_allow", own_allow},
                                          {"own_allow_by_prctl", own_allow_by_prctl},
                                          {"own_log", own_log},
                                          {"own_trace_untraced", own_trace_untraced},
                                          {"own_success", own_success},
                                          {"own_tsync", own_tsync},
                                          {"own_tracer", own_tracer},
                                          {"own_tracer_rewrites", own_tracer_rewrites},
                                          {"strict_by_prctl", strict_by_prctl},
                                          {"strict_by_seccomp", strict_by_seccomp},
                                          {"mode_none", mode_none},
                                          {"new_privileges", new_privileges},
                                          {NULL, NULL}};
