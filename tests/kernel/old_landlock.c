// old_landlock ABI COMMAND [ARGUMENT]...: runs a command that finds the Landlock of an older kernel. It is traced until
// it asks which ABI the kernel has, gets ABI for an answer, and is traced no longer. What it then asks of Landlock the
// kernel enforces as the older one does: rights that a ruleset does not handle are those that the older kernel does not
// have.
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>  // After sys/ptrace.h: PTRACE_GET_SYSCALL_INFO's struct.

static void check(long result, const char* what) {
  if (result >= 0) return;
  perror(what);
  exit(2);
}

static void answer(pid_t pid, long abi) {
  struct user_regs_struct registers;
  struct iovec area = {&registers, sizeof registers};
  check(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &area), "PTRACE_GETREGSET");
#if defined(__x86_64__)
  registers.rax = (unsigned long)abi;
#elif defined(__i386__)
  registers.eax = abi;
#elif defined(__aarch64__)
  registers.regs[0] = (unsigned long)abi;
#else
#error "which register has a system call's result?"
#endif
  check(ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &area), "PTRACE_SETREGSET");
}

/// Whether the child is at the end of the call that asks for the ABI.
static int has_asked(pid_t pid) {
  static int asks;
  struct ptrace_syscall_info info;
  check(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info), "PTRACE_GET_SYSCALL_INFO");
  if (info.op == PTRACE_SYSCALL_INFO_EXIT) return asks;
  asks =
      info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_landlock_create_ruleset && info.entry.args[2] == 1;
  return 0;
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const pid_t pid = fork();
  check(pid, "fork");
  if (pid == 0) {
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    _exit(127);
  }
  int status = 0;
  check(waitpid(pid, &status, 0), "waitpid");
  check(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL), "PTRACE_SETOPTIONS");
  long deliver = 0;
  while (ptrace(PTRACE_SYSCALL, pid, NULL, deliver) == 0 && waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
    const int signal = WSTOPSIG(status);
    deliver = signal == (SIGTRAP | 0x80) || signal == SIGTRAP ? 0 : signal;
    if (signal != (SIGTRAP | 0x80) || !has_asked(pid)) continue;
    answer(pid, atoi(argv[1]));
    check(ptrace(PTRACE_DETACH, pid, NULL, NULL), "PTRACE_DETACH");
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    break;
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
