// Functions that are called by a table of their addresses, and by one that is indexed from 1 and from 100: the address
// in the code stands in front of the table then, in other data.
// gcc -O2 -no-pie -static -DFROM=0: getgid getpid getuid
// gcc -O2 -no-pie -static -DFROM=1: getgid getpid getuid
// gcc -O2 -no-pie -static -DFROM=2: getgid getpid getuid
// gcc -O2 -no-pie -static -DFROM=100: getgid getpid getuid
// gcc -O1 -fPIE -static-pie -DFROM=0: getgid getpid getuid
// gcc -O1 -fPIE -static-pie -DFROM=1: getgid getpid getuid
// gcc -O1 -fPIE -static-pie -DFROM=2: getgid getpid getuid
// gcc -O1 -fPIE -static-pie -DFROM=100: getgid getpid getuid
// gcc -Os -fPIE -static-pie -DFROM=0: getgid getpid getuid
// gcc -Os -fPIE -static-pie -DFROM=1: getgid getpid getuid
// gcc -Os -fPIE -static-pie -DFROM=2: getgid getpid getuid
// gcc -Os -fPIE -static-pie -DFROM=100: getgid getpid getuid
// gcc -O2 -fPIE -static-pie -DFROM=0: getgid getpid getuid
// gcc -O2 -fPIE -static-pie -DFROM=1: getgid getpid getuid
// gcc -O2 -fPIE -static-pie -DFROM=2: getgid getpid getuid
// gcc -O2 -fPIE -static-pie -DFROM=100: getgid getpid getuid
// clang -O2 -no-pie -static -DFROM=0: getgid getpid getuid
// clang -O2 -no-pie -static -DFROM=1: getgid getpid getuid
// clang -O2 -no-pie -static -DFROM=2: getgid getpid getuid
// clang -O2 -no-pie -static -DFROM=100: getgid getpid getuid
// clang -O2 -fPIE -static-pie -s -DFROM=0: getgid getpid getuid
// clang -O2 -fPIE -static-pie -s -DFROM=1: getgid getpid getuid
// clang -O2 -fPIE -static-pie -s -DFROM=2: getgid getpid getuid
// clang -O2 -fPIE -static-pie -s -DFROM=100: getgid getpid getuid
#include "../start.h"

typedef void (*function)(long);
NOINLINE static void a(long x) { call(NR_getpid); SPEND(x); }
NOINLINE static void b(long x) { call(NR_getuid); SPEND(x); }
NOINLINE static void c(long x) { call(NR_getgid); SPEND(x); }
static const long before[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
static const function table[] = {a, b, c};
struct row {
  function what;
  long more[2];
};
static struct row rows[] = {{a, {0}}, {b, {0}}, {c, {0}}};

void begin(long *stack) __asm__("begin");
void begin(long *stack) {
  const long n = stack[0];
  SPEND(before);
#if FROM == 100
  for (long i = 100; i < 100 + n; ++i) table[i - 100](i);
#elif FROM == 1
  for (long i = 1; i <= n; ++i) table[i - 1](i);
#elif FROM == 2
  for (long i = n; i > 0; --i) rows[i - 1].what(i);
#else
  table[n](n);
#endif
  leave();
}
START(begin);
