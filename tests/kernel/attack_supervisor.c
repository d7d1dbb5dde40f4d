// Tries to get at its supervisor, and at the launcher above that, by everything that the kernel grants to tracers.
// Prints what came of it: "supervisor mem EACCES". Who has taken a listener uses it, to have a folder made that the
// policy denies.
//
//   attack_supervisor FOLDER
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kDescriptors = 64 };  // Far more than a supervisor has.

static pid_t parent_of(pid_t pid) {
  char path[64];
  char text[512] = "";
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  const int file = open(path, O_RDONLY);
  const ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  const char* behind_name = size > 0 ? strrchr(text, ')') : NULL;
  int parent = 0;
  if (behind_name == NULL || sscanf(behind_name, ") %*c %d", &parent) != 1) return -1;
  return parent;
}

static void print(const char* who, const char* what, long result) {
  printf("%s %s %s\n", who, what, result < 0 ? strerrorname_np(errno) : "ok");
}

/// Writes a byte of its code, in place of the same byte: with another one the process would be ours.
static long write_memory(pid_t pid) {
  char path[64];
  unsigned long address = 0;
  char byte = 0;
  snprintf(path, sizeof path, "/proc/%d/mem", pid);
  const int memory = open(path, O_RDWR);
  if (memory < 0) return -1;
  snprintf(path, sizeof path, "/proc/%d/maps", pid);
  FILE* maps = fopen(path, "r");
  char line[512];
  while (maps != NULL && fgets(line, sizeof line, maps) != NULL && strstr(line, " r-xp ") == NULL) continue;
  if (maps == NULL || sscanf(line, "%lx", &address) != 1) return -1;
  if (pread(memory, &byte, 1, (off_t)address) != 1) return -1;
  return pwrite(memory, &byte, 1, (off_t)address) == 1 ? 0 : -1;
}

/// To an address that is not mapped: EFAULT is what a caller gets that may do it.
static long write_by_call(pid_t pid) {
  char byte = 0;
  const struct iovec local = {&byte, 1};
  const struct iovec remote = {NULL, 1};
  return process_vm_writev(pid, &local, 1, &remote, 1, 0);
}

static int is_listener(int fd) {
  char path[64];
  char target[64] = "";
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return readlink(path, target, sizeof target - 1) > 0 && strstr(target, "seccomp") != NULL;
}

/// In place of the supervisor, which is stopped meanwhile.
static void let_own_call_through(pid_t supervisor, int listener, const char* folder) {
  struct seccomp_notif call;
  struct seccomp_notif_resp answer;
  memset(&call, 0, sizeof call);
  memset(&answer, 0, sizeof answer);
  kill(supervisor, SIGSTOP);
  const pid_t child = fork();
  if (child == 0) {
    print("supervisor", "listener, with which mkdir", mkdir(folder, 0700));
    fflush(stdout);
    _exit(0);
  }
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) == 0) {
    answer.id = call.id;
    answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }
  waitpid(child, NULL, 0);
  kill(supervisor, SIGCONT);
}

/// The first answer that is not EBADF, and what descriptors can be used for.
static long take_descriptors(pid_t pid, const char* folder) {
  const int process = (int)syscall(SYS_pidfd_open, pid, 0);
  if (process < 0) return -1;
  for (int number = 0; number < kDescriptors; ++number) {
    const int fd = (int)syscall(SYS_pidfd_getfd, process, number, 0);
    if (fd < 0 && errno != EBADF) return -1;
    if (fd >= 0 && is_listener(fd)) let_own_call_through(pid, fd, folder);
  }
  return 0;
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  const pid_t supervisor = getppid();
  const struct {
    const char* name;
    pid_t pid;
  } whom[] = {{"supervisor", supervisor}, {"launcher", parent_of(supervisor)}};
  for (int i = 0; i < 2; ++i) {
    print(whom[i].name, "mem", write_memory(whom[i].pid));
    print(whom[i].name, "process_vm_writev", write_by_call(whom[i].pid));
    print(whom[i].name, "pidfd_getfd", take_descriptors(whom[i].pid, argv[1]));
    print(whom[i].name, "ptrace", ptrace(PTRACE_SEIZE, whom[i].pid, NULL, NULL));
  }
  return 0;
}
