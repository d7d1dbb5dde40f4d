// A 32-bit program that leaves its ABI, in one of two ways:
//
//   other_mode                 makes one system call as 64-bit code does: it jumps into the 64-bit code segment that
//   Linux
//                              has for all users, and back
//   other_mode 64_BIT_PROGRAM  executes the program
//
// Each prints "ok" if the getpid answered. Built with -m32 -static -no-pie: the far jump takes an absolute address.
#include <stdio.h>
#include <unistd.h>

#if !defined(__i386__)
#error "This is 32-bit x86 code."
#endif

static long getpid_of_64_bits(void) {
  long result;
  __asm__ volatile(
      "  lcall $0x33, $1f\n"  // __USER_CS: 64-bit code. Pushes 32-bit CS and EIP.
      "  jmp 2f\n"
      "  .code64\n"
      "1: movl $39, %%eax\n"  // __NR_getpid of x86_64.
      "  syscall\n"
      "  lretl\n"
      "  .code32\n"
      "2:\n"
      : "=a"(result)
      :
      : "ecx", "edx", "memory", "cc");
  return result;
}

int main(int count, char** arguments) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("32 bits: %s\n", getpid() > 0 ? "ok" : "failed");
  if (count > 1) {
    execv(arguments[1], arguments + 1);
    return 1;
  }
  printf("64 bits: %s\n", getpid_of_64_bits() == getpid() ? "ok" : "failed");
  return 0;
}
