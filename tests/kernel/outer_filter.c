// outer_filter CALL ERRNO COMMAND [ARGUMENT]...: runs a command under an outer filter that answers one system call with
// an error number; with 0 the caller believes that the call was made, and with "kill" it is killed for it. CALL is also
// "set_seccomp": prctl(PR_SET_SECCOMP) alone. ERRNO is also "trap", "trace" and "user_notif", which nothing answers, or
// "log".
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
static const unsigned kFirstArgument = offsetof(struct seccomp_data, args) + 4;  // Its low half.
#else
static const unsigned kFirstArgument = offsetof(struct seccomp_data, args);
#endif

static int number_of(const char* name) {
  if (strcmp(name, "seccomp") == 0) return SYS_seccomp;
  if (strcmp(name, "getrandom") == 0) return SYS_getrandom;
  if (strcmp(name, "prctl") == 0) return SYS_prctl;
  if (strcmp(name, "set_seccomp") == 0) return SYS_prctl;
  if (strcmp(name, "clone") == 0) return SYS_clone;
  if (strcmp(name, "wait4") == 0) return SYS_wait4;
  if (strcmp(name, "landlock_create_ruleset") == 0) return SYS_landlock_create_ruleset;
  if (strcmp(name, "landlock_add_rule") == 0) return SYS_landlock_add_rule;
  if (strcmp(name, "landlock_restrict_self") == 0) return SYS_landlock_restrict_self;
  fprintf(stderr, "outer_filter: unknown call '%s'\n", name);
  exit(2);
}

static unsigned answer_of(const char* word) {
  if (strcmp(word, "kill") == 0) return SECCOMP_RET_KILL_PROCESS;
  if (strcmp(word, "trap") == 0) return SECCOMP_RET_TRAP;
  if (strcmp(word, "trace") == 0) return SECCOMP_RET_TRACE;
  if (strcmp(word, "user_notif") == 0) return SECCOMP_RET_USER_NOTIF;
  if (strcmp(word, "log") == 0) return SECCOMP_RET_LOG;
  return SECCOMP_RET_ERRNO | (unsigned)atoi(word);
}

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const unsigned answer = answer_of(argv[2]);
  const unsigned char by_argument = strcmp(argv[1], "set_seccomp") == 0;
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number_of(argv[1]), 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kFirstArgument),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, by_argument),
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
