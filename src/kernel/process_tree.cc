#include "kernel/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "kernel/proc.h"

namespace sandbox::kernel {
namespace {

struct Entry {
  pid_t parent = 0;
  bool dead = false;  ///< A zombie.
};

std::optional<pid_t> number(std::string_view text) {
  pid_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// From /proc/PID/stat: "PID (NAME) STATE PPID ...", where the name may hold anything.
std::optional<Entry> read_entry(const std::string& pid) {
  const UniqueFd fd = open_proc(pid + "/stat");
  std::array<char, 256> buffer = {};
  const ssize_t got = fd.valid() ? read(fd.get(), buffer.data(), buffer.size()) : -1;
  if (got <= 0) return std::nullopt;
  std::string_view text(buffer.data(), static_cast<size_t>(got));
  const size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos || text.size() < name_end + 4) return std::nullopt;
  const char state = text[name_end + 2];
  text.remove_prefix(name_end + 4);
  const auto parent = number(text.substr(0, text.find(' ')));
  if (!parent) return std::nullopt;
  return Entry{*parent, state == 'Z' || state == 'X'};
}

/// None if /proc does not show this process and those below it: it can be that of another namespace, or there may be no
/// descriptor to read it with.
std::optional<std::map<pid_t, Entry>> all_processes() {
  UniqueFd folder = open_proc(".", O_RDONLY | O_DIRECTORY);
  if (!folder.valid()) return std::nullopt;
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(fdopendir(folder.get()), closedir);
  if (!proc) return std::nullopt;
  folder.release();
  std::map<pid_t, Entry> processes;
  while (const dirent* entry = readdir(proc.get())) {
    const auto pid = number(entry->d_name);
    if (!pid) continue;
    if (const auto read = read_entry(entry->d_name)) processes[*pid] = *read;
  }
  if (!processes.contains(getpid())) return std::nullopt;
  return processes;
}

/// What is below this process: the living, and children that have ended and wait to be reaped.
std::vector<pid_t> descendants(const std::map<pid_t, Entry>& processes, const std::set<pid_t>& spared) {
  const pid_t self = getpid();
  std::vector<pid_t> found;
  for (const auto& [pid, entry] : processes) {
    if (entry.dead && entry.parent != self) continue;
    pid_t ancestor = pid;
    size_t steps = 0;  // The table is not one moment's: there could be a loop in it.
    while (ancestor != self && spared.count(ancestor) == 0 && steps++ < processes.size()) {
      const auto next = processes.find(ancestor);
      if (next == processes.end()) break;
      ancestor = next->second.parent;
    }
    if (ancestor == self && pid != self) found.push_back(pid);
  }
  return found;
}

/// A child that has not been reaped.
bool is_child(pid_t pid) {
  siginfo_t info = {};
  return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

bool has_children() {
  siginfo_t any = {};
  return waitid(P_ALL, 0, &any, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 || errno != ECHILD;
}

/// Children alone, by trying all numbers, each killed at once if asked for. What is below a child becomes one when it
/// dies.
std::vector<pid_t> children_by_number(const std::set<pid_t>& spared, bool also_kill) {
  constexpr pid_t kLargestPid = 4194304;  // PID_MAX_LIMIT; to try them all takes half a second.
  std::vector<pid_t> found;
  if (!has_children()) return found;
  for (pid_t pid = 1; pid <= kLargestPid; ++pid) {
    if (!is_child(pid) || spared.contains(pid)) continue;
    found.push_back(pid);
    if (also_kill) kill(pid, SIGKILL);
  }
  return found;
}

}  // namespace

std::set<pid_t> children() {
  std::set<pid_t> pids;
  if (!has_children()) return pids;  // As mostly; /proc may be long.
  if (const auto processes = all_processes()) {
    for (const auto& [pid, entry] : *processes) {
      if (entry.parent == getpid()) pids.insert(pid);
    }
  } else {
    for (const pid_t pid : children_by_number({}, false)) pids.insert(pid);
  }
  return pids;
}

std::optional<bool> is_descendant(pid_t pid) {
  auto entry = read_entry(std::to_string(pid));
  if (!entry) return std::nullopt;
  constexpr int kDeepest = 100000;  // The parents are not one moment's: there could be a loop.
  for (int i = 0; entry && entry->parent > 0 && i < kDeepest; ++i) {
    if (entry->parent == getpid()) return true;
    entry = read_entry(std::to_string(entry->parent));
  }
  return false;
}

std::vector<pid_t> descendants() {
  const auto processes = all_processes();
  return processes ? descendants(*processes, {}) : std::vector<pid_t>();
}

void kill_descendants(const std::set<pid_t>& spared) {
  using Clock = std::chrono::steady_clock;
  constexpr int kHidden = 3;
  constexpr int kQuiet = 5;
  constexpr std::chrono::seconds kPatience(10);  // With those that do not die.
  Clock::time_point end = Clock::now() + kPatience;
  int quiet = 0;  // So often nothing was found.
  std::set<pid_t> found;
  while (Clock::now() < end) {
    // Mounted with hidepid, /proc does not show processes that are another user's, or not dumpable.
    const auto processes = quiet < kHidden ? all_processes() : std::nullopt;
    const std::vector<pid_t> pids = processes ? descendants(*processes, spared) : children_by_number(spared, true);
    const size_t before = found.size();
    found.insert(pids.begin(), pids.end());
    if (found.size() > before) end = Clock::now() + kPatience;
    // A table is not one moment's, and may lack who has just lost a parent. Who has no children has nothing below.
    quiet = pids.empty() ? quiet + 1 : 0;
    if (!has_children() || (!spared.empty() && quiet == kQuiet)) return;
    // Those that fork meanwhile are found in the next round: a killed process forks no more.
    for (const pid_t pid : pids) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, WNOHANG | __WALL);
    }
    const timespec pause = {0, 1000000};
    nanosleep(&pause, nullptr);
  }
}

}  // namespace sandbox::kernel
