#include "kernel/signal_proxy.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <string>

#include "base/file.h"
#include "kernel/descriptors.h"
#include "kernel/fork_supervisor.h"
#include "kernel/process_tree.h"

namespace sandbox::kernel {
namespace {

constexpr int kExitProxyFailed = 125;

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

/// The kernel discards a pending SIGCONT when a stop signal is sent, and the target would never get it. So while an
/// object of this class exists, SIGCONT is taken and passed on at once; the supervisor then sees the target continue,
/// and continues the proxy.
class Continuing {
 public:
  Continuing(pid_t target, pid_t supervisor) {
    target_ = target;
    supervisor_ = supervisor;
    asked_for_ = 0;
    struct sigaction action = {};
    action.sa_flags = SA_SIGINFO;
    action.sa_sigaction = [](int, siginfo_t* signal, void*) {
      if (signal->si_code == SI_USER && signal->si_pid == supervisor_) return;
      asked_for_ = 1;
      if (target_ > 0) ::kill(target_, SIGCONT);
    };
    sigaction(SIGCONT, &action, &before_);
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGCONT);
    sigprocmask(SIG_UNBLOCK, &signals_, nullptr);
  }
  Continuing(const Continuing&) = delete;
  Continuing& operator=(const Continuing&) = delete;
  ~Continuing() {
    sigprocmask(SIG_BLOCK, &signals_, nullptr);
    sigaction(SIGCONT, &before_, nullptr);
  }

  /// Since this one was made.
  static bool asked_for() { return asked_for_ != 0; }

 private:
  static inline volatile sig_atomic_t target_ = 0;
  static inline volatile sig_atomic_t supervisor_ = 0;
  static inline volatile sig_atomic_t asked_for_ = 0;
  struct sigaction before_ = {};
  sigset_t signals_ = {};
};

/// The terminal, if the target's process group is in the foreground. A shell that continues this process puts its own
/// group there.
class Foreground {
 public:
  explicit Foreground(pid_t target) : terminal_(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    const pid_t group = target > 0 ? getpgid(target) : -1;
    if (terminal_.valid() && group != getpgrp() && tcgetpgrp(terminal_.get()) == group) group_ = group;
  }

  /// SIGTTOU is blocked.
  void give_back() const {
    if (group_ > 0 && tcgetpgrp(terminal_.get()) == getpgrp()) tcsetpgrp(terminal_.get(), group_);
  }

 private:
  UniqueFd terminal_;
  pid_t group_ = 0;
};

}  // namespace

bool is_passed_on(const siginfo_t& signal, const SignalOrigin& origin) {
  const int number = signal.si_signo;
  // The supervisor continues this process because the target has been continued.
  if (number == SIGCONT && origin.supervisor) return false;
  // A signal that a process below sends to its process group has reached the target, too; any other is not meant for
  // it.
  if (origin.below) return false;
  // The target gets the terminal's signals itself, as long as it is in the same process group. But a hangup is reported
  // to the session leader alone.
  const bool to_leader_alone = (number == SIGHUP || number == SIGCONT) && origin.leads_session;
  return signal.si_code <= 0 || !is_of_terminal(number) || to_leader_alone || !origin.same_group;
}

bool is_passed_on_to_orphans(int number) {
  return number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT;
}

bool is_of_lifeline(const siginfo_t& signal) {
  return signal.si_signo == SIGCONT && signal.si_code > 0 && signal.si_code <= POLL_HUP;
}

Result<Supervised, std::string> report_of(const SupervisorEnd& end) {
  constexpr int kSignalBase = 128;
  if (!end.target_existed) {
    return end.failure.empty() ? "the supervisor ended before it had started anything" : end.failure;
  }
  const std::string rest = end.all_killed ? "; everything that it supervised has been killed"
                                          : "; not everything that it supervised could be killed";
  // A signal comes first: without its supervisor the target may fail too, and report it before it is killed.
  if (end.signal != 0) {
    return Supervised{kSignalBase + end.signal,
                      "the supervisor was killed by signal " + std::to_string(end.signal) + rest};
  }
  if (!end.failure.empty()) return end.failure + (end.target_ran ? rest : "");
  return "the supervisor failed" + rest;
}

/// The target's pid; 0 if there will be no target, -1 if it has ended.
pid_t SignalProxy::target() {
  const timespec pause = {0, 1000000};
  while (shared_.target == 0) {
    siginfo_t ended = {};
    if (waitid(P_PID, static_cast<id_t>(child_), &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid != 0) {
      return 0;
    }
    nanosleep(&pause, nullptr);
  }
  const pid_t pid = shared_.target;
  if (pid > 0 && !target_fd_.valid()) target_fd_ = open_process(pid);
  return shared_
      .target;  // If it has not ended meanwhile, the pidfd is its: shared_.target is set to -1 before it is reaped.
}

void SignalProxy::send_to_target(const siginfo_t& signal) const {
  siginfo_t value = signal;
  siginfo_t* const with_value = signal.si_code == SI_QUEUE ? &value : nullptr;
  if (syscall(SYS_pidfd_send_signal, target_fd_.get(), signal.si_signo, with_value, 0) == 0 || errno == ESRCH) return;
  // No descriptor could be opened, or an outer sandbox denies the call.
  const pid_t pid = shared_.target;
  if (pid <= 0) return;
  if (with_value != nullptr) {
    sigqueue(pid, signal.si_signo, signal.si_value);
  } else {
    kill(pid, signal.si_signo);
  }
}

void SignalProxy::pass_on(const siginfo_t& signal) {
  const pid_t pid = target();
  if (pid < 0) return pass_on_to_rest(signal);
  if (pid == 0) return;
  const bool sent = signal.si_code == SI_USER;
  SignalOrigin origin;
  origin.supervisor = sent && signal.si_pid == shared_.supervisor;
  origin.below = sent && is_below(signal.si_pid, child_).value_or(false);
  origin.leads_session = getsid(0) == getpid();
  origin.same_group = getpgid(pid) == getpgrp();
  if (is_passed_on(signal, origin)) send_to_target(signal);
}

/// The target has ended and the processes that it left running are waited for: signals that end programs end them.
void SignalProxy::pass_on_to_rest(const siginfo_t& signal) {
  const int number = signal.si_signo;
  if (!shared_.waits_for_tree) return;  // The proxy is about to end.
  if (!is_passed_on_to_orphans(number)) return;
  static pid_t supervisor;
  static bool from_terminal;
  supervisor = shared_.supervisor;
  from_terminal = signal.si_code > 0;
  const auto wanted = [](pid_t pid) {
    return pid != supervisor && !(from_terminal && getpgid(pid) == getpgrp());  // Else it has got it already.
  };
  signal_below(child_, number, wanted);
}

void SignalProxy::stop_with_target() {
  const int number = shared_.stop_signal.exchange(0);
  if (number == 0) return;
  // In this order: if the supervisor continues the proxy after this check, it sees that the proxy may yet stop.
  shared_.proxy_stops = true;
  if (shared_.target_stopped) {
    const Foreground foreground(target());
    const Continuing continuing(shared_.target, shared_.supervisor);
    if (!Continuing::asked_for()) stop_by(number);
    foreground.give_back();
  }
  shared_.proxy_stops = false;
}

/// Without having reported how the target ended.
Result<Supervised, std::string> SignalProxy::supervisor_ended(int status) {
  // Even where no target is known: its process may exist already, just before it says so.
  const bool killed =
      is_subreaper_ ? kill_descendants(kKillTimeout) : !WIFEXITED(status) || WEXITSTATUS(status) == EXIT_SUCCESS;
  SupervisorEnd end;
  end.target_existed = shared_.target != 0;
  end.target_ran = shared_.supervised;
  end.all_killed = killed && !shared_.cannot_kill;
  end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : shared_.supervisor_signal.load();
  end.failure = shared_.failure.data();
  return report_of(end);
}

/// True when it has ended, or cannot be waited for.
bool SignalProxy::child_has_ended(int* status) {
  pid_t ended = 0;
  do {
    ended = waitpid(child_, status, WNOHANG);
  } while (ended < 0 && errno == EINTR);
  return ended != 0;
}

Result<Supervised, std::string> SignalProxy::serve() {
  sigset_t all;
  sigfillset(&all);
  for (;;) {
    siginfo_t signal = {};
    if (sigwaitinfo(&all, &signal) < 0) {
      if (errno == EINTR) continue;
      return supervisor_ended(0);
    }
    if (signal.si_signo != SIGCHLD && !is_of_lifeline(signal)) {
      pass_on(signal);
      continue;
    }
    if (shared_.exit_status >= 0) {
      shared_.proxy_left = true;
      return Supervised{shared_.exit_status, ""};
    }
    int status = 0;
    if (shared_.cannot_kill) return supervisor_ended(status);
    if (child_has_ended(&status)) {
      // The status may have been reported just before the end.
      if (shared_.exit_status >= 0) return Supervised{shared_.exit_status, ""};
      return supervisor_ended(status);
    }
    stop_with_target();
  }
}

/// If anything fails here, even memory for a message, everything below is killed first.
Result<Supervised, std::string> SignalProxy::run() {
  try {
    return serve();
  } catch (const std::exception&) {
    constexpr std::string_view kMessage = "sandbox-run: error: out of memory; everything supervised has been killed\n";
    if (is_subreaper_) kill_descendants(kKillTimeout);
    (void)!write(STDERR_FILENO, kMessage.data(), kMessage.size());
    _exit(kExitProxyFailed);
  }
}

}  // namespace sandbox::kernel
