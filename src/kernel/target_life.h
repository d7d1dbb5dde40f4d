// The life of a supervised target, as the supervisor follows it: from its start to the last process that it has left
// running, and what the signal proxy and the watcher are told on the way. Nothing here asks the kernel.
//
//     kRunning --> kOrphansRunning --> kProxyReleased --> kOrphansEnded
//        |                |                                     |
//        |                +------------> kAllEnded ---------> kOver
//        +------------------------------------------------------^
#pragma once

#include <csignal>
#include <cstdint>

#include "kernel/watcher.h"

namespace sandbox::kernel {

enum class Phase : uint8_t {
  kRunning,         ///< The target has not ended.
  kOrphansRunning,  ///< The target has ended; processes that it left running have not. The proxy has no status yet.
  kProxyReleased,   ///< As before, and the proxy has the target's status, and ends.
  kOrphansEnded,    ///< All have ended after the proxy was released; the watcher does not know yet.
  kAllEnded,        ///< All have ended; neither the proxy nor the watcher knows yet.
  kOver,            ///< All have ended, and nothing is left to report.
};

enum class LifeEvent : uint8_t {
  kTargetEnded,
  kNoneLeft,  ///< No child is left. Without kTargetEnded before, the target's status was lost: nothing is reported.
  kReported,  ///< What report_due() names has been done.
};

/// The phase after an event. An event that has no meaning in a phase changes nothing.
Phase advance(Phase phase, LifeEvent event);

/// What is due in a phase, in the order: the watcher's summary, the proxy's status, and that it leaves orphans behind.
struct ReportDue {
  bool summary = false;       ///< Watcher::tree_ended.
  bool status = false;        ///< For the proxy, which then ends.
  bool proxy_leaves = false;  ///< Watcher::proxy_leaves.
  bool operator==(const ReportDue&) const = default;
};

/// `wait_for_tree` as in SuperviseOptions: the proxy ends after all others.
ReportDue report_due(Phase phase, bool wait_for_tree);

/// Whether waitid(2) reports the end of a process, and not that it stopped, continued or is traced.
bool is_end(const siginfo_t& child);

/// The end of the target, out of waitid(2), with the status that a shell would give. `killed_for_filter`: it got a
/// SIGKILL in place of the filter's own kill, and is reported as killed by the filter.
Ending ending_of(const siginfo_t& child, bool executed, bool killed_for_filter);

}  // namespace sandbox::kernel
