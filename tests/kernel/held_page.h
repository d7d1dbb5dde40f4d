// A page of memory that is not delivered to who reads it until it is released (userfaultfd(2)).
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kPageBytes = 4096 };

/// Faults in the kernel need CAP_SYS_PTRACE, a sysctl that allows them to all, or access to the device.
static int open_userfaultfd(void) {
  const int direct = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
  if (direct >= 0) return direct;
#ifdef USERFAULTFD_IOC_NEW
  const int device = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);
  const int fd = device < 0 ? -1 : ioctl(device, USERFAULTFD_IOC_NEW, O_CLOEXEC | O_NONBLOCK);
  if (device >= 0) close(device);
  if (fd >= 0) return fd;
  errno = EPERM;
#endif
  return -1;
}

/// Returns a descriptor for the page; negative, with errno, if there can be none.
static int hold_page(char** page) {
  const int fd = open_userfaultfd();
  if (fd < 0) return fd;
  struct uffdio_api api = {.api = UFFD_API};
  *page = mmap(NULL, kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (ioctl(fd, UFFDIO_API, &api) != 0 || *page == MAP_FAILED) return -1;
  struct uffdio_register whole = {.range = {(uintptr_t)*page, kPageBytes}, .mode = UFFDIO_REGISTER_MODE_MISSING};
  return ioctl(fd, UFFDIO_REGISTER, &whole) == 0 ? fd : -1;
}

/// Returns 1 as soon as the page is read, 0 after so many milliseconds.
static inline int wait_for_reader(int fd, int milliseconds) {
  struct pollfd reader = {fd, POLLIN, 0};
  return poll(&reader, 1, milliseconds) > 0;
}

/// It holds zeros. By every process that has the descriptor.
static void release_page(int fd, const char* page) {
  struct uffdio_zeropage whole = {.range = {(uintptr_t)page, kPageBytes}};
  ioctl(fd, UFFDIO_ZEROPAGE, &whole);
}
