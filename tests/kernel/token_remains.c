// Looks for its exec token in what the kernel has left it: registers at the first instruction, the stack with
// arguments, environment and auxiliary vector, and what /proc tells of itself. Each three words that follow one another
// are tried.
//
//   token_remains
//
// Has no libc, so that nothing has run before. Prints how many were tried and what execve gave: "4242 tried: 46"; who
// finds a token executes /bin/echo.
#include <linux/fcntl.h>
#include <linux/unistd.h>

enum { kRegisters = 16, kFileSize = 65536 };

typedef unsigned long Word;

static Word registers[kRegisters + 3] __attribute__((used));  // Filled by the assembler code below.
static char file_text[kFileSize];
static Word stack_end;
static long tried;
static long answers[4];

static long call(long number, Word a, Word b, Word c, Word d, Word e, Word f) {
  long result;
  register Word r10 __asm__("r10") = d;
  register Word r8 __asm__("r8") = e;
  register Word r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

static void print(const char* text, long size) {
  call(__NR_write, 1, (Word)text, (Word)size, 0, 0, 0);
}

static void print_number(long number) {
  char digits[24];
  int at = sizeof digits;
  do {
    digits[--at] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  print(digits + at, (long)sizeof digits - at);
}

static void attempt(const Word* words) {
  static const char* const arguments[] = {"/bin/echo", "ESCAPED", 0};
  static const char* const environment[] = {0};
  const long result =
      call(__NR_execve, (Word)arguments[0], (Word)arguments, (Word)environment, words[0], words[1], words[2]);
  ++tried;
  for (int i = 0; i < 4; ++i) {
    if (answers[i] == -result) return;
    if (answers[i] == 0) {
      answers[i] = -result;
      return;
    }
  }
}

static void attempt_all(const char* from, const char* to, long step) {
  for (; from + 3 * sizeof(Word) <= to; from += step) {
    Word words[3];
    __builtin_memcpy(words, from, sizeof words);
    attempt(words);
  }
}

static long read_file(const char* path) {
  const long file = call(__NR_openat, (Word)AT_FDCWD, (Word)path, O_RDONLY, 0, 0, 0);
  long size = 0;
  if (file < 0) return 0;
  for (;;) {
    const long got = call(__NR_read, (Word)file, (Word)(file_text + size), (Word)(kFileSize - size), 0, 0, 0);
    if (got <= 0) break;
    size += got;
  }
  call(__NR_close, (Word)file, 0, 0, 0, 0, 0);
  return size;
}

/// The end of the mapping "[stack]".
static void find_stack_end(void) {
  const long size = read_file("/proc/self/maps");
  Word begin = 0;
  Word value = 0;
  for (long i = 0; i < size; ++i) {
    const char c = file_text[i];
    if (c == '-')
      begin = value, value = 0;
    else if (c >= '0' && c <= '9')
      value = value * 16 + (Word)(c - '0');
    else if (c >= 'a' && c <= 'f')
      value = value * 16 + (Word)(c - 'a' + 10);
    else {
      if (begin <= registers[7] && registers[7] < value) stack_end = value;
      while (i < size && file_text[i] != '\n') ++i;
      begin = value = 0;
    }
  }
}

__attribute__((used)) static void run(void) {
  for (int i = 0; i < kRegisters; ++i) attempt(registers + i);
  const Word arguments[3] = {registers[10], registers[8], registers[9]};
  attempt(arguments);
  find_stack_end();
  attempt_all((const char*)registers[7], (const char*)stack_end, 1);
  static const char* const files[] = {"/proc/self/auxv", "/proc/self/syscall", "/proc/self/stat", "/proc/self/environ"};
  for (unsigned i = 0; i < sizeof files / sizeof *files; ++i) {
    const long size = read_file(files[i]);
    attempt_all(file_text, file_text + size, 1);
  }
  print_number(tried);
  print(" tried:", 7);
  for (int i = 0; i < 4 && answers[i] != 0; ++i) {
    print(" ", 1);
    print_number(answers[i]);
  }
  print("\n", 1);
  call(__NR_exit_group, 0, 0, 0, 0, 0, 0);
}

__asm__(
    ".globl _start\n"
    "_start:\n"
    "  mov %rax, registers+0(%rip)\n"
    "  mov %rbx, registers+8(%rip)\n"
    "  mov %rcx, registers+16(%rip)\n"
    "  mov %rdx, registers+24(%rip)\n"
    "  mov %rsi, registers+32(%rip)\n"
    "  mov %rdi, registers+40(%rip)\n"
    "  mov %rbp, registers+48(%rip)\n"
    "  mov %rsp, registers+56(%rip)\n"
    "  mov %r8, registers+64(%rip)\n"
    "  mov %r9, registers+72(%rip)\n"
    "  mov %r10, registers+80(%rip)\n"
    "  mov %r11, registers+88(%rip)\n"
    "  mov %r12, registers+96(%rip)\n"
    "  mov %r13, registers+104(%rip)\n"
    "  mov %r14, registers+112(%rip)\n"
    "  mov %r15, registers+120(%rip)\n"
    "  and $-16, %rsp\n"
    "  call run\n"
    "  hlt\n");
