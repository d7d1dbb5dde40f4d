// Arguments that reach their call in different ways: constants of all callers, of those with one number, and none.
#include "start.h"

enum { NR_write = 1, NR_ioctl = 16, NR_socket = 41, NR_socketpair = 53, NR_clone = 56, NR_fcntl = 72, NR_prctl = 157 };
enum { UNIX = 1, INET = 2, STREAM = 1, DATAGRAM = 2, CLOEXEC = 02000000, TERMINAL_GET = 0x5401 };

static inline __attribute__((always_inline)) long call3(long number, long first, long second, long third) {
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(first), "S"(second), "d"(third)
                   : "rcx", "r11", "memory");
  return result;
}

// Both arguments belong to one caller: there is no datagram socket of UNIX.
NOINLINE long make_socket(long family, long type) {
  return call3(NR_socket, family, type, 0);
}

// One instruction for several numbers: the second argument of write is no request of ioctl.
NOINLINE long many(long number, long first, long second) {
  return call3(number, first, second, 0);
}

// Only one of two arguments is a constant.
NOINLINE long make_pair(long type) {
  return call3(NR_socketpair, UNIX, type, 0);
}

// Its callers are not known.
USED NOINLINE static long by_pointer(long option) {
  return call3(NR_prctl, option, 0, 0);
}
long (*volatile pointer)(long) = by_pointer;

// One of two values, and bits that are added.
NOINLINE long start(int which) {
  long flags = which != 0 ? 0x11 : 0x100;
  return call3(NR_clone, flags | 0x40000000, 0, 0);
}

// The numbers of a table are not followed.
long numbers[] = {1, 2, 3};

void begin(long* stack) __asm__("begin");
void begin(long* stack) {
  const int count = (int)stack[0];
  make_socket(UNIX, STREAM | CLOEXEC);
  make_socket(INET, DATAGRAM);
  many(NR_write, 1, 77);
  many(NR_ioctl, 1, TERMINAL_GET);
  make_pair(count);
  call3(NR_fcntl, 0, count, 0);
  pointer(count);
  start(count);
#ifdef UNKNOWN
  call(numbers[count & 1]);
#endif
  leave();
}
__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call begin\n hlt\n");
