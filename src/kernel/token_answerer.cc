#include "kernel/token_answerer.h"

#include <linux/futex.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <string_view>

#include "kernel/descriptors.h"
#include "kernel/probe.h"
#include "kernel/raw_call.h"

#ifndef SYS_pidfd_getfd  // Linux 5.6; the same number on every ABI.
#define SYS_pidfd_getfd 438
#endif

namespace sandbox::kernel {
namespace {

/// What the thread works on. Nothing of it is freed.
struct State {
  EnterProgress* progress = nullptr;
  Answering answering = Answering::kUntilExec;
  int process = -1;                ///< A pidfd of this process, where the thread has a table of descriptors of its own.
  std::atomic<uint32_t> stop{0};   ///< 1: the thread is to end. A word, for futex(2).
  std::atomic<uint32_t> ended{0};  ///< 1: it does nothing more.
  std::array<char, 512> failure = {};  ///< The line for the case that it has to give up.
  size_t failure_size = 0;
};

State state;
alignas(64) std::array<char, 16384> stack;

/// Larger than the kernel's struct seccomp_notif and struct seccomp_notif_resp are or will be for a while: the kernel
/// reads and writes its own sizes, and wants the first to be zeros.
constexpr size_t kRoom = 256;

/// After so many failures in a row that could each be a signal's there is another reason.
constexpr unsigned kMaxFailures = 1000000;

constexpr int kExitFailed = 125;

// ---- In the thread: raw calls only. ----

void pause_for(long nanoseconds) {
  timespec time = {0, nanoseconds};
#ifdef SYS_nanosleep
  raw_call(SYS_nanosleep, reinterpret_cast<long>(&time), 0);
#else
  raw_call(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, reinterpret_cast<long>(&time), 0);
#endif
}

/// Waits until the flag is set, so long at most. Timers are late by some 50 microseconds, and the launch waits for
/// this; where futex(2) cannot be had, a pause must do.
void wait_for(const std::atomic<uint32_t>& flag, long nanoseconds) {
#ifdef SYS_futex
  timespec time = {0, nanoseconds};
  const long result =
      raw_call(SYS_futex, reinterpret_cast<long>(&flag), FUTEX_WAIT_PRIVATE, 0, reinterpret_cast<long>(&time));
  if (result == 0 || result == -EAGAIN || result == -ETIMEDOUT || result == -EINTR) return;
#endif
  pause_for(std::min(nanoseconds, 20000L));
}

void set(std::atomic<uint32_t>& flag) {
  flag = 1;
#ifdef SYS_futex
  raw_call(SYS_futex, reinterpret_cast<long>(&flag), FUTEX_WAKE_PRIVATE, 1);
#endif
}

/// The launcher makes no call between the one that installs the filter and execve, since the policy may deny any: so it
/// is watched. That takes some 50 microseconds.
int wait_for_listener() {
  constexpr unsigned kShort = 2000;
  for (unsigned i = 0; state.stop == 0; ++i) {
    const int listener = state.progress->listener;
    if (listener >= 0) return listener;
    if (i < kShort) {
      raw_call(SYS_sched_yield);
    } else {
      pause_for(50000);
    }
  }
  return -1;
}

/// Nothing can be answered: a caller that waits must not wait for ever.
void give_up(int listener) {
  if (state.answering == Answering::kUntilExec) {
    raw_call(SYS_write, STDERR_FILENO, reinterpret_cast<long>(state.failure.data()),
             static_cast<long>(state.failure_size));
    raw_call(SYS_exit_group, kExitFailed);
  }
  state.progress->unanswered = true;
  raw_call(SYS_close, listener);  // The call that waits fails with ENOSYS, and so does every later one.
}

/// Whether a call waits. False: it is time to stop.
bool wait_for_call(int listener) {
  while (state.stop == 0) {
    pollfd input = {listener, POLLIN, 0};
    timespec timeout = {0, 10000000};
    if (raw_call(SYS_ppoll, reinterpret_cast<long>(&input), 1, reinterpret_cast<long>(&timeout), 0) > 0) return true;
  }
  return false;
}

enum class Answered : uint8_t { kYes, kStopped, kFailed };

/// Lets the next call continue. A call can be interrupted while it waits (by a stop, say): then it is made again.
Answered answer_next(int listener) {
  for (unsigned failures = 0; failures < kMaxFailures; ++failures) {
    if (!wait_for_call(listener)) return Answered::kStopped;
    alignas(8) char request[kRoom];
    alignas(8) char response[kRoom];
    for (size_t i = 0; i < kRoom; ++i) request[i] = response[i] = 0;
    auto* const call = reinterpret_cast<seccomp_notif*>(request);
    auto* const answer = reinterpret_cast<seccomp_notif_resp*>(response);
    long result =
        raw_call(SYS_ioctl, listener, static_cast<long>(SECCOMP_IOCTL_NOTIF_RECV), reinterpret_cast<long>(request));
    if (result == -EINTR || result == -ENOENT) continue;
    if (result != 0) return Answered::kFailed;
    answer->id = call->id;
    answer->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    do {
      result =
          raw_call(SYS_ioctl, listener, static_cast<long>(SECCOMP_IOCTL_NOTIF_SEND), reinterpret_cast<long>(response));
    } while (result == -EINTR && ++failures < kMaxFailures);
    if (result == 0) return Answered::kYes;
    if (result != -ENOENT) return Answered::kFailed;
  }
  return Answered::kFailed;
}

/// Under a supervisor: the second call is the launcher's only if execve has failed; else it is the program's, which the
/// supervisor answers.
bool launcher_goes_on() {
  while (state.stop == 0 && !state.progress->exec_failed) wait_for(state.stop, 50000);
  return state.progress->exec_failed;
}

/// The listener as a descriptor of this thread's.
int take_listener() {
  const int listener = wait_for_listener();
  if (listener < 0 || state.process < 0) return listener;
  const long own = raw_call(SYS_pidfd_getfd, state.process, listener, 0);
  if (own < 0) give_up(listener);  // The launcher waits for an answer that cannot be given.
  return static_cast<int>(own);
}

int answer(void*) {
  const int listener = take_listener();
  while (listener >= 0) {
    const Answered answered = answer_next(listener);
    if (answered == Answered::kFailed) give_up(listener);
    if (answered != Answered::kYes) break;
    if (state.answering == Answering::kOneExec && !launcher_goes_on()) break;
  }
  set(state.ended);
  for (;;) raw_call(SYS_exit, 0);
}

// ---- In the thread that starts it. ----

std::string in_words(const char* call) {
  return std::string(call) + ": " + strerrordesc_np(errno);
}

}  // namespace

std::optional<std::string> start_token_answerer(EnterProgress& progress, Answering answering, const char* prefix) {
  if (!kHasRawCall) return "it is not written for this machine";
  if (running_kernel() < arch::KernelVersion{5, 5}) return "Linux 5.5 brought what it needs";
  if (auto denied = denied_call()) return "an outer sandbox denies " + *denied;
  const std::string line = std::string(prefix) + "the launcher's own execve could not be answered\n";
  state.failure_size = std::min(line.size(), state.failure.size());
  std::copy_n(line.begin(), state.failure_size, state.failure.begin());
  state.progress = &progress;
  state.answering = answering;
  int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
  // Before Linux 5.11 execve takes a copy of a shared table of descriptors while the other thread still has it, and the
  // POSIX locks of the process are lost with the old one (seen on 5.10).
  if (answering == Answering::kUntilExec && running_kernel() < arch::KernelVersion{5, 11}) {
    flags &= ~CLONE_FILES;
    state.process = open_process(getpid()).release();
    if (state.process < 0) return in_words("pidfd_open(2)");
    if (syscall(SYS_pidfd_getfd, -1, 0, 0) != -1 || errno != EBADF) return "Linux 5.6 brought what it needs";
  }
  // All signals that this thread takes by default end or stop the whole process: it does not matter which thread gets
  // them, and those that are blocked are blocked in the new thread, too.
  if (clone(answer, stack.data() + stack.size(), flags, nullptr) < 0) return in_words("clone(2)");
  return std::nullopt;
}

void stop_token_answerer() {
  set(state.stop);
  while (state.ended == 0) wait_for(state.ended, 1000000);
}

}  // namespace sandbox::kernel
