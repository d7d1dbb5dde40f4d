// Tries to get at a file or a process outside of a sandbox of files in one way, and prints what came of it: "reached",
// or the errno of the call that stood in the way.
//
//   leave_files WAY [ARGUMENT]...
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static const char* result_of(long result) {
  if (result >= 0) return "reached";
  const char* name = strerrorname_np(errno);
  return name != NULL ? name : "?";
}

static const char* read_one(int fd) {
  char byte = 0;
  return result_of(fd < 0 ? -1 : read(fd, &byte, 1));
}

/// FILE FLAGS
static const char* opened(char** arguments) {
  return result_of(open(arguments[0], atoi(arguments[1])));
}

/// FILE: read by another descriptor than the one that was opened.
static const char* reopened(char** arguments) {
  const int fd = open(arguments[0], O_PATH);
  if (fd < 0) return "no O_PATH";
  char name[64];
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  return read_one(open(name, O_RDONLY));
}

/// FILE: through a descriptor of its directory that needs no right.
static const char* below_path(char** arguments) {
  char* slash = strrchr(arguments[0], '/');
  *slash = '\0';
  const int directory = open(arguments[0], O_PATH | O_DIRECTORY);
  if (directory < 0) return "no O_PATH";
  return read_one(openat(directory, slash + 1, O_RDONLY));
}

/// FILE: by its handle, on the file system of the working directory.
static const char* by_handle(char** arguments) {
  union {
    struct file_handle handle;
    char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
  } file = {.handle = {.handle_bytes = MAX_HANDLE_SZ}};
  int mount = 0;
  if (name_to_handle_at(AT_FDCWD, arguments[0], &file.handle, &mount, 0) != 0) return "no handle";
  return read_one(open_by_handle_at(open(".", O_RDONLY | O_DIRECTORY), &file.handle, O_RDONLY));
}

static const char* truncated(char** arguments) {
  return result_of(truncate(arguments[0], 0));
}

static const char* linked(char** arguments) {
  return result_of(link(arguments[0], arguments[1]));
}

static const char* renamed(char** arguments) {
  return result_of(rename(arguments[0], arguments[1]));
}

static const char* exchanged(char** arguments) {
  return result_of(renameat2(AT_FDCWD, arguments[0], AT_FDCWD, arguments[1], RENAME_EXCHANGE));
}

static const char* connect_to(const char* name, size_t hidden) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path + hidden, name, sizeof address.sun_path - 1 - hidden);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return result_of(-1);
  const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + hidden + strlen(name));
  return result_of(connect(fd, (const struct sockaddr*)&address, size));
}

static const char* path_socket(char** arguments) {
  return connect_to(arguments[0], 0);
}

static const char* abstract_socket(char** arguments) {
  return connect_to(arguments[0], 1);
}

/// FD: a socket, by which a process outside sends an open file.
static const char* received(char** arguments) {
  char byte = 0;
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
  } control;
  struct iovec data = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
  if (recvmsg(atoi(arguments[0]), &message, 0) < 0) return result_of(-1);
  if (CMSG_FIRSTHDR(&message) == NULL) return "no descriptor";
  int fd = -1;
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  return read_one(fd);
}

static const char* inherited(char** arguments) {
  return read_one(atoi(arguments[0]));
}

/// PROGRAM: static; a copy in memory is executed, and prints by itself.
static const char* from_memory(char** arguments) {
  const int program = open(arguments[0], O_RDONLY);
  const int copy = memfd_create("copy", MFD_CLOEXEC);
  struct stat about;
  if (program < 0 || copy < 0 || fstat(program, &about) != 0) return result_of(-1);
  if (sendfile(copy, program, NULL, (size_t)about.st_size) != about.st_size) return "no copy";
  char* const command[] = {arguments[0], arguments[1], NULL};
  char* const environment[] = {NULL};
  return result_of(fexecve(copy, command, environment));
}

static const char* signalled(char** arguments) {
  return result_of(kill(atoi(arguments[0]), 0));
}

static const char* signalled_by_descriptor(char** arguments) {
  const int process = (int)syscall(SYS_pidfd_open, atoi(arguments[0]), 0);
  if (process < 0) return "no pidfd";
  return result_of(syscall(SYS_pidfd_send_signal, process, 0, NULL, 0));
}

static const char* attached(char** arguments) {
  return result_of(ptrace(PTRACE_SEIZE, atoi(arguments[0]), NULL, NULL));
}

/// PID: the same limit as before.
static const char* limited(char** arguments) {
  struct rlimit limit;
  return result_of(prlimit(atoi(arguments[0]), RLIMIT_CORE, NULL, &limit));
}

static const struct {
  const char* name;
  const char* (*try)(char**);
  int arguments;
} kWays[] = {{"open", opened, 2},
             {"reopen", reopened, 1},
             {"below_path", below_path, 1},
             {"handle", by_handle, 1},
             {"truncate", truncated, 1},
             {"link", linked, 2},
             {"rename", renamed, 2},
             {"exchange", exchanged, 2},
             {"path_socket", path_socket, 1},
             {"abstract_socket", abstract_socket, 1},
             {"receive", received, 1},
             {"inherit", inherited, 1},
             {"memory", from_memory, 2},
             {"signal", signalled, 1},
             {"pidfd_signal", signalled_by_descriptor, 1},
             {"attach", attached, 1},
             {"limit", limited, 1}};

int main(int argc, char** argv) {
  for (size_t i = 0; argc > 1 && i < sizeof kWays / sizeof *kWays; ++i) {
    if (strcmp(kWays[i].name, argv[1]) != 0 || argc - 2 != kWays[i].arguments) continue;
    puts(kWays[i].try(argv + 2));
    return 0;
  }
  fprintf(stderr, "usage: leave_files WAY [ARGUMENT]...\n");
  return 2;
}
