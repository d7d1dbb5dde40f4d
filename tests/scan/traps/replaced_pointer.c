// A variable holds the address of a function that does not return, until it is replaced.
// gcc -O2 -no-pie -static: getgid getuid
// gcc -O2 -fPIE -static-pie -s: getgid getuid
#include "../start.h"

NOINLINE static void die(void) { leave(); }
NOINLINE static void warn(void) { __asm__ volatile(""); }
static void (*fail)(void) = die;
NOINLINE static void test(long n) {
  long number = NR_getuid;
  if (n > 2) {
    number = NR_getgid;
    __asm__ volatile("" : "+r"(number));
    fail();
  }
  call(number);
}
void begin(long *stack) __asm__("begin");
void begin(long *stack) {
  if (stack[0]) fail = warn;
  test(stack[0] * 3);
  leave();
}
START(begin);
