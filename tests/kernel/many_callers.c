// Processes and threads that keep a supervisor busy. The policy is to deny mkdirat with an errno, and to kill the
// process for linkat and the thread for symlinkat; all three are made with empty names, and would do nothing.
//
//   many_callers MODE ERRNO [WORD]...     ERRNO: what mkdirat is to be answered with
//
// What is not as it should be is printed, and is the status 1. Only the mode tree goes on until it is killed; there
// the answer may be ENOSYS too: the supervisor is gone.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kThreads = 8, kLifetime = 60 };  // Seconds, if it is not ended.

static int expected;
static int alone_too;  // Without a supervisor it goes on.
static char** words;

static void wrong(const char* what, int value) {
  char line[200];
  const int length = snprintf(line, sizeof line, "wrong: %s: %d\n", what, value);
  (void)!write(STDOUT_FILENO, line, (size_t)length);
  _exit(1);
}

static void denied(void) {
  errno = 0;
  const int result = mkdirat(AT_FDCWD, "", 0700);
  if (result == -1 && (errno == expected || (alone_too && errno == ENOSYS))) return;
  wrong(result == -1 ? "errno of mkdirat" : "result of mkdirat", result == -1 ? errno : result);
}

static void allowed(void) {
  if (getppid() < 0) wrong("getppid", errno);
}

static void rest(long microseconds) {
  const struct timespec time = {0, microseconds * 1000};
  nanosleep(&time, NULL);
}

static pid_t child(void) {
  fflush(stdout);
  const pid_t pid = fork();
  if (pid < 0) wrong("fork", errno);
  if (pid == 0) alarm(kLifetime);
  return pid;
}

static int status_of(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) != pid) {
    if (errno != EINTR) wrong("waitpid", errno);
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static pthread_t start(void* (*function)(void*), void* argument) {
  pthread_t thread;
  const int error = pthread_create(&thread, NULL, function, argument);
  if (error != 0) wrong("pthread_create", error);
  return thread;
}

static void* deny_some(void* count) {
  for (intptr_t i = 0; i < (intptr_t)count; ++i) {
    denied();
    allowed();
  }
  return NULL;
}

static void* deny_forever(void* pause) {
  for (;;) {
    denied();
    allowed();
    if (pause != NULL) rest((intptr_t)pause);
  }
  return NULL;
}

static void execute(char* mode) {
  char number[20];
  snprintf(number, sizeof number, "%d", expected);
  char* arguments[] = {"many_callers", mode, number, words[0], NULL};
  execv("/proc/self/exe", arguments);
  wrong("execv", errno);
}

// ---- Modes ----

static void nothing(void) {
  denied();
}

/// Threads, children that end well and that are killed, and orphans in sessions of their own.
static void tree(void) {
  alone_too = 1;
  start(deny_forever, (void*)300);
  start(deny_forever, (void*)500);
  if (child() == 0) {  // A child that the filter kills, again and again.
    for (;;) {
      const pid_t pid = child();
      if (pid == 0) {
        linkat(AT_FDCWD, "", AT_FDCWD, "", 0);
        if (errno == ENOSYS || errno == expected) _exit(3);  // No supervisor is left to kill it, or it is not killed.
        wrong("after linkat", errno);
      }
      const int status = status_of(pid);
      if (status != 128 + SIGSYS && status != 128 + SIGKILL && status != 3) wrong("status after linkat", status);
      rest(1000);
    }
  }
  if (child() == 0) {  // Children that execute.
    for (;;) {
      const pid_t pid = child();
      if (pid == 0) execute("leaf");
      status_of(pid);
      rest(500);
    }
  }
  if (child() == 0) {  // Orphans: their parent ends at once.
    if (child() != 0) _exit(0);
    setsid();
    start(deny_forever, (void*)700);
    for (;;) {
      const pid_t pid = child();
      if (pid == 0) {
        if (child() == 0) deny_some((void*)20);
        _exit(0);
      }
      status_of(pid);
      rest(2000);
    }
  }
  deny_forever((void*)1000);
}

static void leaf(void) {
  alone_too = 1;
  deny_some((void*)3);
}

static void threads(void) {
  pthread_t all[kThreads];
  for (int i = 0; i < kThreads; ++i) all[i] = start(deny_some, (void*)1500);
  for (int i = 0; i < kThreads; ++i) pthread_join(all[i], NULL);
}

/// All fork at once, and so do the children.
static void forks(void) {
  for (int round = 0; round < 10; ++round) {
    pid_t pids[10];
    for (int i = 0; i < 10; ++i) {
      pids[i] = child();
      if (pids[i] == 0) {
        const pid_t below = child();
        denied();
        if (below == 0) _exit(7);
        _exit(status_of(below) == 7 ? 7 : 1);
      }
    }
    for (int i = 0; i < 10; ++i) {
      const int status = status_of(pids[i]);
      if (status != 7) wrong("status of a child", status);
    }
  }
}

static void* execute_nothing(void* pause) {
  rest((intptr_t)pause);
  execute("nothing");
  return NULL;
}

/// A thread that is not the first one executes a program while the calls of the others wait.
static void exec_in_thread(void) {
  for (int round = 0; round < 60; ++round) {
    const pid_t pid = child();
    if (pid == 0) {
      start(deny_forever, NULL);
      start(execute_nothing, (void*)(intptr_t)(round * 20));
      deny_forever(NULL);
    }
    const int status = status_of(pid);
    if (status != 0) wrong("status after the exec of a thread", status);
  }
}

static void* kill_process(void* pause) {
  rest((intptr_t)pause);
  linkat(AT_FDCWD, "", AT_FDCWD, "", 0);
  wrong("after linkat", errno);
  return NULL;
}

static void* kill_thread(void* unused) {
  (void)unused;
  symlinkat("", AT_FDCWD, "");
  wrong("after symlinkat", errno);
  return NULL;
}

static void* kill_thread_soon(void* pause) {
  rest((intptr_t)pause);
  return kill_thread(NULL);
}

/// The kill of one and the exec of another at the same time: one of the two comes first. Where the exec takes the
/// killed thread away before the kernel can carry out its kill, a supervisor kills the new program by SIGKILL.
static void kill_and_exec(void) {
  for (int round = 0; round < 60; ++round) {
    const pid_t pid = child();
    if (pid == 0) {
      start(kill_process, (void*)(intptr_t)(100 + round * 5));
      start(execute_nothing, (void*)300);
      deny_forever(NULL);
    }
    const int status = status_of(pid);
    if (status != 0 && status != 128 + SIGSYS && status != 128 + SIGKILL) wrong("status after kill or exec", status);
  }
}

/// A thread that is killed while another executes a program, which goes on.
static void kill_thread_and_exec(void) {
  for (int round = 0; round < 100; ++round) {
    const pid_t pid = child();
    if (pid == 0) {
      for (int i = 0; i < 4; ++i) start(kill_thread_soon, (void*)(intptr_t)(100 + round * 3 + i * 10));
      start(execute_nothing, (void*)300);
      deny_forever(NULL);
    }
    const int status = status_of(pid);
    if (status != 0) wrong("status after the exec", status);
  }
}

static void kill_threads(void) {
  for (int round = 0; round < 20; ++round) {
    pthread_t killed[4];
    for (int i = 0; i < 4; ++i) killed[i] = start(kill_thread, NULL);
    deny_some((void*)20);
    for (int i = 0; i < 4; ++i) pthread_join(killed[i], NULL);
  }
}

static void tick(int number) {
  (void)number;
}

/// Calls that wait are interrupted a thousand times a second, and are made again.
static void timer(void) {
  struct sigaction action = {.sa_handler = tick, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  const struct itimerval often = {{0, 1000}, {0, 1000}};
  setitimer(ITIMER_REAL, &often, NULL);
  threads();
}

/// Stopped and continued by a child, as quickly as it goes, while calls wait.
static void stops(void) {
  start(deny_forever, (void*)100);
  const pid_t pid = child();
  if (pid == 0) {
    const pid_t parent = getppid();
    for (int i = 0; i < 200; ++i) {
      kill(parent, SIGSTOP);
      rest(i * 10);
      kill(parent, SIGCONT);
      rest(500);
    }
    _exit(0);
  }
  const int status = status_of(pid);
  if (status != 0) wrong("status of the child", status);
}

/// Where the policy refuses execve.
static void vforks(void) {
  char* arguments[] = {"true", NULL};
  for (int i = 0; i < 200; ++i) {
    const pid_t pid = vfork();
    if (pid == 0) {
      execv("/bin/true", arguments);
      _exit(errno == expected ? 5 : 6);
    }
    const int status = status_of(pid);
    if (status != 5) wrong("status after vfork", status);
  }
}

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    void (*function)(void);
  } modes[] = {{"nothing", nothing},
               {"tree", tree},
               {"leaf", leaf},
               {"threads", threads},
               {"forks", forks},
               {"exec_in_thread", exec_in_thread},
               {"kill_and_exec", kill_and_exec},
               {"kill_thread_and_exec", kill_thread_and_exec},
               {"kill_threads", kill_threads},
               {"timer", timer},
               {"stops", stops},
               {"vforks", vforks}};
  if (argc < 3) return 2;
  expected = atoi(argv[2]);
  words = argv + 3;
  if (strcmp(argv[1], "timer") != 0) alarm(kLifetime);
  for (size_t i = 0; i < sizeof modes / sizeof *modes; ++i) {
    if (strcmp(argv[1], modes[i].name) != 0) continue;
    modes[i].function();
    return 0;
  }
  return 2;
}
