// Makes four system calls with arguments whose upper half the kernel ignores, and prints what each of them came to, one
// a line: "socket ok", or the name of the error. A filter that compares all 64 bits lets every one of them pass.
//
//   high_half_holes          the arguments with garbage in the upper half
//   high_half_holes plain    the same calls without
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t garbage(int plain, uint64_t upper) {
  return plain ? 0 : upper;
}

static void print_result(const char* call, long result) {
  printf("%s %s\n", call, result < 0 ? strerrorname_np(errno) : "ok");
  fflush(stdout);
}

/// AF_PACKET is 17: the raw frames of the network. EPERM without CAP_NET_RAW; never EAFNOSUPPORT.
static void make_socket(int plain) {
  print_result("socket", syscall(SYS_socket, garbage(plain, 0x100000000) | AF_PACKET, SOCK_RAW, 0));
}

/// TIOCSTI puts a character into a terminal's input, as if it had been typed.
static void type_into_terminal(int plain) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0 || grantpt(terminal) < 0 || unlockpt(terminal) < 0) {
    print_result("no terminal:", -1);
    return;
  }
  // A session of its own, so that the terminal becomes the process's own and no capability is needed.
  const pid_t child = fork();
  if (child == 0) {
    const int slave = setsid() < 0 ? -1 : open(ptsname(terminal), O_RDWR);
    const char letter = 'x';
    if (slave < 0) {
      print_result("no terminal:", -1);
    } else {
      print_result("ioctl", syscall(SYS_ioctl, slave, garbage(plain, 0xdeadbeef00000000) | TIOCSTI, &letter));
    }
    _exit(0);
  }
  waitpid(child, NULL, 0);
}

/// A user namespace of one's own: all capabilities within it.
static void make_namespace(int plain) {
  const uint64_t flags = garbage(plain, 0x100000000) | CLONE_NEWUSER | SIGCHLD;
#if defined(__s390x__)
  const long child = syscall(SYS_clone, 0, flags, 0, 0, 0);
#else
  const long child = syscall(SYS_clone, flags, 0, 0, 0, 0);
#endif
  if (child == 0) _exit(0);
  print_result("clone", child);
  if (child > 0) waitpid((pid_t)child, NULL, 0);
}

/// AT_FDCWD is -100.
static void open_here(int plain) {
  const uint64_t here = plain ? (uint64_t)AT_FDCWD : 0x7fffffffffffff9c;
  print_result("openat", syscall(SYS_openat, here, ".", O_RDONLY | O_DIRECTORY));
}

int main(int count, char** arguments) {
  const int plain = count > 1 && strcmp(arguments[1], "plain") == 0;
  make_socket(plain);
  type_into_terminal(plain);
  make_namespace(plain);
  open_here(plain);
  return 0;
}
