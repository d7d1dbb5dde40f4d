// The supervisor
//
// The problem. A filter denies in silence: the kernel's records of it are for root, hold registers only, and an errno
// leaves one only where the filter was installed to log it. To report a denied call with its path or address, and the
// line of the policy that denied it, the caller's memory must be read while it waits. SECCOMP_RET_USER_NOTIF does that:
// the kernel holds the caller and hands the call to the process that has the filter's listener. When the listener is
// closed, such calls get ENOSYS. So its process must outlive everything under the filter, out of the target's reach,
// and for the target's parent and its terminal all must look as if the target had been executed directly.
//
// An example. A shell starts `sandbox-run --report --policy p.yml -- make`:
//
//     shell
//       sandbox-run        the signal proxy: the process that the shell started, its job
//         sandbox-run      the supervisor: listener, subreaper
//           make           the target, under the filter
//             cc
//
// - cc calls socket(2), for which p.yml says errno EPERM. The supervisor receives the call, the watcher reports it and
//   decides, and the answer is EPERM. A call that the policy allows never gets here.
// - Ctrl-Z stops make and cc. The supervisor learns from waitid(2) that make has stopped and tells the proxy, which
//   stops itself by the same signal, so that the shell sees its job stop. The supervisor is not stopped.
// - cc calls ptrace(2), for which p.yml says kill_process. An answer cannot kill, and SIGKILL is another end than the
//   filter's, so the caller is made to repeat the call with a request for which the filter kills: kill_by_filter.h.
// - make ends while cc runs on in the background. The proxy ends with make's status, as make would have; cc has become
//   the supervisor's child, and the supervisor ends when cc does. These phases are in target_life.h.
// - The supervisor is killed. cc and make become children of the subreaper above it (fork_supervisor.h), which kills
//   them. If the proxy is killed instead, the supervisor sees that by its pidfd, or by the lifeline, and kills them.
//
// Why three processes. One that stops, continues and ends with the target cannot be the one that answers calls: other
// processes than the target call while it is stopped, and after its end. A supervisor beside or below the target would
// not be its ancestor, and so neither subreaper of what it leaves running nor allowed to trace it under Yama. As the
// target's parent it reaps the target, and knows its number to be valid until then.
//
// Why not ptrace(2) alone. A traced program stops for every call; with notifications only calls that are not allowed
// are held up, and a program can still be debugged. A notified call costs about five microseconds; recording slows
// programs down by 0.05 to 0.25 of what `strace -f -c` does, and a program whose calls are allowed runs in 0.95 to 1.03
// of the time that it takes without a report (README.md, What it costs).
//
// Why not only the kernel's records. They are for root, and the launcher needs no privileges. Where it may, it reads
// them for the actions that never reach a supervisor: trap, trace and log (trap_records.h).
//
// How a call is taken. The supervisor polls the listener, its children, the proxy and the watcher's own descriptor.
// After kBusy calls without a pause it blocks in the ioctl that receives a call, which saves one poll(2) for each,
// until an interval timer interrupts it after 5 ms to look after the rest, or a child's end does. On Linux 6.6 caller
// and supervisor take turns on one CPU, which takes a tenth of the time of waking another (listener.cc).
//
// What the target may do to it. It may send signals, set limits and exhaust memory or descriptors, if the policy allows
// such calls. So the stack is grown beforehand, killing allocates nothing, work that the target can delay runs in a
// BoundedTask, and any failure ends in kill_all(). tests/README.md has what is tried: 8 attempts on proxy and
// supervisor through ptrace, process_vm, /proc and pidfd_getfd, 14 with limits, signals and kills, and 450 to 530
// injected faults for each launch with --report.
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
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <utility>

#include "compile/notify.h"
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
#include "kernel/raw_clone.h"
#include "kernel/service_environment.h"
#include "kernel/shared_state.h"
#include "kernel/signal_proxy.h"
#include "kernel/signals.h"
#include "kernel/target.h"
#include "kernel/target_life.h"
#include "kernel/token_answerer.h"

namespace sandbox::kernel {
namespace {

/// After so many calls without a pause the supervisor blocks in the ioctl that receives the next one, which saves a
/// poll(2) for each, and an interval timer interrupts it to look after everything else.
constexpr unsigned kBusy = 4;
constexpr suseconds_t kTimerMicroseconds = 5000;
/// For a kill by the filter, before SIGKILL is sent instead. Only the caller's own memory can delay it, or a very busy
/// machine: then its parent would see another signal than without a supervisor.
constexpr std::chrono::milliseconds kVerdictTimeout{2000};
constexpr std::chrono::milliseconds kCountTimeout{20};  // For the number of processes that go on.

std::string failed(const char* what) {
  return std::string(what) + " failed: " + strerrordesc_np(errno);
}

/// Runs `child` in a new process, and returns when that has executed a program or ended: until then the two share one
/// table of descriptors, so that the parent has the listener that the child makes; and their memory, as after vfork(2).
/// To copy the tables of pages, and the pages that both write to, would take a tenth of the launch. What the child
/// leaves behind is a filter's size of memory, with an exec token that works no more (kernel/token_answerer.h). But a
/// child that was killed may have left anything half done, the heap for one: see Supervisor::leave_with_target().
pid_t start_process(int (*child)(void*), void* argument) {
  constexpr int kFlags = CLONE_FILES | CLONE_VFORK | SIGCHLD;
#if defined(__SANITIZE_ADDRESS__)  // It knows one stack for each thread.
  const pid_t pid = raw_clone(kFlags);
  if (pid == 0) _exit(child(argument));
  return pid;
#else
  // An array on this stack would be set to zeros first (see the top CMakeLists.txt).
  alignas(64) static std::array<char, 65536> stack;
  return clone(child, stack.data() + stack.size(), kFlags | CLONE_VM, argument);
#endif
}

class Supervisor {
 public:
  /// `proxy_fd` is a pidfd of the signal proxy, `lifeline` as in SupervisorFork.
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
  [[noreturn]] void leave_with_target();
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
  void advance(LifeEvent event) { phase_ = kernel::advance(phase_, event); }
  void report_what_is_due();
  bool send_to_proxy(int signal);
  void notify_proxy() { send_to_proxy(SIGCHLD); }
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
  Phase phase_ = Phase::kRunning;
  // No phases: each of these changes in any phase, or does not depend on it.
  bool listens_ = true;             ///< Processes are left under the filter; zombies are not, and are children still.
  bool killed_for_filter_ = false;  ///< The target got a SIGKILL in place of the filter's kill: a fact about its end.
  bool busy_ = false;               ///< How calls are waited for (see kBusy); on and off many times.
  unsigned answered_ = 0;           ///< Calls since the timer last expired; while not busy, since it was last busy.
};

void Supervisor::become_target(const compile::Filter& filter, const Target& target, EnterOptions options,
                               const char* report_prefix, const SignalState& signals) {
  shared_.target = getpid();
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (getppid() != self_) fail("the supervisor is gone");  // Before the prctl; what ended it is reported first.
  if (how_.drop_ptrace) {
    if (const auto failure = drop_ptrace_capability()) fail(*failure);
  }
  sigaction(SIGCHLD, &signals.child, nullptr);
  sigprocmask(SIG_SETMASK, &signals.mask, nullptr);
  options.progress = &shared_.progress;
  const ServiceEnvironment environment(target.environment, shared_.proxy, getpid());
  const Target renamed = {target.path, target.arguments, environment.get()};
  set_failure(shared_, {enter(filter, renamed, options, report_prefix)});
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
  // What is needed later is tried before the target is started.
  if (!send_to_proxy(0)) fail(failed("kill(2)"));
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
  // The launcher's own execve, which waits while this process waits for it.
  const bool waits =
      !how_.token_allows && (!filter.token_sites.empty() || compile::notifies_execve(filter, arch::native_abi()));
  if (waits) {
    if (const auto missing = start_token_answerer(shared_.progress, Answering::kOneExec, report_prefix)) {
      fail("the program cannot be started under a supervisor: " + *missing);
    }
  }
  auto become = [&] { become_target(filter, target, options, report_prefix, signals); };
  target_ = start_process(
      [](void* argument) {
        (*static_cast<decltype(become)*>(argument))();
        return EXIT_FAILURE;  // Not reached.
      },
      &become);
  if (target_ < 0) fail(failed("clone(2)"));
  if (waits) stop_token_answerer();
  if (shared_.progress.unanswered) fail("the launcher's own execve could not be answered");
  if (shared_.failure[0] != '\0') _exit(EXIT_FAILURE);  // The proxy reports it.
  if (!shared_.progress.only_exec_is_left) leave_with_target();
  supervise();
  _exit(EXIT_SUCCESS);
}

/// The target's process was killed while it prepared its launch in memory that it shares with this process. Nothing
/// ran, so there is nothing to report but its end; and nothing else is done here, above all nothing with the heap,
/// which it may have been changing.
void Supervisor::leave_with_target() {
  siginfo_t child = {};
  int error = 0;
  do {
    error = waitid(P_PID, static_cast<id_t>(target_), &child, WEXITED | WNOWAIT | __WALL) == 0 ? 0 : errno;
  } while (error == EINTR);
  if (error != 0 || !is_end(child)) _exit(EXIT_FAILURE);
  shared_.target = -1;  // Before it is reaped.
  while (waitid(P_PID, static_cast<id_t>(target_), &child, WEXITED | __WALL) != 0 && errno == EINTR) {
  }
  shared_.exit_status = ending_of(child, false, false).status;
  _exit(EXIT_SUCCESS);  // Which tells the proxy.
}

void Supervisor::supervise() {
  shared_.supervised = true;
  const int descriptor = shared_.progress.listener;
  std::vector<int> keep = how_.keep;
  keep.insert(keep.end(), {descriptor, proxy_fd_.get(), lifeline_.get(), signals_.get(), watcher_.input()});
  keep_only(keep);
  (void)!chdir("/");  // So that no file system is kept busy.
  // If anything throws here, the target must not run on without a supervisor.
  try {
    listener_ = std::make_shared<Listener>(descriptor);
    listens_ = descriptor >= 0;
    watcher_.saw_process(target_);
    reap();
    report_what_is_due();
    while (phase_ != Phase::kOver) {
      wait_for_events();
      report_what_is_due();
    }
  } catch (const std::exception& exception) {
    set_failure(shared_, {"the supervisor failed: ", exception.what()});
    kill_all();
  }
}

/// Without a timer, calls are waited for in poll(2) alone.
void Supervisor::set_busy(bool busy) {
  if (busy && !busy_) busy = IntervalTimer::start(kTimerMicroseconds);
  if (!busy && busy_) IntervalTimer::stop();
  busy_ = busy;
  answered_ = 0;
}

/// The listener is closed last: callers that wait would get ENOSYS by that, and go on. So it stays open as long as a
/// process cannot be killed, which may have become another user's.
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
  const int due = watcher_.due_milliseconds();
  const bool ticks = how_.tick_milliseconds > 0 || due >= 0;
  const bool child_changed =
      IntervalTimer::child_changed();  // The descriptor does not show what the handler has taken.
  const int ready = poll(events, std::size(events),
                         busy_ || child_changed       ? 0
                         : how_.tick_milliseconds > 0 ? how_.tick_milliseconds
                                                      : due);
  // The target may have set a limit on this process, for example. Without poll(2) it cannot be supervised.
  if (ready < 0 && errno != EINTR) throw std::runtime_error(failed("poll(2)"));
  if (ticks) watcher_.tick();
  if (ready <= 0 && !child_changed) return;
  if ((events[0].revents & POLLIN) != 0) {
    if (answer() && !busy_ && answered_ >= kBusy) set_busy(true);
  } else if (events[0].revents != 0) {
    listens_ = false;  // No process is left under the filter.
    set_busy(false);
  }
  if (events[3].revents != 0) watcher_.take_input();  // Before processes are reaped that it may be about.
  if (child_changed || events[1].revents != 0) reap();
  if ((events[2].revents != 0 || events[4].revents != 0) && !shared_.proxy_left) kill_all();
}

/// False if no call was received.
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
  set_busy(false);  // The killed process has to be reaped soon.
  const pid_t process = belongs_to(notification.thread, target_) ? target_ : process_of(notification.thread);
  // 0 is no process, and for kill(2) one's own process group.
  const UniqueFd process_fd = process > 0 ? open_process(process) : UniqueFd();
  if (!listener_->is_valid(notification)) return;  // It is gone, and the process may have been another.

  const auto killed = std::make_shared<KillResult>();
  BoundedTask task;
  const bool in_time = task.run(
      [killed, kill, notification, program = program_, listener = listener_](const std::stop_token& abandoned) {
        *killed = kill_by_filter(kill, notification, *program, *listener, abandoned);
      },
      kVerdictTimeout);
  if (!in_time) {
    if (dumps_core(process)) return;  // It has been killed, and a SIGKILL would cut its core file short.
    if (kill == Kill::kThread && !listener_->is_valid(notification)) return;
    return kill_otherwise(process, process_fd.get(), notification);
  }
  switch (after_kill(kill, *killed)) {
    case AfterKill::kNothing:
      break;
    case AfterKill::kCountAsFilters:
      killed_for_filter_ = killed_for_filter_ || process == target_;
      break;
    case AfterKill::kKillProcess:
      kill_otherwise(process, process_fd.get(), notification);
      break;
  }
}

/// The call gets no answer: SIGKILL ends its wait, and a caller that cannot be killed waits. Only by the pidfd, which
/// is certain to be its process's.
void Supervisor::kill_otherwise(pid_t process, int process_fd, const Notification& notification) {
  if (process_fd >= 0 && send_signal(process_fd, SIGKILL)) {
    if (process == target_) killed_for_filter_ = true;
    return;
  }
  const int error = process_fd >= 0 ? errno : ESRCH;
  if (listener_->is_valid(notification)) watcher_.kill_failed(notification, error);
}

/// By its number if need be, as long as that is certain to be its own.
bool Supervisor::send_to_proxy(int signal) {
  if (send_signal(proxy_fd_.get(), signal)) return true;
  return !has_ended(proxy_fd_.get()) && kill(shared_.proxy, signal) == 0;
}

/// Repeats SIGCONT until the proxy continues: it may be just about to stop, as it may have checked before the target
/// was marked as continued.
void Supervisor::continue_proxy() {
  const timespec pause = {0, 1000000};
  constexpr int kRounds = 2000;  // A millisecond each.
  send_to_proxy(SIGCONT);
  for (int i = 0; i < kRounds && shared_.proxy_stops && !has_ended(proxy_fd_.get()); ++i) {
    nanosleep(&pause, nullptr);
    send_to_proxy(SIGCONT);
  }
}

/// The target has stopped, was continued or has ended.
void Supervisor::note_target(const siginfo_t& child) {
  if (child.si_code == CLD_TRAPPED) return;  // By the thread that traces it.
  if (child.si_code == CLD_STOPPED) {
    shared_.target_stopped = true;
    shared_.stop_signal = child.si_status;
    return notify_proxy();
  }
  if (child.si_code == CLD_CONTINUED) {
    shared_.target_stopped = false;
    return continue_proxy();  // Another process may have continued the target alone.
  }
  set_busy(false);
  advance(LifeEvent::kTargetEnded);
  if (shared_.target_stopped.exchange(false)) continue_proxy();
  shared_.target = -1;
  const bool executed = shared_.progress.listener >= 0 && !shared_.progress.exec_failed;
  ending_ = ending_of(child, executed, killed_for_filter_);
  if (has_children()) ending_.left = count_below(getpid(), kCountTimeout);
  watcher_.target_ended(ending_);
}

/// The summary comes before the proxy's status: what the proxy's caller prints comes after it then.
void Supervisor::report_what_is_due() {
  const ReportDue due = report_due(phase_, how_.wait_for_tree);
  if (due == ReportDue{}) return;
  set_busy(false);  // The watcher writes files, which the timer must not interrupt.
  const int tree_status = due.summary ? watcher_.tree_ended(ending_) : 0;
  if (due.status) {
    shared_.exit_status = how_.wait_for_tree ? tree_status : ending_.status;
    notify_proxy();
  }
  if (due.proxy_leaves) watcher_.proxy_leaves();
  advance(LifeEvent::kReported);
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
      advance(LifeEvent::kNoneLeft);
      return;
    }
    if (child.si_pid == 0) return;
    const bool of_target = child.si_pid == target_ && phase_ == Phase::kRunning;
    watcher_.saw_process(child.si_pid);
    if (of_target && is_end(child)) {
      set_busy(false);
      shared_.target = -1;  // Before it is reaped, so that the proxy signals no process that gets its number.
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

/// Grows the stack now: a limit that the target sets later could keep it from growing, and SIGSEGV would follow. The
/// lowest byte is enough, the pages between come as they are used, and cost nothing else: so this array is neither set
/// to zeros nor probed page by page, as others are (see the top CMakeLists.txt).
#if defined(__GNUC__) && !defined(__clang__)
[[gnu::optimize("no-stack-clash-protection")]]
#endif
void touch_stack() {
  constexpr size_t kEnough = 262144;
  rlimit limit = {};
  if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur < 8 * kEnough) return;
  char room[kEnough] __attribute__((uninitialized));
  *static_cast<volatile char*>(room) = 0;
}

}  // namespace

std::optional<std::string> missing_supervision() {
  if (filter_call() == FilterCall::kPrctl) return "a supervisor cannot be had: " + std::string(kSeccompDenied);
  // SECCOMP_USER_NOTIF_FLAG_CONTINUE is the newest feature that is needed, and cannot be probed.
  if (running_kernel() >= arch::KernelVersion{5, 5} && knows_flags(SECCOMP_FILTER_FLAG_NEW_LISTENER)) {
    if (const auto denied = denied_call()) return "a supervisor needs " + *denied + ", which an outer sandbox denies";
    return std::nullopt;
  }
  return "a supervisor needs notifications that can be answered with 'continue', which this kernel does not have; "
         "Linux "
         "5.5 brought them";
}

Result<Supervised, std::string> supervise(const compile::Filter& filter, const Target& target,
                                          const EnterOptions& options, const char* report_prefix, Watcher& watcher,
                                          const SuperviseOptions& how) {
  // The listener must not become descriptor 0: that is also what an outer sandbox returns that pretends success.
  fill_standard_descriptors();
  proc_directory();
  SharedState* shared = share();
  if (shared == nullptr) return failed("mmap(2)");
  shared->waits_for_tree = how.wait_for_tree;
  // Proxy and supervisor are not under the filter: a target of the same user must not be able to trace them.
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
