// Holds up a process that wants to trace it: a thread of it executes a script on whose interpreter there is a lease
// (fcntl(2), F_SETLEASE). Until the lease is given up, which may take /proc/sys/fs/lease-break-time, that thread has
// the lock that PTRACE_SEIZE waits for. Meanwhile another thread makes rmdir, for which the policy kills the process.
//
//   hold_exec FOLDER   makes the files "interpreter" and "script" in the working directory
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { kTimeout = 10 };  // Seconds.

static void check(long result, const char* what) {
  if (result >= 0) return;
  printf("%s: %s\n", what, strerror(errno));
  exit(2);
}

static void make_file(const char* name, const char* text) {
  const int file = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0755);
  check(file, name);
  check(write(file, text, strlen(text)), "write");
  close(file);
}

/// Writes a byte when it has the lease, and another one when a process waits for it.
static void hold_lease(int tell) {
  sigset_t broken;
  const struct timespec timeout = {kTimeout, 0};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigemptyset(&broken);
  sigaddset(&broken, SIGIO);
  sigprocmask(SIG_BLOCK, &broken, NULL);
  const int file = open("interpreter", O_RDWR);
  check(file, "interpreter");
  check(fcntl(file, F_SETLEASE, F_WRLCK), "F_SETLEASE");
  check(write(tell, "l", 1), "write");
  sigwaitinfo(&broken, NULL);
  check(write(tell, "w", 1), "write");
  nanosleep(&timeout, NULL);
  printf("no process was killed\n");
  fflush(stdout);
  _exit(0);
}

static void* execute(void* unused) {
  char* arguments[] = {"./script", NULL};
  char* environment[] = {NULL};
  execve(arguments[0], arguments, environment);
  return unused;
}

int main(int argc, char** argv) {
  int told[2];
  char byte = 0;
  pthread_t thread;
  if (argc != 2) return 2;
  make_file("interpreter", "nothing that can be executed");
  make_file("script", "#!./interpreter\n");
  check(pipe(told), "pipe");
  if (fork() == 0) hold_lease(told[1]);
  close(told[1]);
  if (read(told[0], &byte, 1) != 1) return 2;
  if (pthread_create(&thread, NULL, execute, NULL) != 0) return 2;
  if (read(told[0], &byte, 1) != 1) return 2;
  syscall(SYS_rmdir, argv[1]);
  printf("rmdir came back\n");
  return 3;
}
