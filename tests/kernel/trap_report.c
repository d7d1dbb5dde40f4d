// Makes a call that a policy traps, and prints what the signal handler is told.
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

static volatile siginfo_t seen;

static void handle(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)context;
  seen = *info;
}

int main(void) {
  struct sigaction action = {.sa_flags = SA_SIGINFO};
  action.sa_sigaction = handle;
  if (sigaction(SIGSYS, &action, NULL) != 0) return 2;
  syscall(SYS_getppid);
  printf("signal %d, code is SYS_SECCOMP: %s, call is getppid: %s, arch %#x, errno %d, address in the program: %s\n",
         seen.si_signo, seen.si_code == SYS_SECCOMP ? "yes" : "no", seen.si_syscall == SYS_getppid ? "yes" : "no",
         seen.si_arch, seen.si_errno, seen.si_call_addr != NULL ? "yes" : "no");
  return 0;
}
