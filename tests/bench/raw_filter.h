/* A filter as a file of struct sock_filter, and its installation: what the programs of the benchmark share. C and
   C++. */
#pragma once

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Room for the longest filter that the kernel takes. */
struct raw_filter {
  unsigned short length;
  struct sock_filter instructions[BPF_MAXINSNS];
};

/* Reads PATH whole. 0, or -1 if it cannot be read or holds anything but 1 to 4096 instructions. */
static inline int read_raw_filter(const char* path, struct raw_filter* filter) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  char beyond;
  const ssize_t size = read(fd, filter->instructions, sizeof filter->instructions);
  const int complete = size > 0 && size % (ssize_t)sizeof(struct sock_filter) == 0 && read(fd, &beyond, 1) == 0;
  close(fd);
  filter->length = (unsigned short)(size / (ssize_t)sizeof(struct sock_filter));
  return complete ? 0 : -1;
}

/* seccomp(2) alone: what is timed. 0, or -1 with errno. */
static inline int load_raw_filter(struct raw_filter* filter) {
  struct sock_fprog program = {filter->length, filter->instructions};
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

static inline int set_no_new_privs(void) {
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
