// Gives itself an unusual state, then executes a program: what the program finds tells whether the launcher between
// them kept it.
//
//   inherit [-c FD]... PROGRAM [ARGUMENT]...     -c closes a descriptor
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

static void check(int good, const char* what) {
  if (good) return;
  perror(what);
  exit(2);
}

static void set_signals(void) {
  const int ignored[] = {SIGPIPE, SIGHUP, SIGUSR2, SIGCHLD, SIGRTMIN + 3};
  const int blocked[] = {SIGUSR1, SIGTERM, SIGSYS, SIGSEGV, SIGRTMIN + 1};
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; ++i) check(signal(ignored[i], SIG_IGN) != SIG_ERR, "signal");
  for (size_t i = 0; i < sizeof blocked / sizeof *blocked; ++i) sigaddset(&set, blocked[i]);
  check(sigprocmask(SIG_BLOCK, &set, NULL) == 0, "sigprocmask");
  check(raise(SIGUSR1) == 0, "raise");  // Stays pending.
}

static void set_limits(void) {
  const struct rlimit files = {300, 400};
  const struct rlimit stack = {4 << 20, 6 << 20};
  const struct itimerval timer = {{0, 0}, {3600, 0}};
  cpu_set_t processors;
  check(setrlimit(RLIMIT_NOFILE, &files) == 0, "setrlimit");
  check(setrlimit(RLIMIT_STACK, &stack) == 0, "setrlimit");
  const int nice = getpriority(PRIO_PROCESS, 0);  // The tests may run at any: only root can go back to a lower one.
  check(setpriority(PRIO_PROCESS, 0, nice < 12 ? nice + 7 : 19) == 0, "setpriority");
  check(setitimer(ITIMER_REAL, &timer, NULL) == 0, "setitimer");
  check(sched_getaffinity(0, sizeof processors, &processors) == 0, "sched_getaffinity");
  for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&processors) > 1; ++i) CPU_CLR(i, &processors);
  check(sched_setaffinity(0, sizeof processors, &processors) == 0, "sched_setaffinity");
}

static void set_attributes(void) {
  check(prctl(PR_SET_PDEATHSIG, SIGWINCH) == 0, "pdeathsig");
  check(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0, "subreaper");
  check(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0, "thp_disable");
  check(prctl(PR_SET_TIMERSLACK, 123456) == 0, "timerslack");
  umask(0137);
  check(setenv("UNUSUAL", "a\tb\n\x01\xff", 1) == 0, "setenv");
  check(setenv("", "", 1) != 0 && putenv((char*)"no_equals_sign") == 0, "putenv");
}

static void set_descriptors(void) {
  const int file = open("/etc/passwd", O_RDONLY);
  check(file >= 0 && dup2(file, 77) == 77 && close(file) == 0, "open");
  check(fcntl(77, F_SETFL, O_NONBLOCK) == 0, "F_SETFL");
  check(dup2(77, 299) == 299, "dup2");
}

int main(int argc, char** argv) {
  set_descriptors();
  int option;
  while ((option = getopt(argc, argv, "+c:")) == 'c') close(atoi(optarg));
  check(argv[optind] != NULL, "no program");
  set_signals();
  set_limits();
  set_attributes();
  execv(argv[optind], argv + optind);
  return 2;
}
