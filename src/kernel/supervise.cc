#include "kernel/supervise.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <utility>

#include "kernel/bounded_task.h"
#include "kernel/caller.h"
#include "kernel/capabilities.h"
#include "kernel/descriptors.h"
#include "kernel/fork_supervisor.h"
#include "kernel/kill_by_filter.h"
#include "kernel/listener.h"
#include "kernel/probe.h"
#include "kernel/proc.h"
#include "kernel/process_tree.h"
#include "kernel/shared_state.h"
#include "kernel/signal_proxy.h"
#include "kernel/signals.h"
#include "kernel/target.h"
#include "kernel/token_answerer.h"

namespace sandbox::kernel {
namespace {

constexpr int kKilledByFilter = 128 + SIGSYS;

/// After so many calls that came one after the other the supervisor waits in the call that takes the next one, which
/// saves a poll a call, and looks after everything else once a beat.
constexpr unsigned kBusy = 32;
constexpr suseconds_t kTimerMicroseconds = 5000;
/// What a kill by the filter's own verdict may take, until SIGKILL stands in for it. Only its own memory can hold the
/// caller up, or a machine that is very busy: then its parent would see another signal than without a supervisor.
constexpr std::chrono::milliseconds kVerdictTimeout{2000};

std::string failed(const char* what) {
  return std::string(what) + " failed: " + strerrordesc_np(errno);
}

/// As fork(2), but with a common table of descriptors, and only returning in the parent when the child has executed a
/// program or ended: either gives the child a table of its own. So the listener that the child makes is the parent's.
pid_t fork_with_descriptors() {
  constexpr long kFlags = CLONE_FILES | CLONE_VFORK | SIGCHLD;
#if defined(__s390__)
  return static_cast<pid_t>(syscall(SYS_clone, 0, kFlags, 0, 0, 0));
#else
  return static_cast<pid_t>(syscall(SYS_clone, kFlags, 0, 0, 0, 0));
#endif
}

bool is_end(const siginfo_t& child) {
  return child.si_code == CLD_EXITED || child.si_code == CLD_KILLED || child.si_code == CLD_DUMPED;
}

/// What a target's status is in a shell.
Ending ending_of(const siginfo_t& child) {
  Ending ending;
  ending.executed = true;
  ending.status = child.si_status;
  if (child.si_code != CLD_EXITED) {
    ending.signal = child.si_status;
    ending.status = 128 + ending.signal;
  }
  return ending;
}

class Supervisor {
 public:
  /// `proxy_fd` is a pidfd of the front's, `lifeline` as in SupervisorFork.
  Supervisor(SharedState& shared, UniqueFd proxy_fd, UniqueFd lifeline, Watcher& watcher, const SuperviseOptions& how)
      : shared_(shared),
        watcher_(watcher),
        how_(how),
        proxy_fd_(std::move(proxy_fd)),
        lifeline_(std::move(lifeline)),
        self_(getpid()) {}

  /// The whole life of the supervisor's process.
  [[noreturn]] void run(const compile::Filter& filter, const Target& target, const EnterOptions& options,
                        const char* report_prefix, const SignalState& signals);

 private:
  [[noreturn]] void become_target(const compile::Filter& filter, const Target& target, EnterOptions options,
                                  const char* report_prefix, const SignalState& signals);
  [[noreturn]] void fail(const std::string& failure);
  void prepare();
  void supervise();
  void wait_for_events();
  [[noreturn]] void kill_all();
  bool answer();
  void set_busy(bool busy);
  void kill_caller(Kill kill, const Notification& notification);
  void kill_otherwise(pid_t process, int process_fd, const Notification& notification);
  void reap();
  void note_target(const siginfo_t& child);
  void tell_status();
  bool signal_proxy(int signal);
  void notify_proxy() { signal_proxy(SIGCHLD); }
  void continue_proxy();

  SharedState& shared_;
  Watcher& watcher_;
  const SuperviseOptions& how_;
  UniqueFd proxy_fd_;
  UniqueFd lifeline_;
  pid_t self_;
  UniqueFd signals_;
  /// Shared with tasks that were abandoned.
  std::shared_ptr<const bpf::ValidatedProgram> program_;
  std::shared_ptr<Listener> listener_;
  pid_t target_ = 0;
  Ending ending_;
  bool ended_ = false;           ///< The target.
  bool all_ended_ = false;       ///< It, and all that it has left behind.
  bool told_ = false;            ///< The front, that it may end.
  bool left_behind_ = false;     ///< When it was told, others had not ended yet.
  bool listens_ = true;          ///< Somebody is left who could call.
  bool killed_instead_ = false;  ///< The target got a SIGKILL in place of the filter's.
  bool busy_ = false;
  unsigned answered_ = 0;  ///< Since the last beat; while not busy, since it was last busy.
};

void Supervisor::become_target(const compile::Filter& filter, const Target& target, EnterOptions options,
                               const char* report_prefix, const SignalState& signals) {
  shared_.target = getpid();
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (getppid() != self_) _exit(EXIT_FAILURE);  // It had died before; the front says how.
  if (how_.drop_ptrace) {
    if (const auto failure = drop_ptrace_capability()) fail(*failure);
  }
  sigaction(SIGCHLD, &signals.child, nullptr);
  sigprocmask(SIG_SETMASK, &signals.mask, nullptr);
  options.progress = &shared_.progress;
  set_failure(shared_, {enter(filter, target, options, report_prefix)});
  _exit(kExitCannotExecute);
}

void Supervisor::fail(const std::string& failure) {
  set_failure(shared_, {failure});
  _exit(EXIT_FAILURE);
}

void Supervisor::prepare() {
  shared_.supervisor = self_;
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) fail(failed("prctl(PR_SET_CHILD_SUBREAPER)"));
  if (!reopen_proc_directory()) fail("/proc cannot be opened: " + std::string(strerrordesc_np(errno)));
  // What is needed later is tried before anything is started.
  if (!signal_proxy(0)) fail(failed("kill(2)"));
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  signals_ = UniqueFd(signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.valid()) fail(failed("signalfd(2)"));
}

void Supervisor::run(const compile::Filter& filter, const Target& target, const EnterOptions& options,
                     const char* report_prefix, const SignalState& signals) {
  program_ = std::make_shared<const bpf::ValidatedProgram>(filter.program);
  prepare();
  if (has_ended(proxy_fd_.get())) fail("");
  const bool has_token = !filter.token_sites.empty();
  if (has_token) {
    if (const auto missing = start_token_answerer(shared_.progress, Answering::kOneExec, report_prefix)) {
      fail("the program cannot be started under a supervisor: " + *missing);
    }
  }
  target_ = fork_with_descriptors();
  if (target_ == 0) become_target(filter, target, options, report_prefix, signals);
  if (target_ < 0) fail(failed("clone(2)"));
  if (has_token) stop_token_answerer();
  if (shared_.progress.unanswered) fail("the launcher's own execve could not be answered");
  if (shared_.failure[0] != '\0') _exit(EXIT_FAILURE);  // The front tells.
  supervise();
  _exit(EXIT_SUCCESS);
}

void Supervisor::supervise() {
  shared_.supervised = true;
  const int descriptor = shared_.progress.listener;
  std::vector<int> keep = how_.keep;
  keep.insert(keep.end(), {descriptor, proxy_fd_.get(), lifeline_.get(), signals_.get(), watcher_.input()});
  keep_only(keep);
  (void)chdir("/");  // So that no file system is busy because of a supervisor.
  // A program that could not be written for may throw; what it supervises does not get away.
  try {
    listener_ = std::make_shared<Listener>(descriptor);
    listens_ = descriptor >= 0;
    watcher_.saw_process(target_);
    reap();
    tell_status();
    while (!all_ended_) {
      wait_for_events();
      tell_status();
    }
    set_busy(false);
    if (left_behind_) watcher_.tree_ended(ending_);
  } catch (const std::exception& exception) {
    set_failure(shared_, {"the supervisor failed: ", exception.what()});
    kill_all();
  }
}

/// Where there can be no beat, nothing is waited for but in poll(2).
void Supervisor::set_busy(bool busy) {
  if (busy && !busy_) busy = IntervalTimer::start(kTimerMicroseconds);
  if (!busy && busy_) IntervalTimer::stop();
  busy_ = busy;
  answered_ = 0;
}

/// The listener is closed last: what waits would get ENOSYS by that, and go on. So it stays open as long as somebody
/// cannot be killed, who may have become another user's.
void Supervisor::kill_all() {
  if (!kill_descendants(kKillTimeout)) {
    shared_.cannot_kill = true;
    notify_proxy();
    close(STDERR_FILENO);
    keep_only(std::array{shared_.progress.listener.load()});
    while (!kill_descendants(kKillTimeout)) {
    }
  }
  _exit(EXIT_FAILURE);
}

void Supervisor::wait_for_events() {
  if (busy_) {
    if (!IntervalTimer::expired() && answer()) return;
    IntervalTimer::reset();
    set_busy(answered_ > 0);
  }
  pollfd events[] = {{listens_ ? listener_->fd() : -1, POLLIN, 0},
                     {signals_.get(), POLLIN, 0},
                     {shared_.proxy_left ? -1 : proxy_fd_.get(), POLLIN, 0},
                     {watcher_.input(), POLLIN, 0},
                     {shared_.proxy_left ? -1 : lifeline_.get(), 0, 0}};
  const int ready = poll(events, std::size(events),
                         busy_                        ? 0
                         : how_.tick_milliseconds > 0 ? how_.tick_milliseconds
                                                      : -1);
  // A limit of ours that the target has set, for example: who cannot watch does not leave it alone.
  if (ready < 0 && errno != EINTR) throw std::runtime_error(failed("poll(2)"));
  if (how_.tick_milliseconds > 0) watcher_.tick();
  if (ready <= 0) return;
  if ((events[0].revents & POLLIN) != 0) {
    if (answer() && !busy_ && answered_ >= kBusy) set_busy(true);
  } else if (events[0].revents != 0) {
    listens_ = false;  // Nobody is left under the filter.
  }
  if (events[3].revents != 0) watcher_.take_input();  // Before anybody is reaped whom it may be about.
  if (events[1].revents != 0) reap();
  if ((events[2].revents != 0 || events[4].revents != 0) && !shared_.proxy_left) kill_all();
}

/// False if nobody waits any more.
bool Supervisor::answer() {
  const auto notification = listener_->receive();
  if (!notification) return false;
  ++answered_;
  const Answer answer = watcher_.decide(*notification, [&] { return listener_->is_valid(*notification); });
  switch (answer.kind) {
    case Answer::Kind::kAllow:
      listener_->allow(*notification);
      break;
    case Answer::Kind::kErrno:
      listener_->deny(*notification, answer.error);
      break;
    case Answer::Kind::kKillThread:
      kill_caller(Kill::kThread, *notification);
      break;
    case Answer::Kind::kKillProcess:
      kill_caller(Kill::kProcess, *notification);
      break;
  }
  return true;
}

void Supervisor::kill_caller(Kill kill, const Notification& notification) {
  set_busy(false);  // Who dies is reaped soon.
  const pid_t process = belongs_to(notification.thread, target_) ? target_ : process_of(notification.thread);
  // 0 is no process, and for kill(2) one's own process group.
  const UniqueFd process_fd = process > 0 ? open_process(process) : UniqueFd();
  if (!listener_->is_valid(notification)) return;  // It is gone, and whose process that was is not certain.

  const auto killed = std::make_shared<KillResult>();
  BoundedTask task;
  const bool in_time = task.run(
      [killed, kill, notification, program = program_, listener = listener_](const std::stop_token& abandoned) {
        *killed = kill_by_filter(kill, notification, *program, *listener, abandoned);
      },
      kVerdictTimeout);
  if (!in_time) {
    if (dumps_core(process)) return;  // It is killed, and nobody shall hurry it.
    if (kill == Kill::kThread && !listener_->is_valid(notification)) return;
    return kill_otherwise(process, process_fd.get(), notification);
  }
  switch (killed->outcome) {
    case KillResult::Outcome::kKilledByFilter:
      break;
    case KillResult::Outcome::kKilledBySigkill:
      killed_instead_ = killed_instead_ || process == target_;
      break;
    case KillResult::Outcome::kGone:
      // Its process is to die even if it runs another program by now.
      if (kill == Kill::kProcess && killed->answered) kill_otherwise(process, process_fd.get(), notification);
      break;
    case KillResult::Outcome::kAlive:
      kill_otherwise(process, process_fd.get(), notification);
      break;
  }
}

/// The call gets no answer: SIGKILL ends its wait, and who cannot be killed waits. Only by the pidfd, which is its
/// process's for certain.
void Supervisor::kill_otherwise(pid_t process, int process_fd, const Notification& notification) {
  if (process_fd >= 0 && send_signal(process_fd, SIGKILL)) {
    if (process == target_) killed_instead_ = true;
    return;
  }
  const int error = process_fd >= 0 ? errno : ESRCH;
  if (listener_->is_valid(notification)) watcher_.kill_failed(notification, error);
}

/// By number only where its number is certain.
bool Supervisor::signal_proxy(int signal) {
  if (send_signal(proxy_fd_.get(), signal)) return true;
  return !has_ended(proxy_fd_.get()) && kill(shared_.proxy, signal) == 0;
}

/// Until it goes on: it may be just about to stop, for it has looked before we said that the target goes on.
void Supervisor::continue_proxy() {
  const timespec pause = {0, 1000000};
  constexpr int kRounds = 2000;  // Of a millisecond.
  signal_proxy(SIGCONT);
  for (int i = 0; i < kRounds && shared_.proxy_stops && !has_ended(proxy_fd_.get()); ++i) {
    nanosleep(&pause, nullptr);
    signal_proxy(SIGCONT);
  }
}

/// That the target has stopped, goes on or has ended.
void Supervisor::note_target(const siginfo_t& child) {
  if (child.si_code == CLD_TRAPPED) return;  // By the thread that traces it.
  if (child.si_code == CLD_STOPPED) {
    shared_.target_stopped = true;
    shared_.stop_signal = child.si_status;
    return notify_proxy();
  }
  if (child.si_code == CLD_CONTINUED) {
    shared_.target_stopped = false;
    return continue_proxy();  // It may have been continued without the front.
  }
  set_busy(false);
  ended_ = true;
  if (shared_.target_stopped.exchange(false)) continue_proxy();
  shared_.target = -1;
  ending_ = ending_of(child);
  ending_.executed = shared_.progress.listener >= 0 && !shared_.progress.exec_failed;
  if (killed_instead_ && ending_.signal == SIGKILL) {
    ending_.signal = SIGSYS;
    ending_.status = kKilledByFilter;
  }
  watcher_.target_ended(ending_);
}

/// Lets the front end, if it is time. Where nobody is left, the watcher says its last words before that: behind them
/// comes what the caller of the front prints.
void Supervisor::tell_status() {
  if (told_ || !ended_ || (how_.wait_for_tree && !all_ended_)) return;
  told_ = true;
  set_busy(false);  // The watcher writes files, and nothing is to interrupt it.
  const int tree_status = all_ended_ ? watcher_.tree_ended(ending_) : 0;
  shared_.exit_status = how_.wait_for_tree ? tree_status : ending_.status;
  notify_proxy();
  left_behind_ = !all_ended_;
  if (left_behind_) watcher_.proxy_leaves();
}

void Supervisor::reap() {
  signalfd_siginfo ignored = {};
  while (read(signals_.get(), &ignored, sizeof ignored) > 0) {
  }
  for (;;) {
    constexpr int kAny = WEXITED | WSTOPPED | WCONTINUED | WNOHANG | __WALL;
    siginfo_t child = {};
    if (waitid(P_ALL, 0, &child, kAny | WNOWAIT) != 0) {
      if (errno == EINTR) continue;
      if (errno != ECHILD) throw std::runtime_error(failed("waitid(2)"));
      all_ended_ = true;
      return;
    }
    if (child.si_pid == 0) return;
    const bool of_target = child.si_pid == target_ && !ended_;
    watcher_.saw_process(child.si_pid);
    if (of_target && is_end(child)) {
      set_busy(false);
      shared_.target = -1;  // Before it is reaped, so that the front signals nobody who gets its number.
      watcher_.target_ending();
    }
    if (waitid(P_PID, static_cast<id_t>(child.si_pid), &child, kAny) == 0 && child.si_pid == target_ && of_target)
      note_target(child);
  }
}

SharedState* share() {
  void* memory = mmap(nullptr, sizeof(SharedState), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : new (memory) SharedState;
}

/// Grows the stack now: a limit that is set later could keep it from growing, and that would be the end.
void touch_stack() {
  constexpr size_t kEnough = 262144;
  rlimit limit = {};
  if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur < 8 * kEnough) return;
  char room[kEnough];
  explicit_bzero(room, sizeof room);
}

}  // namespace

std::optional<std::string> missing_supervision() {
  // SECCOMP_USER_NOTIF_FLAG_CONTINUE is the youngest of what is needed, and cannot be asked for.
  if (running_kernel() >= arch::KernelVersion{5, 5} && knows_flags(SECCOMP_FILTER_FLAG_NEW_LISTENER)) {
    if (const auto denied = denied_call()) return "a supervisor needs " + *denied + ", which an outer sandbox denies";
    return std::nullopt;
  }
  return "a supervisor needs notifications that can be let through, which this kernel does not have; Linux 5.5 brought "
         "them";
}

Result<Supervised, std::string> supervise(const compile::Filter& filter, const Target& target,
                                          const EnterOptions& options, const char* report_prefix, Watcher& watcher,
                                          const SuperviseOptions& how) {
  // Descriptor 0 is to be no listener: seccomp(2) would return what an outer sandbox says that only pretends.
  fill_standard_descriptors();
  proc_directory();
  SharedState* shared = share();
  if (shared == nullptr) return failed("mmap(2)");
  shared->waits_for_tree = how.wait_for_tree;
  // Neither front nor supervisor is under the filter: a target of the same user must not be able to trace them.
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return failed("prctl(PR_SET_DUMPABLE)");
  EnterOptions with_listener = options;
  with_listener.filter_flags = flags_with_listener(options.filter_flags);
  const auto signals = take_signals();
  if (!signals) return signals.error();
  touch_stack();
  shared->proxy = getpid();
  UniqueFd proxy_fd = open_process(shared->proxy);
  if (!proxy_fd.valid()) return failed("pidfd_open(2)");

  auto forked = fork_supervisor(*shared, proxy_fd.get());
  if (!forked) return forked.error();
  if (forked->child == 0)
    Supervisor(*shared, std::move(proxy_fd), std::move(forked->lifeline), watcher, how)
        .run(filter, target, with_listener, report_prefix, *signals);
  keep_only(std::array{forked->lifeline.get()});
  return SignalProxy(*shared, forked->child, forked->proxy_is_subreaper).run();
}

}  // namespace sandbox::kernel
