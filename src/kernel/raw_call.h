// System calls that touch nothing but registers: no errno, no thread-local storage, no cancellation. For code that runs
// in a thread that has none of its own.
#pragma once

namespace sandbox::kernel {

/// Makes the call and returns what the kernel returns: -errno for an error. Where kHasRawCall is false there is none.
/// The registers are those of syscall(2), "Architecture calling conventions".
#if defined(__x86_64__)

inline constexpr bool kHasRawCall = true;

inline long raw_call(long number, long a = 0, long b = 0, long c = 0, long d = 0) {
  register long fourth asm("r10") = d;
  long result = number;
  asm volatile("syscall" : "+a"(result) : "D"(a), "S"(b), "d"(c), "r"(fourth) : "rcx", "r11", "memory");
  return result;
}

#elif defined(__i386__)

inline constexpr bool kHasRawCall = true;

inline long raw_call(long number, long a = 0, long b = 0, long c = 0, long d = 0) {
  long result = number;
  asm volatile("int $0x80" : "+a"(result) : "b"(a), "c"(b), "d"(c), "S"(d) : "memory");
  return result;
}

#elif defined(__aarch64__)

inline constexpr bool kHasRawCall = true;

inline long raw_call(long number, long a = 0, long b = 0, long c = 0, long d = 0) {
  register long call asm("x8") = number;
  register long first asm("x0") = a;
  register long second asm("x1") = b;
  register long third asm("x2") = c;
  register long fourth asm("x3") = d;
  asm volatile("svc #0" : "+r"(first) : "r"(call), "r"(second), "r"(third), "r"(fourth) : "memory");
  return first;
}

#elif defined(__riscv)

inline constexpr bool kHasRawCall = true;

inline long raw_call(long number, long a = 0, long b = 0, long c = 0, long d = 0) {
  register long call asm("a7") = number;
  register long first asm("a0") = a;
  register long second asm("a1") = b;
  register long third asm("a2") = c;
  register long fourth asm("a3") = d;
  asm volatile("ecall" : "+r"(first) : "r"(call), "r"(second), "r"(third), "r"(fourth) : "memory");
  return first;
}

#elif defined(__s390x__)

inline constexpr bool kHasRawCall = true;

inline long raw_call(long number, long a = 0, long b = 0, long c = 0, long d = 0) {
  register long call asm("r1") = number;
  register long first asm("r2") = a;
  register long second asm("r3") = b;
  register long third asm("r4") = c;
  register long fourth asm("r5") = d;
  asm volatile("svc 0" : "+d"(first) : "d"(call), "d"(second), "d"(third), "d"(fourth) : "memory", "cc");
  return first;
}

#elif defined(__powerpc64__)

inline constexpr bool kHasRawCall = true;

inline long raw_call(long number, long a = 0, long b = 0, long c = 0, long d = 0) {
  register long call asm("r0") = number;
  register long first asm("r3") = a;
  register long second asm("r4") = b;
  register long third asm("r5") = c;
  register long fourth asm("r6") = d;
  // An error is positive, with the summary overflow bit.
  asm volatile("sc\n\tbns+ 1f\n\tneg %1, %1\n1:"
               : "+r"(call), "+r"(first), "+r"(second), "+r"(third), "+r"(fourth)
               :
               : "memory", "cr0", "ctr", "xer", "r7", "r8", "r9", "r10", "r11", "r12");
  return first;
}

#elif defined(__arm__) && !defined(__thumb__)

inline constexpr bool kHasRawCall = true;

inline long raw_call(long number, long a = 0, long b = 0, long c = 0, long d = 0) {
  register long call asm("r7") = number;
  register long first asm("r0") = a;
  register long second asm("r1") = b;
  register long third asm("r2") = c;
  register long fourth asm("r3") = d;
  asm volatile("svc #0" : "+r"(first) : "r"(call), "r"(second), "r"(third), "r"(fourth) : "memory");
  return first;
}

#else

inline constexpr bool kHasRawCall = false;

inline long raw_call(long, long = 0, long = 0, long = 0, long = 0) {
  return -1;
}

#endif

}  // namespace sandbox::kernel
