// Tries to outlive the call that it makes: rmdir of a folder, for which the policy kills the process.
//
//   outlive handler FOLDER   signals come in all the time, and their handler leaves the call by a jump
//   outlive code FOLDER      a thread takes the instruction that makes the call away and puts it back, all the time
//
// Who is alive after kTimeout seconds says so, and ends with the status 3.
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { kTimeout = 10 };

static void* watch(void* unused) {
  static const char kMessage[] = "still alive\n";
  const struct timespec timeout = {kTimeout, 0};
  nanosleep(&timeout, NULL);
  (void)!write(STDOUT_FILENO, kMessage, sizeof kMessage - 1);
  _exit(3);
  return unused;
}

static void start(void* (*function)(void*)) {
  sigset_t all;
  sigset_t before;
  pthread_t thread;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // The signals are for the thread that calls.
  if (pthread_create(&thread, NULL, function, NULL) != 0) exit(2);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

// ---- By a handler ----

static sigjmp_buf before_call;
static volatile sig_atomic_t calls = 0;

static void leave_call(int number) {
  (void)number;
  if (calls) siglongjmp(before_call, 1);
}

static void send_signals(pid_t pid) {
  const struct timespec pause = {0, 30000};
  while (getppid() == pid) {
    kill(pid, SIGUSR1);
    kill(pid, SIGUSR2);
    nanosleep(&pause, NULL);
  }
  _exit(0);
}

/// Who leaves the call before the supervisor has taken it up has not been denied anything yet, and calls again. Who
/// leaves it later has outlived it, and calls again too: that is one denial more in the report.
static void call_with_handler(const char* folder) {
  const pid_t self = getpid();
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = leave_call;
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGUSR2, &action, NULL);
  if (fork() == 0) send_signals(self);
  for (;;) {
    if (sigsetjmp(before_call, 1) != 0) continue;
    calls = 1;
    syscall(SYS_rmdir, folder);
    calls = 0;
  }
}

// ---- By other code ----

#if defined(__x86_64__)

/// Returns what the call leaves in rcx, where it goes on; 0 if the instruction was not there.
static const unsigned char kCode[] = {
    0xb8, SYS_rmdir, 0,    0, 0,  // mov $SYS_rmdir, %eax
    0x31, 0xc9,                   // xor %ecx, %ecx
    0x0f, 0x05,                   // syscall
    0x48, 0x89,      0xc8,        // mov %rcx, %rax
    0xc3,                         // ret
};
enum { kCallAt = 7, kCall = 0x050f, kNops = 0x9090, kTurns = 50 };

static unsigned char* code;

static void* change_code(void* unused) {
  uint16_t call = kCall;
  uint16_t nops = kNops;
  for (;;) {
    for (int i = 0; i < kTurns; ++i) __atomic_store((uint16_t*)(code + kCallAt), &nops, __ATOMIC_SEQ_CST);
    for (int i = 0; i < kTurns; ++i) __atomic_store((uint16_t*)(code + kCallAt), &call, __ATOMIC_SEQ_CST);
  }
  return unused;
}

static void call_with_changing_code(const char* folder) {
  long (*function)(const char*);
  code = mmap(NULL, sizeof kCode, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (code == MAP_FAILED) exit(2);
  memcpy(code, kCode, sizeof kCode);
  memcpy(&function, &code, sizeof function);
  start(change_code);
  while (function(folder) == 0) continue;
  pause();  // Back from a call that was denied.
}

#else

static void call_with_changing_code(const char* folder) {
  (void)folder;
  fprintf(stderr, "outlive: there is code for x86_64 alone\n");
  exit(77);
}

#endif

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  start(watch);
  if (strcmp(argv[1], "handler") == 0) call_with_handler(argv[2]);
  if (strcmp(argv[1], "code") == 0) call_with_changing_code(argv[2]);
  return 2;
}
