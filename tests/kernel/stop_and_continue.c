// A child stops and continues its parent, and ends it by SIGUSR1 when it goes on for the last time.
//
//   stop_and_continue TIMES STOPPED BETWEEN   the longest pauses, microseconds
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void rest(long most) {
  const struct timespec pause = {0, random() % (most + 1) * 1000};
  if (most > 0) nanosleep(&pause, NULL);
}

int main(int argc, char** argv) {
  const pid_t self = getpid();
  if (argc != 4) return 2;
  if (fork() == 0) {
    srandom((unsigned)getpid());
    for (int i = atoi(argv[1]); i > 0; --i) {
      kill(self, SIGSTOP);
      rest(atol(argv[2]));
      kill(self, SIGCONT);
      rest(atol(argv[3]));
    }
    kill(self, SIGUSR1);
    _exit(0);
  }
  for (;;) pause();
}
