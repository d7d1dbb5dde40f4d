#include "kernel_judge.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <new>
#include <thread>

#include "kernel/enter.h"

namespace sandbox::differential {
namespace {

using Kind = KernelAnswer::Kind;

/// More calls than this are made by further children.
constexpr size_t kMaxCalls = 4096;
/// SYS_SECCOMP, which glibc's headers lack.
constexpr int kSysSeccomp = 1;

constexpr int kDone = 0;
constexpr int kTrapped = 1;
constexpr int kThreadGone = 2;
constexpr int kNotInstalled = 3;
constexpr int kHung = 4;

/// What child and parent both see. The filtered thread needs no system call to report.
struct Shared {
  std::atomic<int> thread = 0;
  std::atomic<bool> finished = false;
  std::atomic<bool> trapped = false;
  std::atomic<bool> refused = false;  ///< The kernel did not take the program.
  std::atomic<size_t> made = 0;       ///< How many calls have returned.
  std::array<std::atomic<int>, kMaxCalls> errors;
  int trap_code = 0;
  int trap_number = 0;
  int trap_data = 0;
  unsigned trap_arch = 0;
};

Shared* shared = nullptr;

[[noreturn]] void wait_for_the_end() {
  for (;;) __asm__ volatile("" ::: "memory");
}

/// Never returns: that would be a system call, which the filter may refuse.
void on_trap(int, siginfo_t* info, void*) {
  shared->trap_code = info->si_code;
  shared->trap_number = info->si_syscall;
  shared->trap_data = info->si_errno;
  shared->trap_arch = info->si_arch;
  shared->trapped = true;
  wait_for_the_end();
}

[[noreturn]] void filtered_thread(const bpf::ValidatedProgram* program, std::span<const bpf::SystemCall> calls) {
  shared->thread = static_cast<int>(syscall(SYS_gettid));
  if (program != nullptr && kernel::install_for_test(*program) != 0) {
    shared->refused = true;
    wait_for_the_end();
  }
  for (size_t i = 0; i < calls.size(); ++i) {
    const auto& args = calls[i].args;
    const auto number = static_cast<int>(calls[i].number);
    const long result = syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
    shared->errors[i] = result == -1 ? errno : 0;
    shared->made = i + 1;
  }
  shared->finished = true;
  wait_for_the_end();
}

/// The child's first thread, which no filter holds back.
[[noreturn]] void watch(const bpf::ValidatedProgram* program, std::span<const bpf::SystemCall> calls) {
  struct sigaction action = {};
  action.sa_sigaction = on_trap;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSYS, &action, nullptr);
  std::thread([=] { filtered_thread(program, calls); }).detach();

  constexpr useconds_t kPause = 20;
  for (size_t waited = 0; waited < 20'000'000; waited += kPause) {
    const int thread = shared->thread;
    if (shared->finished) _exit(kDone);
    if (shared->trapped) _exit(kTrapped);
    if (shared->refused) _exit(kNotInstalled);
    if (thread != 0 && syscall(SYS_tgkill, getpid(), thread, 0) != 0) _exit(kThreadGone);
    usleep(kPause);
  }
  _exit(kHung);
}

/// What the call got that the child did not return from.
KernelAnswer last_answer(int status, const bpf::SystemCall& call) {
  KernelAnswer answer;
  if (WIFSIGNALED(status)) {
    if (WTERMSIG(status) == SIGSYS) answer.kind = Kind::kProcessKilled;
    answer.dumped_core = WCOREDUMP(status);
  } else if (WEXITSTATUS(status) == kThreadGone) {
    answer.kind = Kind::kThreadKilled;
  } else if (WEXITSTATUS(status) == kTrapped) {
    answer.kind = Kind::kTrapped;
    answer.trap_matches = shared->trap_code == kSysSeccomp && shared->trap_arch == call.arch &&
                          shared->trap_number == static_cast<int>(call.number) && shared->trap_data == 0;
  } else {
    EXPECT_NE(WEXITSTATUS(status), kNotInstalled) << "the kernel does not take the program";
    EXPECT_NE(WEXITSTATUS(status), kHung) << "a call hangs";
  }
  return answer;
}

}  // namespace

std::string describe(const KernelAnswer& answer) {
  switch (answer.kind) {
    case Kind::kReturned:
      return "returned errno " + std::to_string(answer.error);
    case Kind::kTrapped:
      return answer.trap_matches ? "trapped" : "trapped, and the signal's siginfo is wrong";
    case Kind::kThreadKilled:
      return "killed the thread";
    case Kind::kProcessKilled:
      return answer.dumped_core ? "killed the process, which dumped core" : "killed the process";
    case Kind::kLost:
      break;
  }
  return "lost";
}

std::vector<KernelAnswer> make_calls(const bpf::ValidatedProgram* program, const std::vector<bpf::SystemCall>& calls) {
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  EXPECT_NE(memory, MAP_FAILED);
  std::vector<KernelAnswer> answers;
  while (answers.size() < calls.size()) {  // Another child for what stands behind a call that ended one.
    shared = new (memory) Shared;
    const auto rest =
        std::span(calls).subspan(answers.size()).first(std::min(kMaxCalls, calls.size() - answers.size()));
    const pid_t child = fork();
    if (child == 0) watch(program, rest);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    for (size_t i = 0; i < shared->made; ++i) answers.push_back({Kind::kReturned, shared->errors[i]});
    if (shared->made < rest.size()) answers.push_back(last_answer(status, rest[shared->made]));
  }
  munmap(memory, sizeof(Shared));
  return answers;
}

}  // namespace sandbox::differential
