// escape FOLDER GROUP [NAME]...: tries to get out of the sandbox, and prints what came of each attempt: "NAME OUTCOME".
// GROUP is calls, filters, listeners or supervisor. FOLDER is what the policy does not allow to be made; "NAME MADE"
// says that it was there after an attempt. With "unshare" for FOLDER the denied call is unshare(CLONE_NEWUSER).
#include "escape.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kTimeout = 20 };

const char* escape_folder;

const char* name_of(long result) {
  return result < 0 ? strerrorname_np(errno) : "ok";
}
const char* name_of_raw(long result) {
  return result < 0 && result > -4096 ? strerrorname_np((int)-result) : "ok";
}

static int is_unshare(void) {
  return strcmp(escape_folder, "unshare") == 0;
}
unsigned denied_number(void) {
  return is_unshare() ? SYS_unshare : SYS_mkdirat;
}
long make_folder(void) {
  if (is_unshare()) return syscall(SYS_unshare, CLONE_NEWUSER);
  return syscall(SYS_mkdirat, -100, escape_folder, 0700);
}

long call_as_i386(long number, unsigned long a, unsigned long b, unsigned long c) {
  long result = number;
  __asm__ volatile("int $0x80" : "+a"(result) : "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
  return (int)result;
}

void* low_memory(size_t size) {
  void* memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (memory == MAP_FAILED) exit(2);
  return memory;
}

void fill_filter(struct sock_filter* filter, unsigned number, unsigned action) {
  const struct sock_filter made[4] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                                      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
                                      BPF_STMT(BPF_RET | BPF_K, action), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  memcpy(filter, made, sizeof made);
}

pid_t parent_of(pid_t pid) {
  char path[64];
  char text[512] = "";
  int parent = 0;
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE* file = fopen(path, "r");
  if (file == NULL) return -1;
  const size_t size = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  const char* behind_name = size > 0 ? strrchr(text, ')') : NULL;
  if (behind_name == NULL || sscanf(behind_name, ") %*c %d", &parent) != 1) return -1;
  return parent;
}

const char* in_child(const char* (*make)(void)) {
  static char outcome[100];
  int ends[2];
  int status = 0;
  if (pipe(ends) != 0) exit(2);
  const pid_t child = fork();
  if (child < 0) return name_of(child);
  if (child == 0) {
    close(ends[0]);
    alarm(kTimeout);
    const char* text = make();
    (void)!write(ends[1], text, strlen(text));
    _exit(0);
  }
  close(ends[1]);
  // Some of the child's own children may hold the pipe longer.
  waitpid(child, &status, 0);
  memset(outcome, 0, sizeof outcome);
  if (WIFSIGNALED(status)) {
    snprintf(outcome, sizeof outcome, "signal %d", WTERMSIG(status));
  } else if (read(ends[0], outcome, sizeof outcome - 1) <= 0) {
    snprintf(outcome, sizeof outcome, "status %d", WEXITSTATUS(status));
  }
  close(ends[0]);
  return outcome;
}

static int is_wanted(const char* name, int count, char** names) {
  for (int i = 0; i < count; ++i) {
    if (strcmp(names[i], name) == 0) return 1;
  }
  return count == 0;
}

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    const struct Attempt* attempts;
  } kGroups[] = {{"calls", kCallAttempts},
                 {"filters", kFilterAttempts},
                 {"listeners", kListenerAttempts},
                 {"supervisor", kSupervisorAttempts}};
  if (argc < 3) return 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  escape_folder = argv[1];
  int tried = 0;
  for (size_t group = 0; group < sizeof kGroups / sizeof *kGroups; ++group) {
    if (strcmp(kGroups[group].name, argv[2]) != 0) continue;
    for (const struct Attempt* attempt = kGroups[group].attempts; attempt->name != NULL; ++attempt) {
      if (!is_wanted(attempt->name, argc - 3, argv + 3)) continue;
      ++tried;
      const char* outcome = in_child(attempt->make);
      struct stat found;
      const int made = stat(escape_folder, &found) == 0;
      printf("%s %s\n", attempt->name, made ? "MADE" : outcome);
      if (made) rmdir(escape_folder);
    }
  }
  return tried > 0 ? 0 : 2;
}
