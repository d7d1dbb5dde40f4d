#include "kernel/front.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <string>

#include "kernel/process_tree.h"
#include "kernel/target.h"

namespace sandbox::kernel {
namespace {

/// Signals that the terminal sends to a whole process group.
bool is_of_terminal(int number) {
  switch (number) {
    case SIGINT:
    case SIGQUIT:
    case SIGHUP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
    case SIGCONT:
    case SIGWINCH:
      return true;
    default:
      return false;
  }
}

/// Stops this process as the signal would have stopped it. Returns when it is continued.
void stop_by(int number) {
  if (number == SIGSTOP) {
    kill(getpid(), SIGSTOP);
    return;
  }
  struct sigaction by_default = {};
  by_default.sa_handler = SIG_DFL;
  struct sigaction before = {};
  sigaction(number, &by_default, &before);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, number);
  kill(getpid(), number);
  sigprocmask(SIG_UNBLOCK, &one, nullptr);  // Here it stops.
  sigprocmask(SIG_BLOCK, &one, nullptr);
  sigaction(number, &before, nullptr);
}

}  // namespace

/// 0 if there will be none.
pid_t Front::target() const {
  const timespec pause = {0, 1000000};
  while (shared_.target == 0) {
    siginfo_t ended = {};
    if (waitid(P_PID, static_cast<id_t>(supervisor_), &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid != 0) {
      return 0;
    }
    nanosleep(&pause, nullptr);
  }
  return shared_.target;
}

void Front::pass_on(const siginfo_t& signal) {
  const int number = signal.si_signo;
  const pid_t pid = target();
  if (pid <= 0) return;
  // The supervisor continues this process because the target goes on.
  if (number == SIGCONT && signal.si_code == SI_USER && signal.si_pid == supervisor_) return;
  // What the terminal sent, the target has got itself, as long as it is in the same process group. But that a terminal
  // hangs up is told to the leader of its session alone.
  const bool to_me_alone = (number == SIGHUP || number == SIGCONT) && getsid(0) == getpid();
  if (signal.si_code > 0 && is_of_terminal(number) && !to_me_alone && getpgid(pid) == getpgrp()) return;
  if (signal.si_code == SI_QUEUE) {
    sigqueue(pid, number, signal.si_value);
  } else {
    kill(pid, number);
  }
}

void Front::stop_with_target() {
  const int number = shared_.stop_signal.exchange(0);
  if (number != 0 && shared_.target_stopped) stop_by(number);
}

/// Without having said how the target ended.
Result<Supervised, std::string> Front::supervisor_ended(int status) {
  if (shared_.failure[0] != '\0') return std::string(shared_.failure.data());
  kill_descendants(spared_);
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    return Supervised{128 + number, "the supervisor was killed by signal " + std::to_string(number) +
                                        "; everything that it supervised has been killed"};
  }
  return Supervised{kExitCannotExecute, "the supervisor failed; everything that it supervised has been killed"};
}

Result<Supervised, std::string> Front::run() {
  sigset_t all;
  sigfillset(&all);
  for (;;) {
    siginfo_t signal = {};
    if (sigwaitinfo(&all, &signal) < 0) continue;
    if (signal.si_signo != SIGCHLD) {
      pass_on(signal);
      continue;
    }
    if (shared_.exit_status >= 0) {
      shared_.front_left = true;
      return Supervised{shared_.exit_status, ""};
    }
    int status = 0;
    if (waitpid(supervisor_, &status, WNOHANG) == supervisor_) {
      // It may have said so just before its end.
      if (shared_.exit_status >= 0) return Supervised{shared_.exit_status, ""};
      return supervisor_ended(status);
    }
    stop_with_target();
  }
}

}  // namespace sandbox::kernel
