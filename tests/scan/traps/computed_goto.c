// Labels as values: addresses, and distances from the first of them.
// gcc -O1 -no-pie -static: getgid getpid getuid
// gcc -O1 -fPIE -static-pie: getgid getpid getuid
// gcc -O1 -fPIE -static-pie -s -DDISTANCES: getgid getpid getuid
// gcc -O1 -no-pie -static -DDISTANCES: getgid getpid getuid
// clang -O1 -fPIE -static-pie -DDISTANCES: getgid getpid getuid
// clang -O2 -fPIE -static-pie: getgid getpid getuid
#include "../start.h"

NOINLINE static void x(void) { call(NR_getpid); }
NOINLINE static void y(void) { call(NR_getuid); }
NOINLINE static void z(void) { call(NR_getgid); }
NOINLINE static int interpret(const unsigned char *p) {
#ifdef DISTANCES
  static const int labels[] = {&&l0 - &&l0, &&l1 - &&l0, &&l2 - &&l0, &&l3 - &&l0};
#define NEXT goto *(&&l0 + labels[*p++])
#else
  static const void *const labels[] = {&&l0, &&l1, &&l2, &&l3};
#define NEXT goto *labels[*p++]
#endif
  NEXT;
l0: x(); NEXT;
l1: y(); NEXT;
l2: z(); NEXT;
l3: return 0;
}
void begin(long *stack) __asm__("begin");
void begin(long *stack) {
  interpret((const unsigned char *)(stack + 1));
  leave();
}
START(begin);
