#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kMaxThreads = 256, kEndless = 1000, kCannotStart = 99 };

int timeout = 10;

struct Thread {
  pid_t pid;
  int role;
  int is_target;
  int calls;
  int answers;  ///< Its call that waits is to be answered.
};

struct Launch {
  const struct Fault* fault;
  struct Outcome* outcome;
  struct Thread threads[kMaxThreads];
  int count;
  int made;      ///< Threads, ever.
  int executed;  ///< How often anything was.
  pid_t command;
};

static void die(const char* what) {
  fprintf(stderr, "faults: %s: %s\n", what, strerror(errno));
  exit(2);
}

// ---- What the kernel tells ----

static int field_of(const char* path, const char* name) {
  char text[8192];
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  const ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  if (size <= 0) return -1;
  text[size] = '\0';
  const char* field = strstr(text, name);
  return field == NULL ? -1 : atoi(field + strlen(name));
}

/// Linux before 5.9 does not count them: 1, or 0 if there is none.
static int filters_of(pid_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  const int count = field_of(path, "\nSeccomp_filters:\t");
  const int mode = field_of(path, "\nSeccomp:\t");
  if (mode >= 0 && mode != 2) return 0;
  return count >= 0 ? count : mode == 2 ? 1 : -1;
}

int own_filters(void) {
  return filters_of(getpid());
}

// ---- The command ----

/// Answers one call with an errno. `started` is the path with which the command is executed.
static void install_outer_filter(const struct Fault* fault, const char* started) {
  const uint32_t low = (uint32_t)(uintptr_t)started;
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)fault->number, 0, 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 0, 2),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, low, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)fault->answer),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  // Root needs no no_new_privs: the launcher is to set it itself.
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0) return;
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) _exit(kCannotStart);
}

static void become_command(const struct Fault* fault, char** command, int go, int out, int err) {
  char byte = 0;
  if (read(go, &byte, 1) != 1) _exit(kCannotStart);
  setsid();
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  syscall(SYS_close_range, 3U, ~0U, 0U);
  if (fault->kind == kLimit) {
    const struct rlimit limit = {fault->limit, fault->limit};
    if (setrlimit((__rlimit_resource_t)fault->resource, &limit) != 0) _exit(kCannotStart);
  }
  if (fault->kind == kFilter) install_outer_filter(fault, command[0]);
  execve(command[0], command, environ);
  _exit(kCannotStart);
}

// ---- Its threads ----

static volatile sig_atomic_t late;
static void be_late(int number) {
  (void)number;
  late = 1;
}

/// A place of one that has ended, or a new one.
static struct Thread* free_place(struct Launch* launch) {
  if (launch->count < kMaxThreads) return &launch->threads[launch->count++];
  for (int i = 0; i < kMaxThreads; ++i) {
    if (launch->threads[i].pid == -1) return &launch->threads[i];
  }
  die("too many threads at a time");
  return NULL;
}

static struct Thread* thread_of(struct Launch* launch, pid_t pid) {
  for (int i = 0; i < launch->count; ++i) {
    if (launch->threads[i].pid == pid) return &launch->threads[i];
  }
  struct Thread* thread = free_place(launch);
  memset(thread, 0, sizeof *thread);
  thread->pid = pid;
  thread->role = launch->made++;
  if (launch->made > kEndless) late = 1;  // It makes one after the other, for ever.
  return thread;
}

static void answer(pid_t pid, int error) {
  struct user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) != 0) return;
  registers.rax = (unsigned long long)-(long long)error;
  ptrace(PTRACE_SETREGS, pid, NULL, &registers);
}

/// Makes getpid of it: a filter that is installed already allows that, where it would not allow the number -1.
static void skip_call(pid_t pid) {
  struct user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) != 0) return;
  registers.orig_rax = SYS_getpid;
  ptrace(PTRACE_SETREGS, pid, NULL, &registers);
}

/// brk never returns an errno: it fails by leaving the break as it is.
static void let_brk_fail(pid_t pid) {
  struct user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) != 0) return;
  registers.rdi = 0;
  ptrace(PTRACE_SETREGS, pid, NULL, &registers);
}

static void at_call(struct Launch* launch, struct Thread* thread) {
  struct __ptrace_syscall_info info;
  memset(&info, 0, sizeof info);
  if (ptrace(PTRACE_GET_SYSCALL_INFO, thread->pid, sizeof info, &info) <= 0) return;
  if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
    if (thread->answers) answer(thread->pid, launch->fault->answer);
    thread->answers = 0;
    return;
  }
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY || thread->is_target) return;
  const long number = (long)info.entry.nr;
  if (number >= 0 && number < kMaxNumber) launch->outcome->made[number] = 1;
  const int index = thread->calls++;
  if (thread->role < kMaxRoles) launch->outcome->calls[thread->role] = thread->calls;
  const struct Fault* fault = launch->fault;
  if (fault->kind != kCall || thread->role != fault->role || index != fault->index) return;
  launch->outcome->reached = 1;
  launch->outcome->number = number;
  // Neither returns, so neither can fail; that of a signal handler restores what is to be returned.
  if (number == SYS_exit || number == SYS_exit_group || number == SYS_rt_sigreturn) return;
  if (number == SYS_brk) {
    let_brk_fail(thread->pid);
    return;
  }
  skip_call(thread->pid);
  thread->answers = 1;
}

static void at_exec(struct Launch* launch, struct Thread* thread) {
  if (launch->executed++ == 0) return;
  thread->is_target = 1;
  launch->outcome->started = 1;
  launch->outcome->seen_filters = filters_of(thread->pid);
}

/// What is to be done with a thread that has stopped.
static void handle_stop(struct Launch* launch, pid_t pid, int status) {
  struct Thread* thread = thread_of(launch, pid);
  const int event = status >> 16;
  const int number = WSTOPSIG(status);
  int deliver = 0;
  if (number == (SIGTRAP | 0x80)) {
    at_call(launch, thread);
  } else if (event == PTRACE_EVENT_EXEC) {
    at_exec(launch, thread);
  } else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
    unsigned long child = 0;
    if (ptrace(PTRACE_GETEVENTMSG, pid, NULL, &child) == 0) thread_of(launch, (pid_t)child);
  } else if (event == PTRACE_EVENT_STOP) {
    if (number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU) {
      ptrace(PTRACE_LISTEN, pid, NULL, NULL);
      return;
    }
  } else if (event == 0) {
    deliver = number;
  }
  const int watches = (launch->fault->kind == kNone || launch->fault->kind == kCall) && !thread->is_target;
  ptrace(watches ? PTRACE_SYSCALL : PTRACE_CONT, pid, NULL, deliver);
}

static void set_alarm(int seconds) {
  const struct itimerval timer = {{0, 100000}, {seconds, 0}};
  const struct itimerval none = {{0, 0}, {0, 0}};
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = be_late;
  sigaction(SIGALRM, &action, NULL);
  late = 0;
  setitimer(ITIMER_REAL, seconds > 0 ? &timer : &none, NULL);
}

/// One call is said to have been made, and was not: who waits for what it did waits for ever.
static int is_lie(const struct Fault* fault) {
  return fault->kind == kCall && fault->answer == 0;
}

static void print_waiting(const struct Launch* launch) {
  for (int i = 0; i < launch->count; ++i) {
    char path[64];
    char text[256] = "";
    if (launch->threads[i].pid <= 0) continue;
    snprintf(path, sizeof path, "/proc/%d/syscall", launch->threads[i].pid);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    if (read(file, text, sizeof text - 1) > 0) {
      fprintf(stderr, "    waits: thread %d of the launch%s, in call %s", i,
              launch->threads[i].is_target ? " (target)" : "", text);
    }
    close(file);
  }
}

/// Until no process is left.
static void follow(struct Launch* launch) {
  int killed = 0;
  set_alarm(is_lie(launch->fault) ? (timeout + 4) / 5 : timeout);
  for (;;) {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, __WALL);
    if (pid < 0 && errno == ECHILD) break;
    if (pid < 0 && errno != EINTR) die("waitpid");
    if (late && !killed) {
      killed = launch->outcome->hung = 1;
      if (!is_lie(launch->fault)) print_waiting(launch);
    }
    // Again and again: who is just made is not known yet.
    for (int i = 0; killed && i < launch->count; ++i) {
      if (launch->threads[i].pid > 0) kill(launch->threads[i].pid, SIGKILL);
    }
    if (pid < 0) continue;
    if (WIFSTOPPED(status)) {
      handle_stop(launch, pid, status);
    } else {
      if (pid == launch->command) launch->outcome->status = status;
      thread_of(launch, pid)->pid = -1;
    }
  }
  set_alarm(0);
}

static void read_all(int fd, char* text, size_t size) {
  const ssize_t got = pread(fd, text, size - 1, 0);
  text[got > 0 ? got : 0] = '\0';
  close(fd);
}

struct Outcome launch_with(const struct Fault* fault, char** command) {
  static struct Outcome outcome;
  static struct Launch launch;
  memset(&outcome, 0, sizeof outcome);
  memset(&launch, 0, sizeof launch);
  outcome.status = -1;
  outcome.seen_filters = -1;
  launch.fault = fault;
  launch.outcome = &outcome;
  const int out = memfd_create("out", MFD_CLOEXEC);
  const int err = memfd_create("err", MFD_CLOEXEC);
  int go[2];
  if (out < 0 || err < 0 || pipe2(go, O_CLOEXEC) != 0) die("pipe");
  const pid_t pid = fork();
  if (pid < 0) die("fork");
  if (pid == 0) become_command(fault, command, go[0], out, err);
  const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
                       PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
  if (ptrace(PTRACE_SEIZE, pid, NULL, options) != 0) die("ptrace");
  launch.command = pid;
  thread_of(&launch, pid);
  if (write(go[1], "g", 1) != 1) die("write");
  close(go[0]);
  close(go[1]);
  follow(&launch);
  read_all(out, outcome.out, sizeof outcome.out);
  read_all(err, outcome.err, sizeof outcome.err);
  return outcome;
}
