// use_file_rights DIRECTORY: does one thing for each of Landlock's rights over files and prints what came of it, "RIGHT ok"
// or "RIGHT ERRNO". The directory has: file, tool (a program that ends with 0), empty/, victim, from/moved, to/.
// Of the file system outside of it /dev/full is opened.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void print(const char* right, int failed) {
  printf("%s %s\n", right, failed ? strerrorname_np(errno) : "ok");
}

static int opened(const char* path, int flags) {
  const int fd = open(path, flags | O_CLOEXEC);
  if (fd < 0) return -1;
  close(fd);
  return 0;
}

static int execute(const char* path) {
  const pid_t child = fork();
  if (child == 0) {
    char* const arguments[] = {(char*)path, NULL};
    execv(path, arguments);
    _exit(errno);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  errno = WEXITSTATUS(status);
  return errno == 0 ? 0 : -1;
}

static int bind_socket(const char* path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return fd < 0 ? -1 : bind(fd, (struct sockaddr*)&address, sizeof address);
}

/// ENOTTY is the device's own answer, which it gives for requests that it does not know.
static int control_device(void) {
  const int fd = open("/dev/full", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  const int result = ioctl(fd, 0x12345678);
  const int error = errno;
  close(fd);
  errno = error;
  return result == 0 || error == ENOTTY ? 0 : -1;
}

/// A file that is no regular one, made by those who may: EPERM means that only privileges are missing.
static int make_device(const char* path, mode_t kind) {
  if (mknod(path, kind | 0600, makedev(1, 3)) == 0) return 0;
  return errno == EPERM ? 0 : -1;
}

int main(int argc, char** argv) {
  if (argc != 2 || chdir(argv[1]) != 0) return 2;
  print("execute", execute("tool"));
  print("write_file", opened("file", O_WRONLY));
  print("read_file", opened("file", O_RDONLY));
  print("read_dir", opened(".", O_RDONLY | O_DIRECTORY));
  print("remove_dir", rmdir("empty"));
  print("remove_file", unlink("victim"));
  print("make_char", make_device("char", S_IFCHR));
  print("make_dir", mkdir("new", 0700));
  print("make_reg", mknod("reg", S_IFREG | 0600, 0));
  print("make_sock", bind_socket("sock"));
  print("make_fifo", mkfifo("fifo", 0600));
  print("make_block", make_device("block", S_IFBLK));
  print("make_sym", symlink("file", "sym"));
  print("refer", rename("from/moved", "to/moved"));
  print("truncate", truncate("file", 0));
  print("ioctl_dev", control_device());
  return 0;
}
