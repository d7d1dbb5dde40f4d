// Runs a program in a new session on a terminal of its own, copies what it prints, and exits with its status.
#include <errno.h>
#include <pty.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv) {
  int terminal = -1;
  if (argc < 2) return 2;
  const pid_t child = forkpty(&terminal, NULL, NULL, NULL);
  if (child < 0) return 2;
  if (child == 0) {
    execvp(argv[1], argv + 1);
    _exit(2);
  }
  char buffer[4096];
  ssize_t got;
  while ((got = read(terminal, buffer, sizeof buffer)) > 0) {  // EIO when the last holder has closed it.
    if (write(STDOUT_FILENO, buffer, (size_t)got) != got) return 2;
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child) return 2;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
