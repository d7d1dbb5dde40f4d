// A number that is taken from a table by an index.
// gcc -O2 -no-pie -static: unknown
// gcc -O2 -fPIE -static-pie: unknown
// clang -O2 -fPIE -static-pie: unknown
#include "../start.h"

static const int numbers[] = {NR_getpid, NR_getuid, NR_getgid};
void begin(long *stack) __asm__("begin");
void begin(long *stack) {
  call(numbers[stack[0] % 3]);
  leave();
}
START(begin);
