#include "kernel/signals.h"

#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

namespace sandbox::kernel {
namespace {

std::string failed(const char* what) {
  return std::string(what) + " failed: " + strerrordesc_np(errno);
}

sigset_t set_of(int signal) {
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signal);
  return one;
}

/// The signals that interrupt what waits while the timer runs.
sigset_t interrupting() {
  sigset_t signals = set_of(SIGALRM);
  sigaddset(&signals, SIGCHLD);
  return signals;
}

bool set_timer(suseconds_t microseconds) {
  const itimerval timer = {{0, microseconds}, {0, microseconds}};
  return setitimer(ITIMER_REAL, &timer, nullptr) == 0;
}

}  // namespace

Result<SignalState, std::string> take_signals() {
  SignalState before;
  sigset_t all;
  sigfillset(&all);
  if (sigprocmask(SIG_SETMASK, &all, &before.mask) != 0) return failed("rt_sigprocmask(2)");
  struct sigaction by_default = {};
  by_default.sa_handler = SIG_DFL;  // If it is ignored, children cannot be waited for.
  if (sigaction(SIGCHLD, &by_default, &before.child) != 0) return failed("rt_sigaction(2)");
  // One to this process itself waits at once, if it is blocked; otherwise no end would ever be noticed.
  const sigset_t child = set_of(SIGCHLD);
  const timespec at_once = {};
  if (kill(getpid(), SIGCHLD) != 0) return failed("kill(2)");
  int got = -1;
  do {
    got = sigtimedwait(&child, nullptr, &at_once);
  } while (got < 0 && errno == EINTR);
  if (got != SIGCHLD) return failed("rt_sigtimedwait(2)");
  return before;
}

bool IntervalTimer::start(suseconds_t microseconds) {
  struct sigaction action = {};
  action.sa_handler = [](int signal) {
    if (signal == SIGCHLD) child_changed_ = 1;
    expired_ = 1;
  };
  const sigset_t signals = interrupting();
  itimerval set = {};
  if (sigaction(SIGALRM, &action, nullptr) != 0 || sigaction(SIGCHLD, &action, nullptr) != 0 ||
      sigprocmask(SIG_UNBLOCK, &signals, nullptr) != 0) {
    return false;
  }
  if (set_timer(microseconds) && getitimer(ITIMER_REAL, &set) == 0 && set.it_interval.tv_usec > 0) return true;
  stop();
  return false;
}

void IntervalTimer::stop() {
  const sigset_t signals = interrupting();
  set_timer(0);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
}

bool IntervalTimer::child_changed() {
  const bool changed = child_changed_ != 0;
  child_changed_ = 0;
  return changed;
}

}  // namespace sandbox::kernel
