// deny COUNT: makes so many calls that are to fail with EPERM, mkdirat of a path that is another each time, in ten
// processes one after the other, which change their names too. Prints for each of them the seconds that it took.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kParts = 10, kCallsOfAName = 1000 };

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void make_calls(long first, long end) {
  char name[40];
  for (long i = first; i < end; ++i) {
    if (i % kCallsOfAName == 0) {
      snprintf(name, sizeof name, "n%ld", i / kCallsOfAName);
      prctl(PR_SET_NAME, name, 0, 0, 0);
    }
    snprintf(name, sizeof name, "/nonexistent/folder-%ld", i);
    if (mkdirat(AT_FDCWD, name, 0700) != -1 || errno != EPERM) {
      perror(name);
      _exit(1);
    }
  }
  _exit(0);
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const long count = atol(argv[1]);
  for (long part = 0; part < kParts; ++part) {
    const double begun = now();
    const pid_t child = fork();
    if (child == 0) make_calls(count * part / kParts, count * (part + 1) / kParts);
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) return 1;
    printf("%.2f\n", now() - begun);
    fflush(stdout);
  }
  return 0;
}
