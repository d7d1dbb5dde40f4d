// LLVM makes a table of a switch between addresses of constants: of their distances from the table, which no relocation
// tells.
// clang -O2 -fPIE -static-pie: geteuid getgid getpid getuid
// clang -O2 -fPIE -static-pie -s: geteuid getgid getpid getuid
// clang -O2 -no-pie -static: geteuid getgid getpid getuid
// gcc -O2 -fPIE -static-pie: geteuid getgid getpid getuid
#include "../start.h"

struct operations {
  long more[6];
  void (*go)(void);
};
NOINLINE static void a(void) { call(NR_getpid); }
NOINLINE static void b(void) { call(NR_getuid); }
NOINLINE static void c(void) { call(NR_getgid); }
NOINLINE static void d(void) { call(NR_geteuid); }
static const struct operations first = {{1}, a}, second = {{2}, b}, third = {{3}, c}, fourth = {{4}, d};
NOINLINE static const struct operations *pick(long n) {
  switch (n) {
    case 0: return &first;
    case 1: return &second;
    case 2: return &third;
    case 3: return &fourth;
    case 4: return &second;
    default: return &third;
  }
}
void begin(long *stack) __asm__("begin");
void begin(long *stack) {
  pick(stack[0])->go();
  leave();
}
START(begin);
