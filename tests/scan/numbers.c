// Numbers that reach their call in other ways than a constant in front of it.
#include "start.h"

// A wrapper: the number is an argument, like that of syscall(3).
NOINLINE long wrapper(long number) { return call(number); }

// A register that is kept over a loop and a call.
NOINLINE void in_loop(int times) {
  long number = NR_getuid;
  for (int i = 0; i < times; ++i) {
    __asm__ volatile("" : "+r"(number));
    wrapper(NR_getpid);
    call(number);
  }
}

// One of two.
NOINLINE long one_of_two(int which) { return call(which != 0 ? NR_getgid : NR_getegid); }

// A call that does not return ends a function: the code behind it is another one's, and nobody calls that.
NOINLINE __attribute__((noreturn)) void stop(void) { leave(); }
NOINLINE void ends_with_stop(int value) {
  if (value > 3) return;
  stop();
}
USED NOINLINE long never_called(void) { return call(NR_reboot); }

// A switch becomes a jump table, parts of it cold.
NOINLINE __attribute__((cold)) void rarely(void) { call(NR_pause); }
NOINLINE long by_table(int which) {
  switch (which) {
    case 0: return call(NR_getppid) + 1;
    case 1: return call(NR_umask) + 2;
    case 2: return call(NR_alarm) + 3;
    case 3: rarely(); return 3;
    case 4: return call(NR_sched_yield) + 5;
    case 5: return wrapper(NR_getpid) + 9;
    case 6: return wrapper(NR_getpid) + 11;
    default: return 0;
  }
}

// The numbers of a table are not followed, and so not known, if UNKNOWN is defined.
#ifdef UNKNOWN
long numbers[] = {1, 2, 3};
#endif

// As in glibc's clone3, the unwinder's entry ends in front of the call.
__asm__(
    ".globl early_end\n.type early_end,@function\nearly_end:\n.cfi_startproc\n mov $162, %eax\n.cfi_endproc\n"
    " syscall\n ret\n.size early_end, .-early_end\n");
extern void early_end(void);
void (*volatile keeps_early_end)(void) = early_end;

void begin(long *stack) __asm__("begin");
void begin(long *stack) {
  const int count = (int)stack[0];
  in_loop(count);
  one_of_two(count);
  ends_with_stop(count);
  by_table(count);
  keeps_early_end();
#ifdef UNKNOWN
  call(numbers[count & 1]);
#endif
  leave();
}
__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call begin\n hlt\n");
