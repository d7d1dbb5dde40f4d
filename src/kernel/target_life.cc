#include "kernel/target_life.h"

namespace sandbox::kernel {

Phase advance(Phase phase, LifeEvent event) {
  switch (event) {
    case LifeEvent::kTargetEnded:
      return phase == Phase::kRunning ? Phase::kOrphansRunning : phase;
    case LifeEvent::kNoneLeft:
      if (phase == Phase::kRunning) return Phase::kOver;
      if (phase == Phase::kOrphansRunning) return Phase::kAllEnded;
      if (phase == Phase::kProxyReleased) return Phase::kOrphansEnded;
      return phase;
    case LifeEvent::kReported:
      if (phase == Phase::kOrphansRunning) return Phase::kProxyReleased;
      if (phase == Phase::kOrphansEnded || phase == Phase::kAllEnded) return Phase::kOver;
      return phase;
  }
  return phase;
}

ReportDue report_due(Phase phase, bool wait_for_tree) {
  switch (phase) {
    case Phase::kOrphansRunning:
      return wait_for_tree ? ReportDue{} : ReportDue{.status = true, .proxy_leaves = true};
    case Phase::kOrphansEnded:
      return {.summary = true};
    case Phase::kAllEnded:
      return {.summary = true, .status = true};
    case Phase::kRunning:
    case Phase::kProxyReleased:
    case Phase::kOver:
      return {};
  }
  return {};
}

bool is_end(const siginfo_t& child) {
  return child.si_code == CLD_EXITED || child.si_code == CLD_KILLED || child.si_code == CLD_DUMPED;
}

Ending ending_of(const siginfo_t& child, bool executed, bool killed_for_filter) {
  constexpr int kSignalBase = 128;
  Ending ending;
  ending.executed = executed;
  if (child.si_code == CLD_EXITED) {
    ending.status = child.si_status;
    return ending;
  }
  ending.signal = killed_for_filter && child.si_status == SIGKILL ? SIGSYS : child.si_status;
  ending.status = kSignalBase + ending.signal;
  return ending;
}

}  // namespace sandbox::kernel
