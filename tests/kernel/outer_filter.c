// outer_filter CALL ERRNO COMMAND [ARGUMENT]...: runs a command under an outer filter that answers one system call with
// an error number; with 0 the caller believes that the call was made, and with "kill" it is killed for it.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int number_of(const char* name) {
  if (strcmp(name, "seccomp") == 0) return SYS_seccomp;
  if (strcmp(name, "getrandom") == 0) return SYS_getrandom;
  if (strcmp(name, "prctl") == 0) return SYS_prctl;
  fprintf(stderr, "outer_filter: unknown call '%s'\n", name);
  exit(2);
}

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const unsigned answer =
      strcmp(argv[2], "kill") == 0 ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | (unsigned)atoi(argv[2]);
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number_of(argv[1]), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, answer),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
    perror("outer_filter");
    return 2;
  }
  execvp(argv[3], argv + 3);
  perror(argv[3]);
  return 2;
}
