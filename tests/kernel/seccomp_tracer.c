// Traces a program and its calls that a seccomp filter hands to tracers (SECCOMP_RET_TRACE).
//
//   seccomp_tracer let|skip|NUMBER PROGRAM [ARGUMENT]...
//
// Each such call is named on standard error, then allowed, skipped, or replaced by the call of that number.
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(long result, const char* what) {
  if (result != -1) return;
  perror(what);
  exit(2);
}

static void replace_call(pid_t child, long number) {
#if defined(__x86_64__)
  check(ptrace(PTRACE_POKEUSER, child, offsetof(struct user_regs_struct, orig_rax), number), "PTRACE_POKEUSER");
#else
  (void)child;
  (void)number;
  exit(77);
#endif
}

static void report_call(pid_t child) {
  struct __ptrace_syscall_info info;
  unsigned long message = 0;
  memset(&info, 0, sizeof info);
  check(ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info), "PTRACE_GET_SYSCALL_INFO");
  check(ptrace(PTRACE_GETEVENTMSG, child, 0, &message), "PTRACE_GETEVENTMSG");
  fprintf(stderr, "traced call %llu, data %lu\n", (unsigned long long)info.seccomp.nr, message);
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const pid_t child = fork();
  check(child, "fork");
  if (child == 0) {
    check(ptrace(PTRACE_TRACEME, 0, 0, 0), "PTRACE_TRACEME");
    raise(SIGSTOP);  // Until the options are set.
    execvp(argv[2], argv + 2);
    _exit(127);
  }
  int status = 0;
  check(waitpid(child, &status, 0), "waitpid");
  check(ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC), "options");
  check(ptrace(PTRACE_CONT, child, 0, 0), "PTRACE_CONT");
  while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
    int forward = WSTOPSIG(status);
    if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) {
      report_call(child);
      if (strcmp(argv[1], "skip") == 0)
        replace_call(child, -1);
      else if (strcmp(argv[1], "let") != 0)
        replace_call(child, atol(argv[1]));
    }
    if (status >> 16 != 0) forward = 0;
    check(ptrace(PTRACE_CONT, child, 0, forward), "PTRACE_CONT");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
