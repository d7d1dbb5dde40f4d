// What the kernel says of supervised processes whose calls do not reach the supervisor: actions trap, trace and log.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "bpf/program.h"
#include "kernel/audit_log.h"
#include "report/event.h"

namespace sandbox::kernel {

/// Whether a program has an answer of this action, SECCOMP_RET_*.
bool answers_with(const bpf::Program& program, uint32_t action);

/// Numbers of processes, of which the latest are kept.
class RecentPids {
 public:
  static constexpr size_t kMaxCount = 4096;

  void add(pid_t pid);
  [[nodiscard]] bool contains(pid_t pid) const { return places_.contains(pid); }

 private:
  std::vector<pid_t> ring_;
  size_t oldest_ = 0;
  std::unordered_set<pid_t> places_;
};

/// Takes trap, trace and log records of processes below this one out of all that the kernel publishes. For trap and
/// trace the filter must have been installed with SECCOMP_FILTER_FLAG_LOG: without it these leave no record.
class TrapRecords {
 public:
  using Clock = std::chrono::steady_clock;

  /// What other processes may cost at a time: callers wait meanwhile.
  static constexpr std::chrono::milliseconds kTurn{2};

  struct Record {
    report::Event event;
    bool gone = false;  ///< Its process is. One that had its number was seen below this one before.
  };

  /// `could_be_ours` is asked about the record of a process that is gone already: whether our filter gives such a call
  /// this answer.
  /// `other` gets the records that are not seccomp's, if the log has any, with their type.
  TrapRecords(AuditLog log, std::function<bool(const report::Event&)> could_be_ours,
              std::function<void(uint32_t, std::string_view)> other = {})
      : log_(std::move(log)), could_be_ours_(std::move(could_be_ours)), other_(std::move(other)) {}

  [[nodiscard]] int fd() const { return log_.fd(); }

  /// A process that is below this one.
  void note_below(pid_t pid) { below_.add(pid); }

  /// The next record of ours; none if there is none now, or not until `end`: there may be any number of others'.
  std::optional<Record> next(Clock::time_point end);

  /// Waits for the next record, for one may be pending: the kernel publishes records from a thread of its own.
  /// None if none comes in time.
  std::optional<Record> wait(std::chrono::milliseconds timeout);

  /// Records that were left out, since their process was gone and had not been seen, though our filter gives such
  /// calls this answer.
  [[nodiscard]] uint64_t unknown() const { return unknown_; }

  /// How often records were lost because they were not taken in time.
  [[nodiscard]] uint64_t overruns() const { return log_.overruns(); }

 private:
  AuditLog log_;
  std::function<bool(const report::Event&)> could_be_ours_;
  std::function<void(uint32_t, std::string_view)> other_;
  [[nodiscard]] std::optional<bool> look(pid_t pid);

  /// Processes of others, for a moment: one that makes records without end is not looked for in /proc for each.
  struct Other {
    pid_t pid = 0;
    Clock::time_point until;
  };

  std::array<Other, 64> others_ = {};
  RecentPids below_;
  uint64_t unknown_ = 0;
};

}  // namespace sandbox::kernel
