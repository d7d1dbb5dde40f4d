// A caller dies while the supervisor reads its memory, and its number becomes that of a process outside of the sandbox,
// which waits in open() of a pipe without a writer. The call of the dead was unlink, for which the policy kills.
//
//   pid_reuse LAUNCHER POLICY   in a PID namespace of its own, whose next number it sets; makes "pipe" in the working
//                               directory, and prints what has become of it and of the process outside
//
// 77: there can be no page that is not delivered, or the number did not come.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "held_page.h"

enum { kAttempts = 5, kTimeout = 10, kStackBytes = 65536, kUntouched = 5, kAnotherNumber = 78 };

static void check(long result, const char* what) {
  if (result >= 0) return;
  perror(what);
  exit(2);
}

static void rest(void) {
  const struct timespec millisecond = {0, 1000000};
  nanosleep(&millisecond, NULL);
}

// ---- Inside of the sandbox ----

static char* page;
static char stack[kStackBytes];

static int make_denied_call(void* unused) {
  syscall(SYS_unlink, page);
  _exit(0);
  return unused == NULL;
}

static void set_next_pid(pid_t pid) {
  char text[20];
  const int length = snprintf(text, sizeof text, "%d", pid - 1);
  const int file = open("/proc/sys/kernel/ns_last_pid", O_WRONLY);
  if (file < 0 || write(file, text, (size_t)length) != length) {
    fprintf(stderr, "ns_last_pid: %s\n", strerror(errno));
    _exit(77);
  }
  close(file);
}

/// `other` is the socket to the process outside.
static int inside(int other) {
  char reply = 0;
  const int fd = hold_page(&page);
  if (fd < 0) {
    fprintf(stderr, "userfaultfd: %s\n", strerror(errno));
    return 77;
  }
  const pid_t caller = clone(make_denied_call, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL);
  check(caller, "clone");
  if (!wait_for_reader(fd, kTimeout * 1000)) fprintf(stderr, "the path is not read\n");
  kill(caller, SIGKILL);
  check(waitpid(caller, NULL, 0), "waitpid");
  set_next_pid(caller);
  check(write(other, &caller, sizeof caller), "write");
  check(read(other, &reply, 1), "read");
  release_page(fd, page);
  mkdir("folder", 0700);  // Denied, and answered when the supervisor is through with the dead.
  return 7;
}

// ---- Outside ----

/// The path is in the register of unlink's: who is made to call that removes the pipe.
static void wait_in_open(void) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int file = (int)syscall(SYS_open, "pipe", O_RDONLY);
  _exit(file >= 0 && access("pipe", F_OK) == 0 ? kUntouched : 1);
}

static char state_of(pid_t pid) {
  char path[64];
  char text[512] = "";
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  const int file = open(path, O_RDONLY);
  const ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  const char* behind_name = size > 0 ? strrchr(text, ')') : NULL;
  return behind_name == NULL ? '?' : behind_name[2];
}

static int exit_status_of(pid_t pid) {
  int status = 0;
  check(waitpid(pid, &status, 0), "waitpid");
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// Lets the process outside end by itself, if it still waits; says what has become of it.
static void see_after(pid_t bystander) {
  const int reader_waits = open("pipe", O_WRONLY | O_NONBLOCK);
  int status = 0;
  for (int i = 0; i < kTimeout * 1000 && waitpid(bystander, &status, WNOHANG) == 0; ++i) {
    if (i + 1 == kTimeout * 1000) kill(bystander, SIGKILL);
    rest();
  }
  const int untouched = WIFEXITED(status) && WEXITSTATUS(status) == kUntouched;
  printf("the pipe %s, who waited for it %s\n", access("pipe", F_OK) == 0 ? "is there" : "was removed",
         untouched && reader_waits >= 0 ? "got it" : "did not get it");
}

/// Returns the status of the launcher, or kAnotherNumber if it was not the one that was wanted.
static int try(const char* self, const char* launcher, const char* policy) {
  int sockets[2];
  char number[20];
  pid_t wanted = 0;
  unlink("pipe");
  check(mkfifo("pipe", 0600), "mkfifo");
  check(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), "socketpair");
  snprintf(number, sizeof number, "%d", sockets[1]);
  const pid_t proxy = fork();
  check(proxy, "fork");
  if (proxy == 0) {
    close(sockets[0]);
    execl(launcher, launcher, "--report", "-p", policy, "--", self, "inside", number, NULL);
    _exit(127);
  }
  close(sockets[1]);
  if (read(sockets[0], &wanted, sizeof wanted) != sizeof wanted) {
    const int status = exit_status_of(proxy);
    close(sockets[0]);
    return status;
  }
  const pid_t bystander = fork();
  check(bystander, "fork");
  if (bystander == 0) wait_in_open();
  while (state_of(bystander) != 'S') rest();
  check(write(sockets[0], "", 1), "write");
  int status = exit_status_of(proxy);
  if (bystander == wanted) {
    see_after(bystander);
  } else {
    fprintf(stderr, "the number is %d instead of %d\n", bystander, wanted);
    kill(bystander, SIGKILL);
    waitpid(bystander, NULL, 0);
    status = kAnotherNumber;
  }
  close(sockets[0]);
  return status;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  if (strcmp(argv[1], "inside") == 0) return inside(atoi(argv[2]));
  int status = kAnotherNumber;
  for (int i = 0; i < kAttempts && status == kAnotherNumber; ++i) status = try(argv[0], argv[1], argv[2]);
  return status == kAnotherNumber ? 77 : status;
}
