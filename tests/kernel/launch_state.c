// What a launch must not change: execs a command with a state of its own, which then is this program again, with the
// same state.
//
//   launch_state begin FILE COMMAND...   COMMAND launches: launch_state check FILE PID DESCRIPTORS
//
// FILE is locked (POSIX), which exec keeps and a shared table of descriptors may lose. `check` prints a line for
// what differs; exit 0 if nothing does. The words PID and DESCRIPTORS in COMMAND are replaced.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kLocked = 9, kPayload = 4711 };

/// "0,1,2,9"
static void list_descriptors(char* text, size_t size) {
  DIR* folder = opendir("/proc/self/fd");
  size_t length = 0;
  text[0] = '\0';
  for (struct dirent* entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
    const int number = atoi(entry->d_name);
    if (entry->d_name[0] == '.' || number == dirfd(folder)) continue;
    length += (size_t)snprintf(text + length, size - length, "%s%d", length > 0 ? "," : "", number);
  }
  closedir(folder);
}

static int threads(void) {
  char line[256];
  int count = -1;
  FILE* file = fopen("/proc/self/status", "r");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    if (sscanf(line, "Threads: %d", &count) == 1) break;
  }
  if (file != NULL) fclose(file);
  return count;
}

static void begin(char** arguments) {
  static char pid[32];
  static char descriptors[1024];
  sigset_t blocked;
  const struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  const int file = open(arguments[0], O_RDWR | O_CREAT, 0600);
  if (file < 0 || dup2(file, kLocked) < 0) exit(2);
  if (file != kLocked) close(file);
  if (fcntl(kLocked, F_SETLK, &lock) != 0) exit(2);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigaddset(&blocked, SIGRTMIN);
  sigaddset(&blocked, SIGSYS);
  sigprocmask(SIG_SETMASK, &blocked, NULL);
  kill(getpid(), SIGUSR1);
  sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = kPayload});
  signal(SIGHUP, SIG_IGN);
  signal(SIGCHLD, SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  const struct itimerval timer = {{0, 0}, {1000, 0}};
  setitimer(ITIMER_REAL, &timer, NULL);
  snprintf(pid, sizeof pid, "%d", getpid());
  list_descriptors(descriptors, sizeof descriptors);
  for (char** word = arguments + 1; *word != NULL; ++word) {
    if (strcmp(*word, "PID") == 0) *word = pid;
    if (strcmp(*word, "DESCRIPTORS") == 0) *word = descriptors;
  }
  execv(arguments[1], arguments + 1);
  exit(2);
}

static int differs;
static void expect(const char* what, long wanted, long got) {
  if (wanted == got) return;
  differs = 1;
  printf("%s: %ld, not %ld\n", what, got, wanted);
}

static int is_locked(const char* path) {
  signal(SIGCHLD, SIG_DFL);
  const pid_t child = fork();
  if (child == 0) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    _exit(fcntl(open(path, O_RDWR), F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid == getppid() ? 1 : 0);
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child) return -1;
  return WEXITSTATUS(status);
}

static int check(char** arguments) {
  char descriptors[1024];
  sigset_t blocked;
  sigset_t pending;
  siginfo_t info;
  struct sigaction action;
  struct itimerval timer;
  int death = 0;
  sigset_t one;
  expect("pid", atol(arguments[1]), getpid());
  expect("threads", 1, threads());
  list_descriptors(descriptors, sizeof descriptors);
  if (strcmp(descriptors, arguments[2]) != 0) {
    differs = 1;
    printf("descriptors: %s, not %s\n", descriptors, arguments[2]);
  }
  sigprocmask(SIG_SETMASK, NULL, &blocked);
  sigpending(&pending);
  for (int number = 1; number <= SIGRTMAX; ++number) {
    const int wanted = number == SIGUSR1 || number == SIGRTMIN;
    expect(strsignal(number), wanted || number == SIGSYS, sigismember(&blocked, number) == 1);
    expect(strsignal(number), wanted, sigismember(&pending, number) == 1);
  }
  sigemptyset(&one);
  sigaddset(&one, SIGRTMIN);
  memset(&info, 0, sizeof info);
  sigtimedwait(&one, &info, &(struct timespec){0, 0});
  expect("payload", kPayload, info.si_value.sival_int);
  sigaction(SIGHUP, NULL, &action);
  expect("SIGHUP is ignored", 1, action.sa_handler == SIG_IGN);
  sigaction(SIGCHLD, NULL, &action);
  expect("SIGCHLD is ignored", 1, action.sa_handler == SIG_IGN);
  prctl(PR_GET_PDEATHSIG, &death);
  expect("PDEATHSIG", SIGTERM, death);
  getitimer(ITIMER_REAL, &timer);
  expect("timer runs", 1, timer.it_value.tv_sec > 0);
  expect("locked", 1, is_locked(arguments[0]));
  return differs;
}

int main(int argc, char** argv) {
  if (argc >= 4 && strcmp(argv[1], "begin") == 0) begin(argv + 2);
  if (argc == 5 && strcmp(argv[1], "check") == 0) return check(argv + 2);
  return 2;
}
