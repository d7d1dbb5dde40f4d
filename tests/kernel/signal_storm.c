// Handles COUNT signals that another process sends as fast as it can: signal_storm COUNT. Each handler returns by
// rt_sigreturn.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int handled;

/// Other signals may interrupt it.
static void count(int number) {
  (void)number;
  __atomic_add_fetch(&handled, 1, __ATOMIC_RELAXED);
}

int main(int argc, char **argv) {
  const int wanted = argc > 1 ? atoi(argv[1]) : 1000;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = count;
  const int first = SIGRTMIN;  // Real-time signals are queued: none is lost.
  for (int i = 0; i < 8; ++i) sigaction(first + i, &action, 0);
  const pid_t self = getpid();
  if (fork() == 0) {
    for (int i = 0; i < wanted; ++i) {
      while (kill(self, first + i % 8) != 0) usleep(100);  // The queue may be full.
    }
    _exit(0);
  }
  while (__atomic_load_n(&handled, __ATOMIC_RELAXED) < wanted) {
    for (volatile int spin = 0; spin < 100; ++spin) {
    }
  }
  wait(0);
  printf("%d signals\n", handled);
  return 0;
}
