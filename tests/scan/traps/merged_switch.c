// A switch whose index was compared on one of the ways that lead to it alone.
// gcc -O2 -no-pie -static: getegid geteuid getgid getpid getppid gettid getuid sync
// gcc -O2 -fPIE -static-pie -s: getegid geteuid getgid getpid getppid gettid getuid sync
// gcc -O2 -fPIE -static-pie -fno-asynchronous-unwind-tables: getegid geteuid getgid getpid getppid gettid getuid sync
// clang -O2 -fPIE -static-pie: getegid geteuid getgid getpid getppid gettid getuid sync
#include "../start.h"

NOINLINE static long other(long x) { SPEND(x); return x & 7; }
NOINLINE static long by_table(long x) {
  if ((unsigned long)x <= 3) {
    __asm__ volatile("nop");
  } else {
    x = other(x);
  }
  switch (x) {
    case 0: return call(NR_getpid);
    case 1: return call(NR_getuid) + 1;
    case 2: return call(NR_getgid) + 2;
    case 3: return call(NR_geteuid) + 3;
    case 4: return call(NR_getegid) + 4;
    case 5: return call(NR_getppid) + 5;
    case 6: return call(NR_sync) + 6;
    case 7: return call(NR_gettid) + 7;
    default: __builtin_unreachable();
  }
}
void begin(long *stack) __asm__("begin");
void begin(long *stack) {
  by_table(stack[0]);
  leave();
}
START(begin);
