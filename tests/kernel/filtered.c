// A target that says whether it is filtered, by its own call and by what the kernel tells of it.
//
//   filtered CALL ERRNO   CALL: mkdirat, ptrace, unshare, execve; the policy answers it with ERRNO
//
// Prints "filtered" and ends with 0; "abandoned" and 4 if the call gave ENOSYS, as it does where no supervisor is left
// to answer; or "UNFILTERED" with what was seen, and ends with 3. Where its own output does not arrive, because an
// outer sandbox answers write(2), the status does. Each call is made with arguments with which the kernel gives another
// error than the policy.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kUnfiltered = 3, kAbandoned = 4, kNobody = 0x7ffffff0 };

static long denied_call(const char* name) {
  if (strcmp(name, "mkdirat") == 0) return syscall(SYS_mkdirat, -1, "filtered-made", 0700);
  if (strcmp(name, "ptrace") == 0) return syscall(SYS_ptrace, 7, kNobody, 0, 0);
  if (strcmp(name, "unshare") == 0) return syscall(SYS_unshare, 0x1);
  if (strcmp(name, "execve") == 0) return syscall(SYS_execve, NULL, NULL, NULL);
  exit(2);
}

/// Of a field in /proc/self/status; -1 where there is none.
static int status_field(const char* name) {
  char text[4096];
  const int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  const ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  if (size <= 0) return -1;
  text[size] = '\0';
  const char* field = strstr(text, name);
  return field == NULL ? -1 : atoi(field + strlen(name));
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  char line[200];
  errno = 0;
  const long result = denied_call(argv[1]);
  const int error = errno;
  const int mode = status_field("\nSeccomp:\t");
  const int filters = status_field("\nSeccomp_filters:\t");
  const int has_filter = result == -1 && (mode == -1 || mode == 2) && filters != 0;
  if (has_filter && error == atoi(argv[2])) {
    (void)!write(STDOUT_FILENO, "filtered\n", 9);
    _exit(0);
  }
  if (has_filter && error == ENOSYS) {
    (void)!write(STDOUT_FILENO, "abandoned\n", 10);
    _exit(kAbandoned);
  }
  const int size = snprintf(line, sizeof line, "UNFILTERED %s gave %ld, errno %d; Seccomp %d, Seccomp_filters %d\n",
                            argv[1], result, error, mode, filters);
  (void)!write(STDOUT_FILENO, line, (size_t)size);
  _exit(kUnfiltered);
}
