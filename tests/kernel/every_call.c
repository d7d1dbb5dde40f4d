// Makes every system call of x86_64 and of x86, also numbers that no call has, each in a child of its own and with -1
// for all arguments, and prints what each came to: "x86_64 41 EAFNOSUPPORT", "x86 20 ok", "x86_64 60 exit", or
// "x86_64 101 signal 31". Neighbours that came to the same are one line: "x86_64 500-510 ENOSYS".
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/// Those that make a child, wait for what never comes, or reach beyond the process.
static int is_left_out(int foreign, unsigned number) {
  static const unsigned kOwn[] = {34, 57, 58, 153, 162};         // pause, fork, vfork, vhangup, sync.
  static const unsigned kForeign[] = {2, 29, 36, 72, 111, 190};  // fork, pause, sync, sigsuspend, vhangup, vfork.
  const unsigned* numbers = foreign ? kForeign : kOwn;
  const size_t count = foreign ? sizeof kForeign / sizeof *kForeign : sizeof kOwn / sizeof *kOwn;
  for (size_t i = 0; i < count; ++i) {
    if (numbers[i] == number) return 1;
  }
  return 0;
}

static long make_call(int foreign, unsigned number) {
  long result;
  if (foreign) {
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(-1), "c"(-1), "d"(-1), "S"(-1), "D"(-1)
                     : "memory", "r8", "r9", "r10", "r11");
    return result;
  }
  register long r10 __asm__("r10") = -1;
  register long r8 __asm__("r8") = -1;
  register long r9 __asm__("r9") = -1;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(-1L), "S"(-1L), "d"(-1L), "r"(r10), "r"(r8), "r"(r9)
                   : "memory", "rcx", "r11");
  return result;
}

/// In a pipe's place: what the child came to.
static volatile int* shared_result;

static void describe(int foreign, unsigned number, char* text, size_t size) {
  if (is_left_out(foreign, number)) {
    snprintf(text, size, "-");
    return;
  }
  enum { kNothing = 0x7fff };
  *shared_result = kNothing;
  const long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (child == 0) {
    const long result = make_call(foreign, number);
    *shared_result = result < 0 && result > -4096 ? (int)-result : 0;
    make_call(0, SYS_exit_group);
  }
  int status = 0;
  if (child < 0 || syscall(SYS_wait4, child, &status, 0, 0) != child) {
    snprintf(text, size, "no child");
  } else if (*shared_result != kNothing) {
    const char* name = *shared_result == 0 ? "ok" : strerrorname_np(*shared_result);
    snprintf(text, size, "%s", name != NULL ? name : "an errno without a name");
  } else if (WIFSIGNALED(status)) {
    snprintf(text, size, "signal %d", WTERMSIG(status));
  } else {
    snprintf(text, size, "exit");
  }
}

static void describe_range(int foreign, unsigned long first, unsigned long last) {
  char before[64] = "";
  unsigned long since = first;
  for (unsigned long number = first; number <= last + 1; ++number) {
    char text[64] = "";
    if (number <= last) describe(foreign, (unsigned)number, text, sizeof text);
    if (number > first && strcmp(before, text) != 0) {
      printf("%s %lu", foreign ? "x86" : "x86_64", since);
      if (number - 1 > since) printf("-%lu", number - 1);
      printf(" %s\n", before);
      since = number;
    }
    memcpy(before, text, sizeof before);
  }
}

int main(void) {
  const long page = syscall(SYS_mmap, 0, 4096, 3, 0x21, -1, 0);  // Shared, anonymous.
  if (page < 0 && page > -4096) return 2;
  shared_result = (volatile int*)page;
  const struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  describe_range(0, 0, 560);
  describe_range(0, 0x3ffffffe, 0x40000002);
  describe_range(0, 0x40000200, 0x40000204);
  describe_range(0, 0xfffffffe, 0xfffffffe);
  describe_range(1, 0, 560);
  return 0;
}
