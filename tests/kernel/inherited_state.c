// Prints, one a line, what a process inherits over execve: run directly and below the launcher, the two must be equal.
//
//   inherited_state OUTPUT     everything but the confinement itself
//   inherited_state OUTPUT confinement
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

extern char** environ;

enum { kDescriptors = 1024 };

static struct {
  int open;
  int flags;
  int close_on_exec;
} descriptors[kDescriptors];

/// Before any file is opened: what is read here was inherited.
static void look_at_descriptors(void) {
  for (int fd = 0; fd < kDescriptors; ++fd) {
    const int flags = fcntl(fd, F_GETFD);
    descriptors[fd].open = flags >= 0;
    descriptors[fd].close_on_exec = flags & FD_CLOEXEC;
    descriptors[fd].flags = flags >= 0 ? fcntl(fd, F_GETFL) : 0;
  }
}

static void print_descriptors(FILE* out) {
  for (int fd = 0; fd < kDescriptors; ++fd) {
    if (!descriptors[fd].open) continue;
    char link[64];
    char target[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, target, sizeof target - 1);
    target[length > 0 ? length : 0] = '\0';
    fprintf(out, "descriptor %d: %s flags %#x cloexec %d\n", fd, target, (unsigned)descriptors[fd].flags,
            descriptors[fd].close_on_exec);
  }
}

static void print_signals(FILE* out) {
  sigset_t blocked;
  sigset_t pending;
  sigprocmask(SIG_BLOCK, NULL, &blocked);
  sigpending(&pending);
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    struct sigaction action;
    if (sigaction(signal, NULL, &action) != 0) continue;
    fprintf(out, "signal %d: %s%s%s\n", signal,
            action.sa_handler == SIG_IGN   ? "ignored"
            : action.sa_handler == SIG_DFL ? "default"
                                           : "handled",
            sigismember(&blocked, signal) ? " blocked" : "", sigismember(&pending, signal) ? " pending" : "");
  }
  stack_t stack;
  sigaltstack(NULL, &stack);
  fprintf(out, "alternate stack: flags %d\n", stack.ss_flags);
}

static void print_identity(FILE* out) {
  uid_t ruid, euid, suid;
  gid_t rgid, egid, sgid;
  gid_t groups[256];
  getresuid(&ruid, &euid, &suid);
  getresgid(&rgid, &egid, &sgid);
  fprintf(out, "pid %d ppid %d pgrp %d session %d\n", getpid(), getppid(), getpgrp(), getsid(0));
  fprintf(out, "uids %u %u %u gids %u %u %u groups", ruid, euid, suid, rgid, egid, sgid);
  const int count = getgroups(256, groups);
  for (int i = 0; i < count; ++i) fprintf(out, " %u", groups[i]);
  const int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  fprintf(out, "\ncontrolling terminal: %s, foreground group %d\n", terminal >= 0 ? "yes" : "no",
          terminal >= 0 ? tcgetpgrp(terminal) : -1);
  if (terminal >= 0) close(terminal);
}

static void print_limits(FILE* out) {
  for (int resource = 0; resource < RLIM_NLIMITS; ++resource) {
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)resource, &limit) != 0) continue;
    fprintf(out, "limit %d: %llu %llu\n", resource, (unsigned long long)limit.rlim_cur,
            (unsigned long long)limit.rlim_max);
  }
  cpu_set_t processors;
  sched_getaffinity(0, sizeof processors, &processors);
  fprintf(out, "nice %d scheduler %d processors %d\n", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0),
          CPU_COUNT(&processors));
  struct itimerval timer;
  getitimer(ITIMER_REAL, &timer);
  fprintf(out, "timer: %s\n", timer.it_value.tv_sec != 0 || timer.it_value.tv_usec != 0 ? "armed" : "none");
}

static void print_attributes(FILE* out) {
  int death_signal = 0;
  int subreaper = 0;
  char name[17] = "";
  prctl(PR_GET_PDEATHSIG, &death_signal);
  prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
  prctl(PR_GET_NAME, name);
  fprintf(out, "dumpable %d keepcaps %d securebits %d pdeathsig %d subreaper %d thp_disable %d timerslack %d\n",
          prctl(PR_GET_DUMPABLE), prctl(PR_GET_KEEPCAPS), prctl(PR_GET_SECUREBITS), death_signal, subreaper,
          prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), prctl(PR_GET_TIMERSLACK));
  fprintf(out, "name %s personality %#lx\n", name, (unsigned long)syscall(SYS_personality, 0xffffffffUL));
}

static void print_environment(FILE* out, char** argv) {
  char directory[4096];
  const mode_t mask = umask(0);
  fprintf(out, "umask %03o directory %s\n", mask, getcwd(directory, sizeof directory));
  for (char** argument = argv; *argument != NULL; ++argument) fprintf(out, "argument '%s'\n", *argument);
  for (char** variable = environ; *variable != NULL; ++variable) fprintf(out, "environment '%s'\n", *variable);
}

/// The lines of /proc/self/status whose names begin so.
static void print_status(FILE* out, const char* const* names) {
  FILE* status = fopen("/proc/self/status", "re");
  char line[4096];
  while (status != NULL && fgets(line, sizeof line, status) != NULL) {
    for (const char* const* name = names; *name != NULL; ++name) {
      if (strncmp(line, *name, strlen(*name)) == 0) fputs(line, out);
    }
  }
  if (status != NULL) fclose(status);
}

int main(int argc, char** argv) {
  look_at_descriptors();
  FILE* out = argc > 1 ? fopen(argv[1], "we") : NULL;
  if (out == NULL) return 2;
  if (argc > 2 && strcmp(argv[2], "confinement") == 0) {
    static const char* const kConfinement[] = {"NoNewPrivs", "Seccomp", NULL};
    print_status(out, kConfinement);
    return fclose(out) == 0 ? 0 : 2;
  }
  static const char* const kInherited[] = {"Cap", "Cpus_allowed:", "Mems_allowed:", "Threads", NULL};
  print_descriptors(out);
  print_signals(out);
  print_identity(out);
  print_limits(out);
  print_attributes(out);
  print_environment(out, argv + 2);
  print_status(out, kInherited);
  return fclose(out) == 0 ? 0 : 2;
}
