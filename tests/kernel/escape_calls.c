// Attempts by other ways into the kernel, and by other calls that do the same.
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "escape.h"

enum { kX32 = 0x40000000, kI386Mkdirat = 296, kI386Mkdir = 39, kAnyBit = 1 };
static const unsigned long kHigh = 1UL << 40;

static const char* direct(void) {
  return name_of(make_folder());
}
static const char* older(void) {
  return name_of(syscall(SYS_mkdir, escape_folder, 0700));
}

static const char* by_gate(long number, int at) {
  char* path = low_memory(4096);
  strncpy(path, escape_folder, 4095);
  const unsigned long place = (unsigned long)path;
  return name_of_raw(at ? call_as_i386(number, (unsigned long)-100, place, 0700)
                        : call_as_i386(number, place, 0700, 0));
}
static const char* gate_mkdirat(void) {
  return by_gate(kI386Mkdirat, 1);
}
static const char* gate_mkdir(void) {
  return by_gate(kI386Mkdir, 0);
}
/// A call that is harmless there: every one through an ABI that is not covered is denied.
static const char* gate_getpid(void) {
  return name_of_raw(call_as_i386(20, 0, 0, 0));
}
static const char* x32_mkdirat(void) {
  return name_of(syscall(kX32 + SYS_mkdirat, -100, escape_folder, 0700));
}
static const char* x32_number(void) {
  return name_of(syscall(520, escape_folder, NULL, NULL));
}

/// The kernel reads 32 bits of the number.
static const char* high_number(void) {
  return name_of(syscall((long)(SYS_mkdirat | 0x7fffffff00000000UL), -100, escape_folder, 0700));
}
static const char* high_socket(void) {
  return name_of(syscall(SYS_socket, AF_PACKET | kHigh, SOCK_RAW, 0));
}
static const char* plain_socket(void) {
  return name_of(socket(AF_PACKET, SOCK_RAW, 0));
}

/// A child that such a clone makes ends at once.
static const char* cloned(unsigned long flags) {
  const long result = syscall(SYS_clone, flags, NULL, NULL, NULL, 0);
  if (result == 0) _exit(0);
  return name_of(result);
}
static const char* clone_plain(void) {
  return cloned(CLONE_NEWUSER | SIGCHLD);
}
static const char* clone_high(void) {
  return cloned(CLONE_NEWUSER | SIGCHLD | kHigh);
}
static const char* clone_three(void) {
  struct clone_args arguments;
  memset(&arguments, 0, sizeof arguments);
  arguments.flags = CLONE_NEWUSER;
  arguments.exit_signal = SIGCHLD;
  const long result = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (result == 0) _exit(0);
  return name_of(result);
}
static const char* unshared(void) {
  return name_of(syscall(SYS_unshare, CLONE_NEWUSER));
}
static const char* set_namespace(void) {
  return name_of(syscall(SYS_setns, open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC), CLONE_NEWUSER));
}

static const char* open_two(void) {
  struct {
    uint64_t flags, mode, resolve;
  } how = {O_RDONLY, 0, 0};
  return name_of(syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof how));
}
static const char* io_uring(void) {
  char parameters[120] = "";
  return name_of(syscall(SYS_io_uring_setup, 4, parameters));
}

static void* make_in_thread(void* outcome) {
  *(const char**)outcome = name_of(make_folder());
  return NULL;
}
static const char* in_thread(void) {
  const char* outcome = "no thread";
  pthread_t thread;
  if (pthread_create(&thread, NULL, make_in_thread, &outcome) == 0) pthread_join(thread, NULL);
  return outcome;
}
static const char* in_grandchild(void) {
  return in_child(direct);
}
static const char* in_vforked(void) {
  volatile int error = 0;
  const pid_t child = vfork();
  if (child == 0) {
    error = make_folder() < 0 ? errno : 0;
    _exit(0);
  }
  waitpid(child, NULL, 0);
  return error == 0 ? "ok" : strerrorname_np(error);
}

// ---- By signals ----

static volatile sig_atomic_t handled;
static void fake_result(int number, siginfo_t* info, void* context) {
  (void)number;
  (void)info;
  handled = 1;
  ((ucontext_t*)context)->uc_mcontext.gregs[REG_RAX] = 0;
}
/// `trap` for symlinkat: the handler may fake a result; nothing is made by that.
static const char* trap_handler(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = fake_result;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSYS, &action, NULL);
  const long result = syscall(SYS_symlinkat, "x", -100, escape_folder);
  if (!handled) return name_of(result);
  char target[8];
  return readlink(escape_folder, target, sizeof target) < 0 ? "handled" : "ok";
}
static const char* trap_ignored(void) {
  signal(SIGSYS, SIG_IGN);
  return name_of(syscall(SYS_symlinkat, "x", -100, escape_folder));
}
static const char* kill_with_handler(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = fake_result;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSYS, &action, NULL);
  return name_of(syscall(SYS_linkat, -100, ".", -100, escape_folder, 0));
}
static const char* kill_blocked(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  return name_of(syscall(SYS_linkat, -100, ".", -100, escape_folder, 0));
}

static void rewrite_call(int number, siginfo_t* info, void* context) {
  (void)number;
  (void)info;
  // Back onto the instruction, with another number: it enters the kernel by the filter again.
  ucontext_t* caller = context;
  if (handled++ > 0) return;
  caller->uc_mcontext.gregs[REG_RIP] -= 2;
  caller->uc_mcontext.gregs[REG_RAX] = SYS_mkdirat;
  caller->uc_mcontext.gregs[REG_RDI] = -100;
  caller->uc_mcontext.gregs[REG_RSI] = (greg_t)escape_folder;
  caller->uc_mcontext.gregs[REG_RDX] = 0700;
}
static const char* trap_rewrites(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = rewrite_call;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSYS, &action, NULL);
  const long result = syscall(SYS_symlinkat, "x", -100, escape_folder);
  return handled ? name_of(result) : "no handler";
}
static const char* restart(void) {
  return name_of(syscall(SYS_restart_syscall));
}

// ---- By pages of the kernel ----

/// The policy denies time(2). The page may be missing, and is not executable for some settings.
static const char* vsyscall_time(void) {
  long (*const function)(long*) = (long (*)(long*))0xffffffffff600400UL;
  const long result = function(NULL);
  return name_of_raw(result);
}

// ---- By a tracer of its own ----

/// `at_event`: how the child is stopped in its getppid, to have that made another call.
static const char* rewritten(int stop_request) {
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    const long result = syscall(SYS_getppid);
    _exit(result < 0 ? errno : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  ptrace(stop_request, child, 0, 0);
  while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
    struct user_regs_struct registers;
    if (WSTOPSIG(status) == (SIGTRAP | 0x80) && ptrace(PTRACE_GETREGS, child, 0, &registers) == 0 &&
        registers.orig_rax == SYS_getppid) {
      registers.orig_rax = SYS_mkdirat;
      registers.rdi = (unsigned long long)-100;
      registers.rsi = (unsigned long long)escape_folder;
      registers.rdx = 0700;
      ptrace(PTRACE_SETREGS, child, 0, &registers);
    }
    ptrace(stop_request, child, 0, 0);
  }
  if (!WIFEXITED(status)) return "killed";
  return WEXITSTATUS(status) == 0 ? "ok" : strerrorname_np(WEXITSTATUS(status));
}
static const char* traced_entry(void) {
  return rewritten(PTRACE_SYSCALL);
}
static const char* suspend_seccomp(void) {
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  const long result = ptrace(PTRACE_SETOPTIONS, child, 0, 0x00200000 /* PTRACE_O_SUSPEND_SECCOMP */);
  const char* name = name_of(result);
  kill(child, SIGKILL);
  return name;
}
/// Reading the filter back would show what it compares the token with.
static const char* get_filter(void) {
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  const char* name = name_of(ptrace(0x420c /* PTRACE_SECCOMP_GET_FILTER */, child, 0, NULL));
  kill(child, SIGKILL);
  return name;
}

static const char* minus_one(void) {
  return name_of(syscall(-1, 0, 0, 0));
}

const struct Attempt kCallAttempts[] = {{"direct", direct},
                                        {"older_call", older},
                                        {"int80_mkdirat", gate_mkdirat},
                                        {"int80_mkdir", gate_mkdir},
                                        {"int80_getpid", gate_getpid},
                                        {"x32_mkdirat", x32_mkdirat},
                                        {"x32_number", x32_number},
                                        {"high_half_of_number", high_number},
                                        {"socket", plain_socket},
                                        {"socket_high_half", high_socket},
                                        {"clone", clone_plain},
                                        {"clone_high_half", clone_high},
                                        {"clone3", clone_three},
                                        {"unshare", unshared},
                                        {"setns", set_namespace},
                                        {"openat2", open_two},
                                        {"io_uring", io_uring},
                                        {"thread", in_thread},
                                        {"child", in_grandchild},
                                        {"vforked", in_vforked},
                                        {"trap_handler", trap_handler},
                                        {"trap_ignored", trap_ignored},
                                        {"trap_rewrites", trap_rewrites},
                                        {"kill_with_handler", kill_with_handler},
                                        {"kill_blocked", kill_blocked},
                                        {"restart_syscall", restart},
                                        {"vsyscall", vsyscall_time},
                                        {"traced_entry", traced_entry},
                                        {"suspend_seccomp", suspend_seccomp},
                                        {"get_filter", get_filter},
                                        {"number_minus_one", minus_one},
                                        {NULL, NULL}};
