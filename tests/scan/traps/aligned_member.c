// A structure that has 32 bytes in front of a function's address. Code that is never called holds the address of that
// member, which is a multiple of 32: no reason to cut the structure there, where symbols tell how long it is. (Without
// symbols it would be cut: see "What is not proved" in src/README.md.)
// gcc -O2 -no-pie -static: getpid
// gcc -O2 -fPIE -static-pie: getpid
// gcc -O2 -fPIE -static-pie -DBY_DATA: getpid
#include "../start.h"

NOINLINE static void used(void) { call(NR_getpid); }
struct operations {
  char name[32];
  void (*go)(void);
  long more[8];
};
static struct operations it __attribute__((aligned(32))) = {"x", used, {0}};
#ifdef BY_DATA
USED static void *const never_read[] = {&it.go};
#else
NOINLINE USED void never_called(void) { SPEND(&it.go); }
#endif
NOINLINE static void use(struct operations *what) { what->go(); }
void begin(void) __asm__("begin");
void begin(void) {
  use(&it);
  leave();
}
START(begin);
