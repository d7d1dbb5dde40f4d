// A part of a function that the compiler puts elsewhere, with a frame of its own; and one that only a switch leads to.
// gcc -O2 -no-pie -static: getgid getpid getuid
// gcc -O2 -fPIE -static-pie -s: getgid getpid getuid
// gcc -O2 -fPIE -static-pie -s -fno-asynchronous-unwind-tables: getgid getpid getuid
#include "../start.h"

NOINLINE __attribute__((cold)) static void rarely(void) { call(NR_getgid); }
NOINLINE static long test(long n) {
  if (__builtin_expect(n == 77, 0)) {
    call(NR_getpid);
    rarely();
    return 5;
  }
  return call(NR_getuid);
}
void begin(long *stack) __asm__("begin");
void begin(long *stack) {
  test(stack[0]);
  leave();
}
START(begin);
