// Hooks that lie one behind the other in a section, from __start_hooks to __stop_hooks.
// gcc -O2 -no-pie -static: getgid getpid getuid
// gcc -O2 -fPIE -static-pie: getgid getpid getuid
// clang -O2 -fPIE -static-pie -fuse-ld=lld: getgid getpid getuid
#include "../start.h"

typedef void (*function)(void);
NOINLINE static void a(void) { call(NR_getpid); }
NOINLINE static void b(void) { call(NR_getuid); }
NOINLINE static void c(void) { call(NR_getgid); }
__attribute__((section("hooks"), used)) static function first = a;
__attribute__((section("hooks"), used)) static function second = b;
__attribute__((section("hooks"), used)) static function third = c;
extern function __start_hooks[] __attribute__((visibility("hidden")));
extern function __stop_hooks[] __attribute__((visibility("hidden")));

void begin(void) __asm__("begin");
void begin(void) {
  for (function *p = __start_hooks; p < __stop_hooks; ++p) (*p)();
  leave();
}
START(begin);
