// Addresses that are not aligned.
// gcc -O2 -no-pie -static: getpid getuid
// gcc -O2 -fPIE -static-pie: getpid getuid
#include "../start.h"

NOINLINE static void a(void) { call(NR_getpid); }
NOINLINE static void b(void) { call(NR_getuid); }
struct __attribute__((packed)) row {
  int key;
  void (*what)(void);
};
static struct row rows[] = {{1, a}, {2, b}};
void begin(long *stack) __asm__("begin");
void begin(long *stack) {
  struct row *p = rows;
  __asm__ volatile("" : "+r"(p));
  p[stack[0] & 1].what();
  leave();
}
START(begin);
