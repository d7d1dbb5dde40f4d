// Who is killed must be below this process for certain: numbers are used again, and a look at /proc is not one
// moment's. A child has its number until this process reaps it, so children are killed by number. What is below a child
// becomes a child when its parent dies, since this process is a subreaper: rounds over the children alone reach
// everything. But for a long chain that takes long, and for those whose parent cannot be killed for ever. So from time
// to time deeper processes are killed too, parents first, by a pidfd: see Tree.
#include "kernel/process_tree.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <ctime>
#include <span>
#include <string_view>

#include "base/file.h"
#include "kernel/descriptors.h"
#include "kernel/proc.h"

namespace sandbox::kernel {
namespace {

using Clock = std::chrono::steady_clock;

/// Of this process.
std::chrono::nanoseconds cpu_time() {
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

/// What /proc/PID/stat says of a process.
struct Stat {
  char state;
  pid_t parent;
};

/// From "PID (NAME) STATE PPID ...", where the name may hold anything.
std::optional<Stat> stat_of(pid_t pid) {
  constexpr std::string_view kFile = "/stat";
  std::array<char, 32> path = {};
  char* end = std::to_chars(path.data(), path.data() + path.size() - kFile.size() - 1, pid).ptr;
  std::copy(kFile.begin(), kFile.end(), end);
  const UniqueFd fd = open_proc_file(path.data());
  std::array<char, 256> buffer = {};
  const ssize_t got = fd.valid() ? read(fd.get(), buffer.data(), buffer.size()) : -1;
  if (got <= 0) return std::nullopt;
  std::string_view text(buffer.data(), static_cast<size_t>(got));
  const size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos || text.size() < name_end + 4) return std::nullopt;
  const char state = text[name_end + 2];
  text.remove_prefix(name_end + 4);
  const auto parent = number_of(text.substr(0, text.find(' ')));
  if (!parent) return std::nullopt;
  return Stat{state, *parent};
}

std::optional<pid_t> parent_of(pid_t pid) {
  const auto stat = stat_of(pid);
  if (!stat) return std::nullopt;
  return stat->parent;
}

/// Read twice: where a process has the same parent both times it had it in between, when that one's parent was read.
bool is_certainly_below(pid_t pid, pid_t root) {
  std::array<pid_t, 64> chain = {};
  size_t size = 0;
  for (pid_t at = pid; at != root;) {
    const auto parent = parent_of(at);
    if (!parent || *parent <= 0 || size == chain.size()) return false;
    chain[size++] = at;
    at = *parent;
  }
  for (size_t i = 0; i < size; ++i) {
    if (parent_of(chain[i]) != (i + 1 < size ? chain[i + 1] : root)) return false;
  }
  return size > 0;
}

/// Nothing happens if it is not below `root`.
void signal_if_below(pid_t pid, pid_t root, int signal) {
  const UniqueFd fd = open_process(pid);
  if (fd.valid() && is_certainly_below(pid, root)) send_signal(fd.get(), signal);
}

/// The processes that /proc shows, through the descriptor that is held. False if it cannot be read.
template <typename Use>
bool for_each_process(Use use) {
  const int proc = proc_directory();
  return proc >= 0 && lseek(proc, 0, SEEK_SET) >= 0 && for_each_number(proc, use);
}

/// One that has ended and was not reaped is one too.
bool is_child(pid_t pid) {
  siginfo_t info = {};
  return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

/// What came of one look at all processes.
struct Round {
  bool found = false;   ///< Children.
  bool reaped = false;  ///< Some of them.

  void kill_if_child(pid_t pid) {
    if (!is_child(pid)) return;
    found = true;
    kill(pid, SIGKILL);
    if (waitpid(pid, nullptr, WNOHANG | __WALL) == pid) reaped = true;
  }
};

Round kill_listed() {
  Round round;
  for_each_process([&](pid_t pid) { round.kill_if_child(pid); });
  return round;
}

/// All processes and their parents. In static memory, of which pages that are not used cost nothing.
class Tree {
 public:
  /// Kills what is below this process, from the top: who has been killed neither forks nor reaps. So when a process
  /// has, behind its pidfd, a parent that was killed here, and that one still has its own, then neither number is
  /// another's.
  static void kill_all() {
    size_ = 0;
    for_each_process([](pid_t pid) {
      if (size_ == entries_.size()) return;  // A process that finds no place is found as a child later.
      if (const auto parent = parent_of(pid)) entries_[size_++] = {pid, *parent, false};
    });
    std::sort(entries_.begin(), entries_.begin() + size_, [](const Entry& a, const Entry& b) { return a.pid < b.pid; });
    for (bool more = true; more;) {  // Once, where parents have the smaller numbers.
      more = false;
      for (Entry& entry : std::span(entries_).first(size_)) more = kill_one(entry) || more;
    }
  }

 private:
  struct Entry {
    pid_t pid;
    pid_t parent;
    bool killed;
  };

  static Entry* find(pid_t pid) {
    const auto end = entries_.begin() + size_;
    const auto at = std::lower_bound(entries_.begin(), end, pid, [](const Entry& e, pid_t p) { return e.pid < p; });
    return at != end && at->pid == pid ? at : nullptr;
  }

  static bool kill_one(Entry& entry) {
    const pid_t self = getpid();
    if (entry.killed || entry.pid == self) return false;
    const Entry* const parent = entry.parent == self ? nullptr : find(entry.parent);
    if (entry.parent != self && (parent == nullptr || !parent->killed)) return false;
    entry.killed = true;
    const UniqueFd fd = open_process(entry.pid);
    if (!fd.valid()) return true;  // It has ended, or is found as a child later.
    const auto above = parent_of(entry.pid);
    bool below = above == self;
    if (!below && parent != nullptr && above == parent->pid) {
      const auto next = parent_of(parent->pid);
      below = next == self || next == parent->parent;
    }
    if (below) send_signal(fd.get(), SIGKILL);
    entry.killed = below;
    return below;
  }

  static inline std::array<Entry, 65536> entries_;
  static inline size_t size_ = 0;
};

/// By trying numbers: first those that follow this process's own, which newer processes get, and where that finds none,
/// or `all` is set, the rest. All take half a second, and ten on a busy machine.
Round kill_unlisted(bool all) {
  constexpr pid_t kLargestPid = 4194304;  // PID_MAX_LIMIT.
  constexpr pid_t kNear = 65536;
  const pid_t self = getpid();
  const pid_t near_end = std::min(self + kNear, kLargestPid);
  Round round;
  for (pid_t pid = self + 1; pid <= near_end; ++pid) round.kill_if_child(pid);
  if (round.found && !all) return round;
  for (pid_t pid = 1; pid < self; ++pid) round.kill_if_child(pid);
  for (pid_t pid = near_end + 1; pid <= kLargestPid; ++pid) round.kill_if_child(pid);
  return round;
}

}  // namespace

std::optional<bool> is_below(pid_t pid, pid_t root) {
  auto parent = parent_of(pid);
  if (!parent) return std::nullopt;
  constexpr int kDeepest = 100000;  // The parents are not one moment's: there could be a loop.
  for (int i = 0; parent && *parent > 0 && i < kDeepest; ++i) {
    if (*parent == root) return true;
    parent = parent_of(*parent);
  }
  return false;
}

std::optional<size_t> count_below(pid_t root, std::chrono::milliseconds timeout) {
  const auto end = cpu_time() + timeout;
  size_t count = 0;
  bool in_time = true;
  for_each_process([&](pid_t pid) {
    in_time = in_time && cpu_time() < end;
    if (!in_time) return;
    const auto stat = stat_of(pid);
    if (stat && stat->state != 'Z' && is_below(pid, root) == true) ++count;
  });
  if (!in_time) return std::nullopt;
  return count;
}

bool has_children() {
  siginfo_t any = {};
  return waitid(P_ALL, 0, &any, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 || errno != ECHILD;
}

void signal_below(pid_t root, int signal, bool (*wanted)(pid_t)) {
  for_each_process([&](pid_t pid) {
    if (pid != root && wanted(pid)) signal_if_below(pid, root, signal);
  });
}

bool kill_descendants(std::chrono::seconds timeout) {
  constexpr unsigned kHidden = 3;   // Mounted with hidepid, /proc does not show other users' and undumpable processes.
  constexpr unsigned kDeeper = 16;  // Rounds.
  constexpr unsigned kAll = 8;      // Rounds without one that has reaped: a near process may be unable to die.
  // Without one that has reaped, whatever the timeout: where all numbers are tried, a single round can take longer on a
  // busy machine, and it misses those whose parent has been killed and not yet ended.
  constexpr unsigned kRounds = 3;
  constexpr long kMillisecond = 1000000;
  Clock::time_point last = Clock::now();
  unsigned unseen = 0;
  unsigned quiet = 0;
  for (unsigned rounds = 0; has_children(); ++rounds) {
    if (rounds % kDeeper == 0) Tree::kill_all();
    Round round = kill_listed();
    unseen = round.found ? 0 : unseen + 1;
    if (unseen >= kHidden || proc_directory() < 0) round = kill_unlisted(quiet % kAll == kAll - 1);
    if (round.reaped) {
      last = Clock::now();
      quiet = 0;
      continue;
    }
    if (Clock::now() - last > timeout && quiet >= kRounds) return false;
    const timespec pause = {0, quiet < 1000 ? kMillisecond : 100 * kMillisecond};
    nanosleep(&pause, nullptr);
    ++quiet;
  }
  return true;
}

}  // namespace sandbox::kernel
