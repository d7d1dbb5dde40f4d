// Attempts on the supervisor and the launcher above it, which are not under the filter. The whole sandbox may end by
// these: each is to be a run of its own. Behind each comes the same: a listener of one's own, and the denied call.
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "escape.h"

enum { kTries = 3000, kDescriptors = 64 };

/// For the process that `escape` itself is: this one is its child.
static pid_t supervisor(void) {
  return parent_of(getppid());
}
static pid_t signal_proxy(void) {
  return parent_of(supervisor());
}

static const char* name_of_both(long first, int first_error, long second, int second_error) {
  if (first >= 0 || second >= 0) return "ok";
  return first_error == second_error ? strerrorname_np(first_error) : "various";
}

/// What a request gives for both, in one word.
static const char* of_both(long (*request)(pid_t pid)) {
  errno = 0;
  const long first = request(supervisor());
  const int error = errno;
  const long second = request(signal_proxy());
  return name_of_both(first, error, second, errno);
}

static long seize(pid_t pid) {
  return ptrace(PTRACE_SEIZE, pid, NULL, NULL);
}
static long attach(pid_t pid) {
  return ptrace(PTRACE_ATTACH, pid, NULL, NULL);
}
static long read_remote(pid_t pid) {
  char byte = 0;
  const struct iovec local = {&byte, 1};
  const struct iovec remote = {NULL, 1};
  return process_vm_readv(pid, &local, 1, &remote, 1, 0);
}
static long write_remote(pid_t pid) {
  char byte = 0;
  const struct iovec local = {&byte, 1};
  const struct iovec remote = {NULL, 1};
  return process_vm_writev(pid, &local, 1, &remote, 1, 0);
}
static long open_file(pid_t pid, const char* name, int flags) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  return open(path, flags | O_CLOEXEC);
}
static long open_memory(pid_t pid) {
  return open_file(pid, "mem", O_RDWR);
}
static long open_syscall(pid_t pid) {
  char byte;
  const int file = (int)open_file(pid, "syscall", O_RDONLY);
  return file < 0 ? -1 : read(file, &byte, 1);
}
static long take_descriptor(pid_t pid) {
  const int process = (int)syscall(SYS_pidfd_open, pid, 0);
  for (int number = 0; process >= 0 && number < kDescriptors; ++number) {
    const long result = syscall(SYS_pidfd_getfd, process, number, 0);
    if (result >= 0 || errno != EBADF) return result;
  }
  return -1;
}

static const char* seize_both(void) {
  return of_both(seize);
}
static const char* attach_both(void) {
  return of_both(attach);
}
static const char* read_both(void) {
  return of_both(read_remote);
}
static const char* write_both(void) {
  return of_both(write_remote);
}
static const char* memory_of_both(void) {
  return of_both(open_memory);
}
static const char* registers_of_both(void) {
  return of_both(open_syscall);
}
static const char* take_from_both(void) {
  return of_both(take_descriptor);
}

// ---- Getting rid of them ----

/// Until the denied call is no longer answered, or it is over; then a listener of its own is made, and used.
static const char* then_listen(void) {
  struct sock_filter filter[4];
  const struct sock_fprog program = {4, filter};
  for (int i = 0; i < kTries && make_folder() != 0 && errno != ENOSYS; ++i) continue;
  fill_filter(filter, denied_number(), SECCOMP_RET_USER_NOTIF);
  const int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 8 /* NEW_LISTENER */, &program);
  if (listener < 0) return name_of(listener);
  if (fork() == 0) {
    struct seccomp_notif call;
    struct seccomp_notif_resp answer;
    alarm(3);
    for (;;) {
      memset(&call, 0, sizeof call);
      if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) continue;
      memset(&answer, 0, sizeof answer);
      answer.id = call.id;
      answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
      ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
  }
  return make_folder() == 0 ? "ok" : "got a listener";
}

static const char* limited(int resource, rlim_t limit) {
  const struct rlimit both = {limit, limit};
  prctl(PR_SET_PDEATHSIG, 0);
  prlimit(supervisor(), (__rlimit_resource_t)resource, &both, NULL);
  prlimit(signal_proxy(), (__rlimit_resource_t)resource, &both, NULL);
  return then_listen();
}
static const char* limit_descriptors(void) {
  return limited(RLIMIT_NOFILE, 0);
}
static const char* limit_descriptors_to_few(void) {
  return limited(RLIMIT_NOFILE, 4);
}
static const char* limit_memory(void) {
  return limited(RLIMIT_AS, 0);
}
static const char* limit_data(void) {
  return limited(RLIMIT_DATA, 0);
}
static const char* limit_processor(void) {
  return limited(RLIMIT_CPU, 0);
}
static const char* limit_files(void) {
  return limited(RLIMIT_FSIZE, 0);
}
static const char* limit_processes(void) {
  return limited(RLIMIT_NPROC, 0);
}
static const char* limit_stack(void) {
  return limited(RLIMIT_STACK, 0);
}
static const char* limit_signals(void) {
  return limited(RLIMIT_SIGPENDING, 0);
}
static const char* limit_locked(void) {
  return limited(RLIMIT_MEMLOCK, 0);
}
static const char* kill_supervisor(void) {
  prctl(PR_SET_PDEATHSIG, 0);
  kill(supervisor(), SIGKILL);
  return then_listen();
}
static const char* kill_proxy(void) {
  kill(signal_proxy(), SIGKILL);
  return then_listen();
}
static const char* kill_both_at_once(void) {
  const pid_t pids[] = {signal_proxy(), supervisor()};
  prctl(PR_SET_PDEATHSIG, 0);
  kill(pids[0], SIGSTOP);
  kill(pids[1], SIGKILL);
  kill(pids[0], SIGKILL);
  return then_listen();
}
static const char* stop_proxy_kill_supervisor(void) {
  const pid_t pids[] = {signal_proxy(), supervisor()};
  prctl(PR_SET_PDEATHSIG, 0);
  kill(pids[0], SIGSTOP);
  kill(pids[1], SIGKILL);
  return then_listen();
}
/// Made by the target itself, before the supervisor has seen it.
static const char* listen_at_once(void) {
  struct sock_filter filter[4];
  const struct sock_fprog program = {4, filter};
  fill_filter(filter, denied_number(), SECCOMP_RET_USER_NOTIF);
  return name_of(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 8, &program));
}

const struct Attempt kSupervisorAttempts[] = {{"seize", seize_both},
                                              {"attach", attach_both},
                                              {"process_vm_readv", read_both},
                                              {"process_vm_writev", write_both},
                                              {"proc_mem", memory_of_both},
                                              {"proc_syscall", registers_of_both},
                                              {"pidfd_getfd", take_from_both},
                                              {"listen_at_once", listen_at_once},
                                              {"limit_descriptors", limit_descriptors},
                                              {"limit_descriptors_to_few", limit_descriptors_to_few},
                                              {"limit_memory", limit_memory},
                                              {"limit_data", limit_data},
                                              {"limit_processor", limit_processor},
                                              {"limit_files", limit_files},
                                              {"limit_processes", limit_processes},
                                              {"limit_stack", limit_stack},
                                              {"limit_signals", limit_signals},
                                              {"limit_locked", limit_locked},
                                              {"kill_supervisor", kill_supervisor},
                                              {"kill_proxy", kill_proxy},
                                              {"kill_both", kill_both_at_once},
                                              {"stop_proxy_kill_supervisor", stop_proxy_kill_supervisor},
                                              {NULL, NULL}};
