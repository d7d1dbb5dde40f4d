// A table of structures of 32 bytes, as Python's modules have of their methods. Code that is never called holds the
// address of an entry, which is a multiple of 32 like every other one: the entries behind it belong to the table all the
// same, also where nothing but the stripped data tells so.
// gcc -O2 -no-pie -static -s: getgid getpid getuid
// gcc -O2 -fPIE -static-pie -s: getgid getpid getuid
// gcc -O2 -no-pie -static -s -DBY_DATA: getgid getpid getuid
// clang -O2 -fPIE -static-pie -s: getgid getpid getuid
#include "../start.h"

NOINLINE static void a(void) { call(NR_getpid); }
NOINLINE static void b(void) { call(NR_getuid); }
NOINLINE static void c(void) { call(NR_getgid); }
struct method {
  const char *name;
  void (*go)(void);
  long flags;
  const char *text;
};
static struct method methods[] __attribute__((aligned(32))) = {{"a", a, 1, "A"}, {"b", b, 2, 0}, {"c", c, 4, "C"}};
#ifdef BY_DATA
USED static void *const never_read[] = {&methods[2]};
#else
NOINLINE USED void never_called(void) { SPEND(&methods[2]); }
#endif
NOINLINE static void use(struct method *what, long n) { what[n].go(); }
void begin(long *stack) __asm__("begin");
void begin(long *stack) {
  use(methods, stack[0]);
  leave();
}
START(begin);
