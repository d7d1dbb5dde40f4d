#include "kernel/trap_records.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "kernel/process_tree.h"
#include "report/audit_record.h"

namespace sandbox::kernel {
namespace {

/// Whether the kernel answers it by itself also under a supervisor.
bool stays_with_kernel(uint32_t action) {
  const uint32_t kind = action & SECCOMP_RET_ACTION_FULL;
  return kind == SECCOMP_RET_TRAP || kind == SECCOMP_RET_TRACE || kind == SECCOMP_RET_LOG;
}

}  // namespace

bool answers_with(const bpf::Program& program, uint32_t action) {
  return std::ranges::any_of(program, [&](const bpf::Instruction& instruction) {
    return instruction.code == (BPF_RET | BPF_K) && (instruction.k & SECCOMP_RET_ACTION_FULL) == action;
  });
}

void RecentPids::add(pid_t pid) {
  if (pid <= 0 || !places_.insert(pid).second) return;
  if (ring_.size() < kMaxCount) {
    ring_.push_back(pid);
    return;
  }
  places_.erase(ring_[oldest_]);
  ring_[oldest_] = pid;
  oldest_ = (oldest_ + 1) % kMaxCount;
}

/// Whether it is below this process.
std::optional<bool> TrapRecords::look(pid_t pid) {
  constexpr std::chrono::milliseconds kMoment(50);  // In which numbers are hardly used again.
  const auto now = Clock::now();
  Other& other = others_[static_cast<uint32_t>(pid) % others_.size()];
  if (other.pid == pid && now < other.until) return false;
  const auto below = is_below(pid, getpid());
  if (below == false) other = {pid, now + kMoment};
  return below;
}

std::optional<TrapRecords::Record> TrapRecords::next(Clock::time_point end) {
  while (Clock::now() < end) {
    const auto text = log_.next();
    if (!text) return std::nullopt;
    if (log_.type() != AUDIT_SECCOMP) {
      if (other_) other_(log_.type(), *text);
      continue;
    }
    auto event = report::read_audit_record(*text);
    if (!event || !stays_with_kernel(event->action)) continue;
    const pid_t pid = event->process.pid;
    if (const auto below = look(pid)) {
      if (!*below) continue;
      below_.add(pid);
      return Record{std::move(*event), false};
    }
    if (!could_be_ours_(*event)) continue;
    if (below_.contains(pid)) return Record{std::move(*event), true};
    ++unknown_;
  }
  return std::nullopt;
}

std::optional<TrapRecords::Record> TrapRecords::wait(std::chrono::milliseconds timeout) {
  const auto end = Clock::now() + timeout;
  for (auto left = timeout; left.count() > 0; left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now())) {
    if (auto record = next(end)) return record;
    pollfd input = {log_.fd(), POLLIN, 0};
    if (poll(&input, 1, static_cast<int>(left.count())) < 0 && errno != EINTR) break;
  }
  return std::nullopt;
}

}  // namespace sandbox::kernel
