// A sandbox that works by RET_TRACE, around one call: nested_trace PATH. The child's filter traces mkdir(2), and the
// parent, its tracer, answers EACCES.
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static int traced(const char *path) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdir, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0 || raise(SIGSTOP) != 0) return 255;
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) return 255;
  return syscall(SYS_mkdir, path, 0700) == 0 ? 0 : errno;
}

static void deny(pid_t child) {
  struct user_regs_struct registers;
  ptrace(PTRACE_GETREGS, child, 0, &registers);
  registers.orig_rax = -1;
  registers.rax = -EACCES;
  ptrace(PTRACE_SETREGS, child, 0, &registers);
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  const pid_t child = fork();
  if (child == 0) _exit(traced(argv[1]));
  int asked = 0;
  int status = 0;
  waitpid(child, &status, 0);
  ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL);
  while (WIFSTOPPED(status)) {
    if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) {
      ++asked;
      deny(child);
    }
    ptrace(PTRACE_CONT, child, 0, 0);
    waitpid(child, &status, 0);
  }
  const int result = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
  printf("the tracer was asked %d times; mkdir: %s\n", asked, result == 0 ? "ok" : strerrorname_np(result));
  return 0;
}
