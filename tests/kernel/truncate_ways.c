// truncate_ways FILE: tries to make a file shorter in each way that there is, and prints for each what came of it: "WAY
// emptied", "WAY kept", and the errno if there is one. The file gets its text back from the descriptor that is standard
// input.
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char* file;

static void tried(const char* way, long result) {
  const int error = result < 0 ? errno : 0;
  struct stat info;
  if (fstat(STDIN_FILENO, &info) != 0) exit(2);
  printf("%s %s%s%s\n", way, info.st_size == 0 ? "emptied" : "kept", error != 0 ? " " : "",
         error != 0 ? strerrorname_np(error) : "");
  if (info.st_size == 0 && pwrite(STDIN_FILENO, "text\n", 5, 0) != 5) exit(2);
}

static long by_openat2(unsigned long long flags) {
  struct open_how how = {.flags = flags};
  return syscall(SYS_openat2, AT_FDCWD, file, &how, sizeof how);
}

static long by_handle(int flags) {
  union {
    struct file_handle handle;
    char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
  } memory = {.handle = {.handle_bytes = MAX_HANDLE_SZ}};
  int mount = 0;
  if (name_to_handle_at(AT_FDCWD, file, &memory.handle, &mount, 0) != 0) return -1;
  return open_by_handle_at(AT_FDCWD, &memory.handle, flags);
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  file = argv[1];
  tried("open", syscall(SYS_open, file, O_RDONLY | O_TRUNC));
  tried("open-3", syscall(SYS_open, file, 3 | O_TRUNC));
  tried("openat", openat(AT_FDCWD, file, O_RDONLY | O_TRUNC));
  tried("openat-3", openat(AT_FDCWD, file, 3 | O_TRUNC));
  tried("openat2", by_openat2(O_RDONLY | O_TRUNC));
  tried("openat2-3", by_openat2(3 | O_TRUNC));
  tried("handle", by_handle(O_RDONLY | O_TRUNC));
  tried("truncate", truncate(file, 0));
  tried("write", open(file, O_WRONLY | O_TRUNC));
  tried("read-write", open(file, O_RDWR | O_TRUNC));
  tried("creat", creat(file, 0600));
  tried("path", open(file, O_PATH | O_TRUNC));
  const int reader = open(file, O_RDONLY);
  tried("ftruncate", ftruncate(reader, 0));
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", reader);
  tried("link", open(link, O_RDONLY | O_TRUNC));
  const int control = open("/dev/full", 3);
  printf("mode-3 %s\n", control >= 0 ? "ok" : strerrorname_np(errno));
  return 0;
}
