// Waits a little for the token of its own launch, which a process outside hands on in token-exchange/PID, and executes
// with it what the policy denies, in every way that there is. What came of it goes to token-exchange/log, a line; the
// program that is executed writes ESCAPED there.
//
//   token_target MILLISECONDS
//
// Exit status: 1 if no token came, 2 if it was of no use, 0 by the program that was executed.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kNoToken = 1, kUseless = 2 };

// So that it has many pages that execve and its start need.
static char data[200000] = {1};
static char zeros[300000];

static const char* name_of(long result) {
  return result == 0 ? "ok" : strerrorname_np(errno);
}

static int await_token(long* token, int milliseconds) {
  char path[64];
  snprintf(path, sizeof path, "token-exchange/%d", getpid());
  for (int i = 0; i < milliseconds; ++i) {
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
      const ssize_t size = read(file, token, 3 * sizeof *token);
      close(file);
      return size == 3 * sizeof *token;
    }
    usleep(1000);
  }
  return 0;
}

int main(int argc, char** argv) {
  long token[3];
  zeros[9] = data[0];
  if (argc != 2 || !await_token(token, atoi(argv[1]))) return kNoToken;
  char* arguments[] = {"/bin/sh", "-c", "echo ESCAPED >>token-exchange/log", NULL};
  const int log = open("token-exchange/log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  char line[300];
  const char* plain = name_of(syscall(SYS_execve, arguments[0], arguments, environ, 0, 0, 0));
  const char* first = name_of(syscall(SYS_execve, arguments[0], arguments, environ, token[0], token[1], token[2]));
  const char* second = name_of(syscall(SYS_execve, arguments[0], arguments, environ, token[0], token[1], token[2]));
  // Only register 5 is free there; its word is one of three.
  const char* at = name_of(syscall(SYS_execveat, AT_FDCWD, arguments[0], arguments, environ, 0, token[2]));
  const pid_t child = fork();
  if (child == 0) {
    syscall(SYS_execve, arguments[0], arguments, environ, token[0], token[1], token[2]);
    _exit(errno);
  }
  int status = 0;
  waitpid(child, &status, 0);
  const int size = snprintf(line, sizeof line, "without %s, with %s %s, execveat %s, child %s\n", plain, first, second,
                            at, WIFEXITED(status) ? strerrorname_np(WEXITSTATUS(status)) : "killed");
  (void)!write(log, line, (size_t)size);
  return kUseless;
}
