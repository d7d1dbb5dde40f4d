// Uses library.c. Without a C library, but with the loader.
#include "start.h"

extern long thing(void);
extern long chosen(void);
extern long (*shared_pointer)(void);

void begin(void) __asm__("begin");
void begin(void) {
  thing();
  chosen();
  shared_pointer();
  leave();
}
__asm__(".globl _start\n_start: and $-16, %rsp\n call begin\n hlt\n");
