// Launches a command again and again, and sends it signals at random moments, most of them before its target has
// started.
//
//   signal_moments ends SEED COUNT COMMAND...    among the signals are such as end a process
//   signal_moments storm SEED COUNT COMMAND...   only such as stop it, continue it, or are ignored: each launch is to
//   succeed
//
// COMMAND launches `filtered`. Every second launch gets the signals for its whole session. Prints a summary, and what
// was not as it must be: UNFILTERED; ABANDONED; HUNG (processes are left); STATUS (a status that neither the target nor
// a signal explains). Exit 0 if all was.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kMoments = 4000, kMaxSignals = 6, kStormSignals = 40 };

static const int kEnding[] = {SIGTERM, SIGINT, SIGALRM, SIGHUP, SIGSTOP, SIGTSTP, SIGCONT, SIGWINCH, SIGQUIT, SIGUSR1};
static const int kHarmless[] = {SIGSTOP, SIGTSTP, SIGCONT, SIGWINCH, SIGURG, SIGCHLD};

static int timeout = 10;
static int storm;
static int filtered, ended, failed, bad, sent_signals;

static uint64_t state;
static unsigned below(unsigned limit) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (unsigned)(state >> 20) % limit;
}

static void sleep_microseconds(unsigned count) {
  const struct timespec pause = {0, (long)count * 1000};
  nanosleep(&pause, NULL);
}

static pid_t start(char** command, int out, int err) {
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0) exit(2);
  const pid_t pid = fork();
  if (pid < 0) exit(2);
  if (pid == 0) {
    setsid();
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    (void)!write(ready[1], "r", 1);
    execv(command[0], command);
    _exit(99);
  }
  char byte;
  close(ready[1]);
  (void)!read(ready[0], &byte, 1);
  close(ready[0]);
  return pid;
}

static int has_ended(pid_t pid) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

/// Returns a set of what was sent, as bits.
static uint64_t send_signals(pid_t pid, int whole_session) {
  uint64_t sent = 0;
  const unsigned count = storm ? kStormSignals : 1 + below(kMaxSignals);
  for (unsigned i = 0; i < count && !has_ended(pid); ++i) {
    const int number = storm ? kHarmless[below(sizeof kHarmless / sizeof *kHarmless)]
                             : kEnding[below(sizeof kEnding / sizeof *kEnding)];
    sleep_microseconds(below(storm ? kMoments / kStormSignals : kMoments / 2));
    // It is not reaped yet, so the number is still its own, and so is that of its session.
    if (kill(whole_session ? -pid : pid, number) == 0) ++sent_signals;
    sent |= UINT64_C(1) << number;
    if (number == SIGSTOP || number == SIGTSTP) {
      sleep_microseconds(below(300));
      kill(whole_session ? -pid : pid, SIGCONT);
    }
  }
  return sent;
}

/// Reaps all that is below this process. Processes that stopped once more are continued. False if any is left.
static int reap_all(pid_t pid, int* status) {
  const time_t end = time(NULL) + timeout;
  int is_reaped = 0;
  for (unsigned round = 0; time(NULL) <= end; ++round) {
    int one = 0;
    const pid_t who = waitpid(-1, &one, WNOHANG | __WALL);
    if (who < 0 && errno == ECHILD) return 1;
    if (who == pid) {
      *status = one;
      is_reaped = 1;
    }
    if (who > 0) continue;
    if (!is_reaped && round % 16 == 15) kill(-pid, SIGCONT);
    sleep_microseconds(100);
  }
  kill(-pid, SIGKILL);
  while (waitpid(-1, NULL, __WALL) > 0) continue;
  return 0;
}

static void judge(int launch, int status, int complete, uint64_t sent, const char* out, const char* err) {
  const char* what = NULL;
  const int by = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status) > 128 ? WEXITSTATUS(status) - 128 : 0;
  const int is_filtered = strcmp(out, "filtered\n") == 0;
  if (strstr(out, "UNFILTERED") != NULL)
    what = "UNFILTERED";
  else if (strstr(out, "abandoned") != NULL)
    what = "ABANDONED";
  else if (!complete)
    what = "HUNG";
  else if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && is_filtered)
    ++filtered;
  else if (!storm && by > 0 && by < 64 && (sent >> by & 1) != 0)
    ++ended;
  else if (!storm && WIFEXITED(status) && WEXITSTATUS(status) >= 125 && err[0] != '\0')
    ++failed;
  else
    what = "STATUS";
  if (what == NULL) return;
  ++bad;
  fprintf(stderr, "%s: launch %d: wait status 0x%x, signals 0x%llx\n    out: %.200s\n    err: %.300s\n", what, launch,
          (unsigned)status, (unsigned long long)sent, out, err);
}

static void read_all(int fd, char* text, size_t size) {
  const ssize_t got = pread(fd, text, size - 1, 0);
  text[got > 0 ? got : 0] = '\0';
  close(fd);
}

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  const char* bound = getenv("SANDBOX_RUN_FAULT_BOUND");
  if (bound != NULL) timeout = atoi(bound) * 2;
  storm = strcmp(argv[1], "storm") == 0;
  state = strtoull(argv[2], NULL, 0) * 2 + 1;
  const int launches = atoi(argv[3]);
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  signal(SIGTSTP, SIG_DFL);
  for (int i = 0; i < launches; ++i) {
    char out_text[512];
    char err_text[2048];
    int status = -1;
    const int out = memfd_create("out", MFD_CLOEXEC);
    const int err = memfd_create("err", MFD_CLOEXEC);
    const pid_t pid = start(argv + 4, out, err);
    const uint64_t sent = send_signals(pid, i % 2);
    const int complete = reap_all(pid, &status);
    read_all(out, out_text, sizeof out_text);
    read_all(err, err_text, sizeof err_text);
    judge(i, status, complete, sent, out_text, err_text);
  }
  printf("%s, seed %s: %d launches, %d signals: %d filtered, %d ended by a signal, %d failed, %d bad\n", argv[1],
         argv[2], launches, sent_signals, filtered, ended, failed, bad);
  return bad == 0 && launches > 0 ? 0 : 1;
}
