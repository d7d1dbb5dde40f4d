// Functions that are called through data alone.
#include "start.h"

struct operations {
  const char *name;
  long (*first)(void);
  long flags[3];
  long (*second)(void);
};
NOINLINE static long used_first(void) { return call(NR_getpid); }
NOINLINE static long used_second(void) { return call(NR_getuid); }
NOINLINE static long unused_first(void) { return call(NR_reboot); }

// Both pointers belong to the object, though code holds the address of a member between them, too.
static const struct operations used = {"used", used_first, {1, 2, 3}, used_second};
// Nothing leads here.
USED static const struct operations unused = {"unused", unused_first, {0}, unused_first};

NOINLINE long run(const struct operations *what, long i) {
  __asm__ volatile("" : : "r"(what), "r"(i) : "memory");
  return what->flags[i] ? what->first() : what->second();
}
NOINLINE void look(const long *flags) { __asm__ volatile("" : : "r"(flags) : "memory"); }

void begin(void) __asm__("begin");
void begin(void) {
  look(&used.flags[1]);
  run(&used, 1);
  __asm__ volatile("int $0x80" : : "a"(20) : "memory");  // getpid of x86.
  leave();
}
__asm__(".globl _start\n_start: and $-16, %rsp\n call begin\n hlt\n");
