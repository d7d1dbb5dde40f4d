// Attempts to answer one's own notifications: a newer filter with a listener outranks the action `trace` and, on a tie,
// an older listener's.
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "escape.h"

enum { kX32 = 0x40000000, kI386Seccomp = 354, kNewListener = 8, kWaitKillable = 32, kTsyncEsrch = 16, kTsync = 1 };
static const unsigned long kHigh = 1UL << 40;

static void answer_all(int listener) {
  struct seccomp_notif call;
  struct seccomp_notif_resp answer;
  for (;;) {
    memset(&call, 0, sizeof call);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) {
      if (errno == EBADF) return;
      continue;
    }
    memset(&answer, 0, sizeof answer);
    answer.id = call.id;
    answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }
}

/// Hands the listener to a child that does not inherit it.
static int send_descriptor(int socket, int descriptor) {
  char byte = 'x';
  struct iovec data = {&byte, 1};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control;
  struct msghdr message;
  memset(&message, 0, sizeof message);
  memset(&control, 0, sizeof control);
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.space;
  message.msg_controllen = sizeof control.space;
  control.header.cmsg_level = SOL_SOCKET;
  control.header.cmsg_type = SCM_RIGHTS;
  control.header.cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(&control.header), &descriptor, sizeof(int));
  return sendmsg(socket, &message, 0) == 1 ? 0 : -1;
}

static int receive_descriptor(int socket) {
  char byte;
  struct iovec data = {&byte, 1};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control;
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.space;
  message.msg_controllen = sizeof control.space;
  int descriptor = -1;
  if (recvmsg(socket, &message, 0) == 1) memcpy(&descriptor, CMSG_DATA(&control.header), sizeof(int));
  return descriptor;
}

/// Has the denied call answered by the process that gets the listener. `install` returns it, or the negative errno.
static const char* answered(long (*install)(const struct sock_fprog* program)) {
  struct sock_filter* filter = low_memory(4096);
  struct sock_fprog* program = (struct sock_fprog*)(filter + 16);
  int ends[2];
  fill_filter(filter, SYS_mkdirat, SECCOMP_RET_USER_NOTIF);
  program->len = 4;
  program->filter = filter;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return "no socket";
  const pid_t child = fork();
  if (child == 0) {
    alarm(4);
    answer_all(receive_descriptor(ends[1]));
    _exit(0);
  }
  const long listener = install(program);
  const char* outcome = name_of_raw(listener);
  if (listener >= 0) {
    send_descriptor(ends[0], (int)listener);
    outcome = name_of(make_folder());
  }
  kill(child, SIGKILL);
  return outcome;
}

static long raw(long result) {
  return result < 0 ? -errno : result;
}

static long plainly(const struct sock_fprog* program) {
  return raw(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, kNewListener, program));
}
static long with_wait_killable(const struct sock_fprog* program) {
  return raw(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, kNewListener | kWaitKillable, program));
}
static long with_tsync(const struct sock_fprog* program) {
  return raw(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, kNewListener | kTsync | kTsyncEsrch, program));
}
/// The kernel reads 32 bits of both.
static long with_high_halves(const struct sock_fprog* program) {
  return raw(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER | kHigh, kNewListener | kHigh << 3, program));
}
static long with_high_number(const struct sock_fprog* program) {
  return raw(syscall((long)(SYS_seccomp | kHigh), SECCOMP_SET_MODE_FILTER, kNewListener, program));
}
/// The program as 32-bit code has it: a length, and a pointer of 32 bits.
static long through_gate(const struct sock_fprog* program) {
  struct {
    unsigned short length;
    unsigned int filter;
  }* compact = low_memory(4096);
  compact->length = program->len;
  compact->filter = (unsigned)(unsigned long)program->filter;
  return call_as_i386(kI386Seccomp, SECCOMP_SET_MODE_FILTER, kNewListener, (unsigned long)compact);
}
static long as_x32(const struct sock_fprog* program) {
  return raw(syscall(kX32 + SYS_seccomp, SECCOMP_SET_MODE_FILTER, kNewListener, program));
}

static const char* listener(void) {
  return answered(plainly);
}
static const char* listener_wait_killable(void) {
  return answered(with_wait_killable);
}
static const char* listener_tsync(void) {
  return answered(with_tsync);
}
static const char* listener_high_halves(void) {
  return answered(with_high_halves);
}
static const char* listener_high_number(void) {
  return answered(with_high_number);
}
static const char* listener_int80(void) {
  return answered(through_gate);
}
static const char* listener_x32(void) {
  return answered(as_x32);
}
static const char* in_grandchild(void) {
  return in_child(listener);
}

/// Without a listener a notification is ENOSYS; that outranks nothing and makes nothing.
static const char* notification_by_prctl(void) {
  struct sock_filter filter[4];
  const struct sock_fprog program = {4, filter};
  fill_filter(filter, SYS_mkdirat, SECCOMP_RET_USER_NOTIF);
  if (syscall(SYS_prctl, 22 /* PR_SET_SECCOMP */, SECCOMP_MODE_FILTER, &program) != 0) return "no filter";
  return name_of(make_folder());
}

const struct Attempt kListenerAttempts[] = {{"listener", listener},
                                            {"listener_wait_killable", listener_wait_killable},
                                            {"listener_tsync", listener_tsync},
                                            {"listener_high_halves", listener_high_halves},
                                            {"listener_high_number", listener_high_number},
                                            {"listener_int80", listener_int80},
                                            {"listener_x32", listener_x32},
                                            {"listener_of_child", in_grandchild},
                                            {"notification_by_prctl", notification_by_prctl},
                                            {NULL, NULL}};
