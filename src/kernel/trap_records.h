// What the kernel says of supervised processes whose calls do not reach the supervisor: actions trap, trace and log.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "bpf/program.h"
#include "kernel/audit_log.h"
#include "report/event.h"

namespace sandbox::kernel {

/// Whether a program has an answer of this action, SECCOMP_RET_*.
bool answers_with(const bpf::Program& program, uint32_t action);

/// Takes trap, trace and log records of processes below this one out of all that the kernel publishes. For trap and
/// trace the filter must have been installed with SECCOMP_FILTER_FLAG_LOG: without it these leave no record.
class TrapRecords {
 public:
  /// `could_be_ours` is asked about the record of a process that is gone already, and of which nobody can tell any more
  /// whose it was: whether our filter gives such a call this answer.
  TrapRecords(AuditLog log, std::function<bool(const report::Event&)> could_be_ours)
      : log_(std::move(log)), could_be_ours_(std::move(could_be_ours)) {}

  [[nodiscard]] int fd() const { return log_.fd(); }

  /// The next event; none if there is none now.
  std::optional<report::Event> next();

  /// Waits for the next event, for one may be on its way: the kernel publishes records out of a thread of its own. None
  /// if none comes in time.
  std::optional<report::Event> wait(int milliseconds);

 private:
  AuditLog log_;
  std::function<bool(const report::Event&)> could_be_ours_;
};

}  // namespace sandbox::kernel
