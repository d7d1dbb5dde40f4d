// Takes the signals that it gets, one after the other, and prints them: "TERM", or "RTMIN+1=7" with what sigqueue(3)
// sent along. All are blocked: none is lost, and none stops or ends it. RTMAX ends it.
//
//   print_signals                      prints "ready PID" first
//   print_signals send PID SIGNAL VALUE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print(const siginfo_t* signal) {
  const int number = signal->si_signo;
  if (number >= SIGRTMIN) {
    printf("RTMIN+%d", number - SIGRTMIN);
  } else {
    printf("%s", sigabbrev_np(number));
  }
  if (signal->si_code == SI_QUEUE) printf("=%d", signal->si_value.sival_int);
  printf("\n");
}

int main(int argc, char** argv) {
  if (argc == 5 && strcmp(argv[1], "send") == 0) {
    const union sigval value = {.sival_int = atoi(argv[4])};
    return sigqueue(atoi(argv[2]), atoi(argv[3]), value) == 0 ? 0 : 1;
  }
  setvbuf(stdout, NULL, _IOLBF, 0);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  printf("ready %d\n", getpid());
  for (;;) {
    siginfo_t signal;
    if (sigwaitinfo(&all, &signal) < 0) continue;
    if (signal.si_signo == SIGRTMAX) return 0;
    print(&signal);
  }
}
