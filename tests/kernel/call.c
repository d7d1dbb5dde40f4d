// Makes raw system calls and prints what each answered: "NAME ERRNO", or "NAME ok".
//
//   call CALL...
//
// CALL is NAME[,ARGUMENT]... with a name, a number, or a stretch of numbers (512-547: printed once if all answer
// alike). Missing arguments are 0. "i386:" in front makes the call as 32-bit code does, by int $0x80.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
  const char* name;
  long number;
} kCalls[] = {
#include "call_names.inc"
};

static const char kForeign[] = "i386:";

static void usage(const char* what) {
  fprintf(stderr, "call: cannot understand '%s'\n", what);
  exit(2);
}

static unsigned long parse_number(const char* text, char** end) {
  errno = 0;
  const unsigned long value = strtoul(text, end, 0);
  if (*end == text || errno != 0) usage(text);
  return value;
}

/// The numbers that the text up to the first comma stands for.
static void parse_call(const char* text, unsigned long* first, unsigned long* last) {
  const size_t length = strcspn(text, ",");
  for (size_t i = 0; i < sizeof kCalls / sizeof *kCalls; ++i) {
    if (strlen(kCalls[i].name) != length || strncmp(text, kCalls[i].name, length) != 0) continue;
    *first = *last = (unsigned long)kCalls[i].number;
    return;
  }
  char* end = NULL;
  *first = *last = parse_number(text, &end);
  if (*end == '-') *last = parse_number(end + 1, &end);
  if (end != text + length) usage(text);
}

static void parse_arguments(const char* text, unsigned long* arguments) {
  const char* comma = strchr(text, ',');
  for (int i = 0; comma != NULL; ++i) {
    char* end = NULL;
    if (i == 6) usage(text);
    arguments[i] = parse_number(comma + 1, &end);
    if (*end != ',' && *end != '\0') usage(text);
    comma = *end == ',' ? end : NULL;
  }
}

static long foreign_call(unsigned long number, const unsigned long* a) {
#if defined(__x86_64__)
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(number), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4])
                   : "memory", "r8", "r9", "r10", "r11");
  if (result >= 0) return result;
  errno = (int)-result;
  return -1;
#else
  (void)number;
  (void)a;
  fprintf(stderr, "call: this machine has no int $0x80\n");
  exit(77);
#endif
}

static int makes_a_child(unsigned long number) {
#ifdef SYS_fork
  if (number == SYS_fork || number == SYS_vfork) return 1;
#endif
  return number == SYS_clone || number == SYS_clone3;
}

/// Returns 0 or the errno. A call that made a child leaves no trace of it.
static int make_call(int foreign, unsigned long number, const unsigned long* a) {
  const long result = foreign ? foreign_call(number, a) : syscall((long)number, a[0], a[1], a[2], a[3], a[4], a[5]);
  if (result == -1) return errno;
  if (!foreign && makes_a_child(number)) {
    if (result == 0) _exit(0);
    waitpid((pid_t)result, NULL, 0);
  }
  return 0;
}

static const char* error_name(int error) {
  static char number[16];
  const char* name = strerrorname_np(error);
  if (name != NULL) return name;
  snprintf(number, sizeof number, "%d", error);
  return number;
}

int main(int argc, char** argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);  // What was answered before a kill is shown.
  for (int i = 1; i < argc; ++i) {
    const int foreign = strncmp(argv[i], kForeign, strlen(kForeign)) == 0;
    const char* text = argv[i] + (foreign ? strlen(kForeign) : 0);
    unsigned long first = 0;
    unsigned long last = 0;
    unsigned long arguments[6] = {0};
    parse_call(text, &first, &last);
    parse_arguments(text, arguments);
    int before = -1;
    for (unsigned long number = first;; ++number) {
      const int error = make_call(foreign, number, arguments);
      if (error != before) {
        printf("%.*s %s\n", (int)strcspn(argv[i], ","), argv[i], error == 0 ? "ok" : error_name(error));
      }
      before = error;
      if (number == last) break;
    }
  }
  return 0;
}
