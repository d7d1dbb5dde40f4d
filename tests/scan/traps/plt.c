// The stubs of the linker lie one behind the other, as one function to the unwinder: that of one that is
// never called must not be run into. (LIBRARY: what they lead to.)
// gcc -O2 -fPIE -pie -Wl,-z,lazy: getpid umask !getuid !reboot
// gcc -O2 -fPIE -pie -Wl,-z,now -fno-plt: getpid umask !getuid !reboot
// gcc -O2 -fPIE -pie -Wl,-z,lazy -fuse-ld=gold: getpid umask !getuid !reboot
// clang -O2 -fPIE -pie -Wl,-z,lazy -fuse-ld=lld: getpid umask !getuid !reboot
// gcc -O2 -fPIE -pie -B/usr/libexec/mold: getpid umask !getuid !reboot
#include "../start.h"

#ifdef LIBRARY
long first(void) { return call(NR_getuid); }
long second(void) { return call(NR_getpid); }
long third(void) { return call(NR_reboot); }
long fourth(void) { return call(NR_umask); }
#else
extern long first(void), second(void), third(void), fourth(void);
USED long never_called(void) { return first() + third(); }
void begin(void) __asm__("begin");
void begin(void) {
  second();
  fourth();
  leave();
}
START(begin);
#endif
