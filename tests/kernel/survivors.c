// A target with many children that gets rid of launcher and supervisor. All of them hold descriptor 7.
//
//   survivors LAUNCHER CHILDREN DEPTH ACTION...
//
// There are CHILDREN children, each the first of a chain of DEPTH processes. An action is WHO=WHAT, done in order; WHO
// is launcher or supervisor, WHAT a signal (stop, cont, kill) or a limit that is set to 0 (as, nofile, stack, nproc).
// Afterwards all make calls that the policy denies.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void rest(long milliseconds) {
  const struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&pause, NULL);
}

static void child(int depth, int ready) {
  alarm(120);  // If it is not ended.
  while (depth-- > 1) {
    if (fork() != 0) break;
  }
  (void)!write(ready, "", 1);
  close(ready);
  for (;;) pause();
}

static void limit(pid_t pid, int resource) {
  const struct rlimit none = {0, 0};
  if (prlimit(pid, resource, &none, NULL) != 0) perror("prlimit");
}

static void act(pid_t pid, const char* what) {
  if (strcmp(what, "stop") == 0) kill(pid, SIGSTOP);
  if (strcmp(what, "cont") == 0) kill(pid, SIGCONT);
  if (strcmp(what, "kill") == 0) kill(pid, SIGKILL);
  if (strcmp(what, "as") == 0) limit(pid, RLIMIT_AS);
  if (strcmp(what, "nofile") == 0) limit(pid, RLIMIT_NOFILE);
  if (strcmp(what, "stack") == 0) limit(pid, RLIMIT_STACK);
  if (strcmp(what, "nproc") == 0) limit(pid, RLIMIT_NPROC);
}

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const pid_t launcher = atoi(argv[1]);
  const pid_t supervisor = getppid();
  const int children = atoi(argv[2]);
  const int depth = atoi(argv[3]);
  int ready[2];
  if (pipe(ready) != 0) return 2;
  prctl(PR_SET_PDEATHSIG, 0);  // Else it would die with its supervisor.
  alarm(120);
  for (int i = 0; i < children; ++i) {
    const pid_t pid = fork();
    if (pid < 0) return 2;
    if (pid == 0) child(depth, ready[1]);
  }
  char byte = 0;
  for (int i = 0; i < children * depth; ++i) {
    if (read(ready[0], &byte, 1) != 1) return 2;
  }
  for (int i = 4; i < argc; ++i) {
    const char* what = strchr(argv[i], '=') + 1;
    act(strncmp(argv[i], "launcher", 8) == 0 ? launcher : supervisor, what);
    rest(20);
  }
  for (;;) {
    mkdir("made", 0700);
    rest(1);
  }
}
