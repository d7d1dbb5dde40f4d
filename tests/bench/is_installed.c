// is_installed CALL: succeeds if the filter that this process runs under denies CALL with an errno of its own. Started in
// the place of the target, it shows that what is timed is a launch under the policy.
//
//   execveat   refused by policy a; without a filter the bad pointer gives EFAULT
//   kcmp       refused by policy b, by sandbox-run's default profile and by Docker's; without a filter the bad type
//              gives EINVAL
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char** argv) {
  const char* call = argc == 2 ? argv[1] : "";
  long result;
  if (strcmp(call, "execveat") == 0) {
    result = syscall(SYS_execveat, -1, NULL, NULL, NULL, 0);
  } else if (strcmp(call, "kcmp") == 0) {
    result = syscall(SYS_kcmp, getpid(), getpid(), -1, 0, 0);
  } else {
    fputs("usage: is_installed execveat|kcmp\n", stderr);
    return 2;
  }
  if (result == -1 && errno == EPERM) return 0;
  fprintf(stderr, "%s is not denied\n", call);
  return 1;
}
