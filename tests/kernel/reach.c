// Tries to reach a network, a local service or another program in one way, and prints what came of it: "reached", or
// the errno of the call that stood in the way.
//
//   reach WAY [ARGUMENT]...
//
// A service that is reached gets the byte 'R'.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <pthread.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char* result_of(long result) {
  if (result >= 0) return "reached";
  const char* name = strerrorname_np(errno);
  return name != NULL ? name : "?";
}

static const char* write_to(int fd) {
  return result_of(fd < 0 ? -1 : write(fd, "R", 1));
}

static struct sockaddr_in port_address(const char* port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static struct sockaddr_un path_address(const char* path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  return address;
}

static const char* tcp(char** arguments) {
  const struct sockaddr_in address = port_address(arguments[0]);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (const struct sockaddr*)&address, sizeof address) != 0) return result_of(-1);
  return write_to(fd);
}

/// FAMILY TYPE PROTOCOL: a socket that cannot harm.
static const char* any_socket(char** arguments) {
  return result_of(socket(atoi(arguments[0]), atoi(arguments[1]), atoi(arguments[2])));
}

static const char* any_pair(char** arguments) {
  int ends[2];
  return result_of(socketpair(atoi(arguments[0]), atoi(arguments[1]), 0, ends));
}

/// One operation of an io_uring, by IORING_ENTER_GETEVENTS; what it returned, as a system call does.
static long ring_operation(const struct io_uring_sqe* operation) {
  struct io_uring_params about = {0};
  const long ring = syscall(SYS_io_uring_setup, 4, &about);
  if (ring < 0) return -1;
  const size_t size = about.sq_off.array + about.sq_entries * sizeof(uint32_t) + about.cq_off.cqes +
                      about.cq_entries * sizeof(struct io_uring_cqe);
  char* rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, (int)ring, IORING_OFF_SQ_RING);
  struct io_uring_sqe* entries = mmap(NULL, about.sq_entries * sizeof *entries, PROT_READ | PROT_WRITE, MAP_SHARED,
                                      (int)ring, IORING_OFF_SQES);
  if (rings == MAP_FAILED || entries == MAP_FAILED) return -1;
  entries[0] = *operation;
  *(uint32_t*)(rings + about.sq_off.array) = 0;
  *(uint32_t*)(rings + about.sq_off.tail) = 1;
  if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1) return -1;
  const int result = ((struct io_uring_cqe*)(rings + about.cq_off.cqes))->res;
  if (result < 0) errno = -result;
  return result < 0 ? -1 : result;
}

static const char* ring_tcp(char** arguments) {
  const struct sockaddr_in address = port_address(arguments[0]);
  const struct io_uring_sqe make = {.opcode = 45 /* IORING_OP_SOCKET */, .fd = AF_INET, .off = SOCK_STREAM};
  const int fd = (int)ring_operation(&make);
  if (fd < 0) return result_of(-1);
  const struct io_uring_sqe join = {
      .opcode = IORING_OP_CONNECT, .fd = fd, .addr = (uintptr_t)&address, .off = sizeof address};
  if (ring_operation(&join) < 0) return result_of(-1);
  return write_to(fd);
}

/// PID FD: another process's connection.
static const char* stolen(char** arguments) {
  const long process = syscall(SYS_pidfd_open, atoi(arguments[0]), 0);
  if (process < 0) return result_of(-1);
  return write_to((int)syscall(SYS_pidfd_getfd, process, atoi(arguments[1]), 0));
}

/// PID ADDRESS: another process's memory, which gets back what was in it.
static const char* memory(char** arguments) {
  char byte = 0;
  const struct iovec here = {&byte, 1};
  const struct iovec there = {(void*)strtoul(arguments[1], NULL, 0), 1};
  const pid_t pid = atoi(arguments[0]);
  if (process_vm_readv(pid, &here, 1, &there, 1, 0) != 1) return result_of(-1);
  return result_of(process_vm_writev(pid, &here, 1, &there, 1, 0));
}

static const char* traced(char** arguments) {
  const pid_t pid = atoi(arguments[0]);
  if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) != 0) return result_of(-1);
  waitpid(pid, NULL, __WALL);
  return result_of(ptrace(PTRACE_DETACH, pid, NULL, NULL));
}

/// A character that comes back to the terminal, standard input, as if it had been typed.
static const char* typed(char** arguments) {
  (void)arguments;
  return result_of(ioctl(STDIN_FILENO, TIOCSTI, "\n"));
}

static const char* local_stream(char** arguments) {
  const struct sockaddr_un address = path_address(arguments[0]);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (const struct sockaddr*)&address, sizeof address) != 0) return result_of(-1);
  return write_to(fd);
}

/// PATH TYPE: an end of a pair, connected to a service.
static const char* reconnected(char** arguments) {
  const struct sockaddr_un address = path_address(arguments[0]);
  int ends[2];
  if (socketpair(AF_UNIX, atoi(arguments[1]), 0, ends) != 0) return result_of(-1);
  if (connect(ends[0], (const struct sockaddr*)&address, sizeof address) != 0) return result_of(-1);
  return write_to(ends[0]);
}

/// PATH TYPE: the same with a name for one message.
static const char* addressed(char** arguments) {
  const struct sockaddr_un address = path_address(arguments[0]);
  int ends[2];
  if (socketpair(AF_UNIX, atoi(arguments[1]), 0, ends) != 0) return result_of(-1);
  return result_of(sendto(ends[0], "R", 1, 0, (const struct sockaddr*)&address, sizeof address));
}

static char* const kEcho[] = {(char*)"echo", (char*)"reached", NULL};

static const char* executed(char** arguments) {
  (void)arguments;
  execve("/bin/echo", kEcho, environ);
  return result_of(-1);
}

static const char* executed_at(char** arguments) {
  (void)arguments;
  syscall(SYS_execveat, AT_FDCWD, "/bin/echo", kEcho, environ, 0);
  return result_of(-1);
}

/// A program in memory.
static const char* from_memory(char** arguments) {
  (void)arguments;
  char bytes[65536];
  const int memory_file = memfd_create("program", 0);
  const int file = open("/bin/echo", O_RDONLY);
  for (ssize_t got = 0; (got = read(file, bytes, sizeof bytes)) > 0;) {
    if (write(memory_file, bytes, (size_t)got) != got) return result_of(-1);
  }
  syscall(SYS_execveat, memory_file, "", kEcho, environ, AT_EMPTY_PATH);
  return result_of(-1);
}

static const char* spawned(char** arguments) {
  (void)arguments;
  pid_t child = 0;
  errno = posix_spawn(&child, "/bin/echo", NULL, NULL, kEcho, environ);
  if (errno != 0) return result_of(-1);
  waitpid(child, NULL, 0);
  exit(0);  // The child has printed it.
}

static void* execute_in_thread(void* unused) {
  (void)unused;
  execve("/bin/echo", kEcho, environ);
  return (void*)(intptr_t)errno;
}

static const char* in_thread(char** arguments) {
  (void)arguments;
  pthread_t thread;
  void* number = NULL;
  if (pthread_create(&thread, NULL, execute_in_thread, NULL) != 0) return "no thread";
  pthread_join(thread, &number);
  errno = (int)(intptr_t)number;
  return result_of(-1);
}

#ifdef __x86_64__
/// NUMBER ARGUMENT ARGUMENT: as 32-bit code calls. execve of a string would need 32-bit addresses.
static const char* int80(char** arguments) {
  long result = atol(arguments[0]);
  __asm__ volatile("int $0x80"
                   : "+a"(result)
                   : "b"(atol(arguments[1])), "c"(atol(arguments[2])), "d"(0L)
                   : "memory", "r8", "r9", "r10", "r11");
  if (result < 0) errno = (int)-result;
  return result_of(result);
}
#endif

static const struct {
  const char* name;
  const char* (*try_it)(char** arguments);
  int arguments;
} kWays[] = {{"tcp", tcp, 1},
             {"socket", any_socket, 3},
             {"pair", any_pair, 2},
             {"ring_tcp", ring_tcp, 1},
             {"stolen", stolen, 2},
             {"memory", memory, 2},
             {"traced", traced, 1},
             {"typed", typed, 0},
             {"local_stream", local_stream, 1},
             {"reconnected", reconnected, 2},
             {"addressed", addressed, 2},
             {"executed", executed, 0},
             {"executed_at", executed_at, 0},
             {"from_memory", from_memory, 0},
             {"spawned", spawned, 0},
             {"in_thread", in_thread, 0},
#ifdef __x86_64__
             {"int80", int80, 3},
#endif
};

int main(int argc, char** argv) {
  for (size_t i = 0; argc > 1 && i < sizeof kWays / sizeof *kWays; ++i) {
    if (strcmp(kWays[i].name, argv[1]) != 0 || argc - 2 != kWays[i].arguments) continue;
    puts(kWays[i].try_it(argv + 2));
    return 0;
  }
  fprintf(stderr, "usage: reach WAY [ARGUMENT]...\n");
  return 2;
}
