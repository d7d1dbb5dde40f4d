// Kills its supervisor and the launcher above that while calls wait for an answer: mkdir, which the policy denies with
// EPERM, and rmdir, for which it kills the process. Each of kCallers processes prints a line at its end: "refused", or
// what it was answered else.
//
//   abandoned LAUNCHER FOLDER MICROSECONDS   mkdir is of FOLDER/new, rmdir of FOLDER
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kCallers = 4, kLifetime = 20 };  // Seconds, if it is not ended.

static char path[4096];

static void rest(long microseconds) {
  const struct timespec pause = {microseconds / 1000000, microseconds % 1000000 * 1000};
  nanosleep(&pause, NULL);
}

static void end(const char* call, int result) {
  if (result == ENOSYS) {
    printf("refused\n");
  } else {
    printf("%s was answered %d\n", call, result);
  }
  fflush(stdout);
  _exit(0);
}

/// Until there is no answer any more, for which the kernel has ENOSYS.
static void make_folders(void) {
  for (;;) {
    const int result = mkdir(path, 0700) == 0 ? 0 : errno;
    if (result != EPERM) end("mkdir", result);
  }
}

/// Each call in a process of its own. EPERM is what the caller is told before it is killed.
static void remove_folders(const char* folder) {
  for (;;) {
    int status = 0;
    const pid_t pid = fork();
    if (pid == 0) {
      alarm(kLifetime);
      _exit(rmdir(folder) == 0 ? 0 : errno);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) end("fork", errno);
    if (WIFEXITED(status) && WEXITSTATUS(status) != EPERM) end("rmdir", WEXITSTATUS(status));
  }
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const pid_t launcher = atoi(argv[1]);
  const pid_t supervisor = getppid();
  prctl(PR_SET_PDEATHSIG, 0);  // Else it would die with its supervisor.
  snprintf(path, sizeof path, "%s/new", argv[2]);
  for (int i = 0; i < kCallers; ++i) {
    if (fork() != 0) continue;
    alarm(kLifetime);
    if (i % 2 == 0) make_folders();
    remove_folders(argv[2]);
  }
  rest(atol(argv[3]));
  kill(launcher, SIGSTOP);  // Else it would kill the supervisor's abandoned children.
  kill(supervisor, SIGKILL);
  rest(20000);
  kill(launcher, SIGKILL);
  while (wait(NULL) > 0) continue;
  return 0;
}
