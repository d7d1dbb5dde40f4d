// Programs without a C library, so that each call they can make is written here. Numbers are x86_64's.
#pragma once

#define NOINLINE __attribute__((noinline, noclone))
#define USED __attribute__((used))

static inline __attribute__((always_inline)) long call(long number) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(0), "S"(0), "d"(0) : "rcx", "r11", "memory");
  return result;
}

static inline __attribute__((always_inline, noreturn)) void leave(void) {
  for (;;) call(60);
}

/// The compiler must have the value, and knows nothing of what becomes of it.
#define SPEND(value) __asm__ volatile("" : : "r"(value) : "memory")
#define START(function) \
  __asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call " #function "\n hlt\n")

enum { NR_getpid = 39, NR_getuid = 102, NR_getgid = 104, NR_geteuid = 107, NR_getegid = 108, NR_getppid = 110, NR_sync = 162,
       NR_gettid = 186, NR_umask = 95, NR_reboot = 169, NR_alarm = 37, NR_pause = 34, NR_sched_yield = 24 };
