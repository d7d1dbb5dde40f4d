// A library with two versions of a function, an indirect function, and data that programs copy.
#include "start.h"

NOINLINE static long helper(void) { return call(NR_getppid); }
long (*shared_pointer)(void) = helper;  // The program gets a copy.

long old_thing(void) { return call(NR_reboot); }
long new_thing(void) { return call(NR_getpid); }
__asm__(".symver old_thing,thing@V1\n.symver new_thing,thing@@V2\n");

NOINLINE static long fast(void) { return call(NR_getuid); }
NOINLINE static long slow(void) { return call(NR_getgid); }
static long (*resolve(void))(void) {
  volatile int which = 1;
  return which ? fast : slow;
}
long chosen(void) __attribute__((ifunc("resolve")));

__attribute__((constructor)) void at_start(void) { call(NR_umask); }
__attribute__((destructor)) void at_end(void) { call(NR_alarm); }

long not_needed(void) { return call(NR_sync); }
