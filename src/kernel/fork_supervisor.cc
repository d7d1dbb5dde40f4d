#include "kernel/fork_supervisor.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "kernel/descriptors.h"
#include "kernel/process_tree.h"

namespace sandbox::kernel {
namespace {

std::string failed(const char* what) {
  return std::string(what) + " failed: " + strerrordesc_np(errno);
}

/// Checks that it has become one: an outer sandbox may pretend that a call succeeded.
bool become_subreaper() {
  int set = 0;
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return false;
  errno = EPERM;
  return prctl(PR_GET_CHILD_SUBREAPER, &set, 0, 0, 0) == 0 && set == 1;
}

struct Lifeline {
  UniqueFd above;
  UniqueFd below;
};

/// The kernel sends a signal for the reader's end when the last writer is gone. No process
/// has to make a system call for it, and it continues a stopped process.
Result<Lifeline, std::string> make_lifeline() {
  std::array<int, 2> ends = {-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return failed("pipe2(2)");
  Lifeline line = {UniqueFd(ends[0]), UniqueFd(ends[1])};
  if (fcntl(ends[0], F_SETOWN, getpid()) != 0 || fcntl(ends[0], F_SETSIG, SIGCONT) != 0 ||
      fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK) != 0) {
    return failed("fcntl(2)");
  }
  return line;
}

/// Children of a process that has called unshare(2) or setns(2) can begin another PID namespace. Then each
/// would see the other's pids as those of unrelated processes.
bool is_parent(pid_t parent, SharedState& shared) {
  if (getppid() == parent) return true;
  set_failure(shared, {"the target would be in another PID namespace than this process, and their numbers would differ "
                       "(unshare(1) needs --fork)"});
  return false;
}

/// As fork(2); each learns of the other's end.
Result<SupervisorFork, std::string> fork_below(SharedState& shared) {
  auto line = make_lifeline();
  if (!line) return line.error();
  SupervisorFork forked;
  const pid_t parent = getpid();
  forked.child = fork();
  if (forked.child < 0) return failed("fork(2)");
  if (forked.child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGCONT, 0, 0, 0);  // It may have been stopped.
    if (!is_parent(parent, shared)) _exit(EXIT_FAILURE);
  }
  forked.lifeline = std::move(forked.child == 0 ? line->below : line->above);
  return forked;
}

/// The whole life of an intermediate process.
[[noreturn]] void run_intermediate(SharedState& shared, pid_t supervisor, const std::array<int, 3>& descriptors) {
  const int proxy_fd = descriptors[0];
  keep_only(descriptors);
  sigset_t all;
  sigfillset(&all);
  for (;;) {
    siginfo_t ended = {};
    if (waitid(P_PID, static_cast<id_t>(supervisor), &ended, WEXITED | WNOHANG) != 0 && errno != EINTR) break;
    if (ended.si_pid == supervisor) {
      if (ended.si_code != CLD_EXITED) shared.supervisor_signal = ended.si_status;
      break;
    }
    if (has_ended(proxy_fd) && !shared.proxy_left) break;
    if (sigwaitinfo(&all, nullptr) < 0 && errno != EINTR) break;
  }
  const bool all_killed = kill_descendants(kKillTimeout);
  _exit(all_killed ? EXIT_SUCCESS : EXIT_FAILURE);
}

}  // namespace

Result<SupervisorFork, std::string> fork_supervisor(SharedState& shared, int proxy_fd) {
  siginfo_t any = {};
  const bool childless = waitid(P_ALL, 0, &any, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0;
  if (childless && errno != ECHILD) return failed("waitid(2)");
  if (childless && !become_subreaper()) return failed("prctl(PR_SET_CHILD_SUBREAPER)");
  auto forked = fork_below(shared);
  if (!forked) return forked;
  forked->proxy_is_subreaper = childless;
  if (childless || forked->child > 0) return forked;

  // ---- In the intermediate process. ----
  if (!become_subreaper()) {
    set_failure(shared, {failed("prctl(PR_SET_CHILD_SUBREAPER)")});
    _exit(EXIT_FAILURE);
  }
  auto below = fork_below(shared);
  if (!below) {
    set_failure(shared, {below.error()});
    _exit(EXIT_FAILURE);
  }
  if (below->child > 0)
    run_intermediate(shared, below->child, {proxy_fd, forked->lifeline.get(), below->lifeline.get()});
  return below;
}

}  // namespace sandbox::kernel
