// kill_before_exec COMMAND [ARGUMENT]...: kills the target of a launch under a supervisor while it prepares its launch,
// at each of its system calls in turn: the command runs once for each, and traced. Until its execve the target shares
// its memory with the supervisor, and may be killed with anything half done. So the heap is overwritten first.
//
// Prints the number of launches and what those ended with that did not exit with 137, as from a target that was killed;
// and how many of the targets that were killed had begun to execute a program. Exit 0 if all is well.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>  // After sys/ptrace.h: PTRACE_GET_SYSCALL_INFO's struct.

enum { kMaxProcesses = 64, kLongest = 20, kKilled = 128 + SIGKILL };

/// At its beginning a static program has what its first thread needs (the stack's guard, errno).
enum { kOfThread = 16384 };

struct Launch {
  pid_t command;
  pid_t target;                ///< The one that is made as by vfork(2).
  pid_t early[kMaxProcesses];  ///< Stopped, and it is not known yet how it was made.
  int early_count;
  pid_t known[kMaxProcesses];
  int known_count;
  int calls;     ///< That the target has made.
  int executed;  ///< It has called execve.
  int killed;
  int status;
};

static void die(const char* what) {
  perror(what);
  exit(2);
}

/// Fills the heap with what no heap has.
static void spoil_heap(pid_t pid) {
  char path[64];
  char line[512];
  snprintf(path, sizeof path, "/proc/%d/maps", pid);
  FILE* maps = fopen(path, "r");
  snprintf(path, sizeof path, "/proc/%d/mem", pid);
  const int memory = open(path, O_RDWR | O_CLOEXEC);
  if (maps == NULL || memory < 0) die(path);
  int found = 0;
  while (fgets(line, sizeof line, maps) != NULL) {
    unsigned long begin = 0;
    unsigned long end = 0;
    if (strstr(line, "[heap]") == NULL || sscanf(line, "%lx-%lx", &begin, &end) != 2) continue;
    begin += kOfThread;
    char* bytes = malloc(end - begin);
    if (bytes == NULL) die("malloc");
    memset(bytes, 0xa5, end - begin);
    if (pwrite(memory, bytes, end - begin, (off_t)begin) != (ssize_t)(end - begin)) die("pwrite");
    free(bytes);
    found = 1;
  }
  fclose(maps);
  close(memory);
  if (!found) {
    fprintf(stderr, "no heap\n");
    exit(2);
  }
}

/// The target stands at the beginning or the end of a system call. True if it was killed.
static int at_call(struct Launch* launch, int wanted) {
  struct ptrace_syscall_info info;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, launch->target, sizeof info, &info) <= 0) return 0;
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return 0;
  if (info.entry.nr == SYS_execve) launch->executed = 1;
  if (launch->calls++ != wanted) return 0;
  if (!launch->executed) spoil_heap(launch->target);
  launch->killed = 1;
  kill(launch->target, SIGKILL);
  return 1;
}

static void go_on(struct Launch* launch, pid_t pid, int signal) {
  const int watched = pid == launch->target && !launch->executed;
  ptrace(watched ? PTRACE_SYSCALL : PTRACE_CONT, pid, NULL, signal);
}

static int is_known(const struct Launch* launch, pid_t pid) {
  for (int i = 0; i < launch->known_count; ++i) {
    if (launch->known[i] == pid) return 1;
  }
  return 0;
}

static void note_child(struct Launch* launch, pid_t parent, int event) {
  unsigned long child = 0;
  if (ptrace(PTRACE_GETEVENTMSG, parent, NULL, &child) != 0) return;
  if (event == PTRACE_EVENT_VFORK) launch->target = (pid_t)child;
  if (launch->known_count == kMaxProcesses) die("too many processes");
  launch->known[launch->known_count++] = (pid_t)child;
  for (int i = 0; i < launch->early_count; ++i) {
    if (launch->early[i] == (pid_t)child) go_on(launch, (pid_t)child, 0);
  }
}

static void handle_stop(struct Launch* launch, pid_t pid, int status, int wanted) {
  const int event = status >> 16;
  if (!is_known(launch, pid)) {
    if (launch->early_count == kMaxProcesses) die("too many processes");
    launch->early[launch->early_count++] = pid;
    return;
  }
  if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
    note_child(launch, pid, event);
  } else if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
    if (pid == launch->target && at_call(launch, wanted)) return;
  }
  go_on(launch, pid, event == 0 && WSTOPSIG(status) != (SIGTRAP | 0x80) ? WSTOPSIG(status) : 0);
}

static struct Launch launch_and_kill(int wanted, char** command) {
  struct Launch launch;
  memset(&launch, 0, sizeof launch);
  launch.command = fork();
  if (launch.command < 0) die("fork");
  if (launch.command == 0) {
    raise(SIGSTOP);
    execv(command[0], command);
    _exit(99);
  }
  int status = 0;
  waitpid(launch.command, &status, WUNTRACED);
  const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
  if (ptrace(PTRACE_SEIZE, launch.command, NULL, options) != 0) die("PTRACE_SEIZE");
  launch.known[launch.known_count++] = launch.command;
  kill(launch.command, SIGCONT);
  alarm(kLongest);  // Which ends this program, and the test.
  for (;;) {
    const pid_t pid = waitpid(-1, &status, __WALL);
    if (pid < 0 && errno == ECHILD) break;
    if (pid < 0) continue;
    if (WIFSTOPPED(status)) {
      handle_stop(&launch, pid, status, wanted);
    } else if (pid == launch.command) {
      launch.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
  }
  alarm(0);
  return launch;
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  int bad = 0;
  int launches = 0;
  int executed = 0;
  for (;; ++launches) {
    const struct Launch launch = launch_and_kill(launches, argv + 1);
    if (!launch.killed) break;
    executed += launch.executed;
    if (launch.status == kKilled) continue;
    printf("killed at its call %d: %d\n", launches, launch.status);
    bad = 1;
  }
  printf("%d launches, %d of them killed in execve\n", launches, executed);
  return bad;
}
