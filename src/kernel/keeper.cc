#include "kernel/keeper.h"

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

/// Sees that it is one: an outer sandbox may only have said so.
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

/// The kernel sends a signal for the reader's end when the last writer is gone. It is no system call of anybody's, and
/// a process that is stopped goes on by it.
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

/// Children of a process that has called unshare(2) or setns(2) can begin another PID namespace. Each would take the
/// other's numbers for those of bystanders.
bool is_parent(pid_t parent, SharedState& shared) {
  if (getppid() == parent) return true;
  tell(shared, {"the target would be in another PID namespace than this process, and their numbers would differ "
                "(unshare(1) needs --fork)"});
  return false;
}

/// As fork(2); both know of each other's end.
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

/// The whole life of a process between.
[[noreturn]] void keep(SharedState& shared, pid_t supervisor, const std::array<int, 3>& descriptors) {
  const int front_fd = descriptors[0];
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
    if (has_ended(front_fd) && !shared.front_left) break;
    if (sigwaitinfo(&all, nullptr) < 0 && errno != EINTR) break;
  }
  const bool all_killed = kill_descendants(kKillPatience);
  _exit(all_killed ? EXIT_SUCCESS : EXIT_FAILURE);
}

}  // namespace

Result<SupervisorFork, std::string> fork_supervisor(SharedState& shared, int front_fd) {
  siginfo_t any = {};
  const bool keeps = waitid(P_ALL, 0, &any, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0;
  if (keeps && errno != ECHILD) return failed("waitid(2)");
  if (keeps && !become_subreaper()) return failed("prctl(PR_SET_CHILD_SUBREAPER)");
  auto forked = fork_below(shared);
  if (!forked) return forked;
  forked->keeps = keeps;
  if (keeps || forked->child > 0) return forked;

  // ---- In the process between. ----
  if (!become_subreaper()) {
    tell(shared, {failed("prctl(PR_SET_CHILD_SUBREAPER)")});
    _exit(EXIT_FAILURE);
  }
  auto below = fork_below(shared);
  if (!below) {
    tell(shared, {below.error()});
    _exit(EXIT_FAILURE);
  }
  if (below->child > 0) keep(shared, below->child, {front_fd, forked->lifeline.get(), below->lifeline.get()});
  return below;
}

}  // namespace sandbox::kernel
