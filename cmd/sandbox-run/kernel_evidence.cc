#include "sandbox-run/kernel_evidence.h"

#include <linux/seccomp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "base/text.h"
#include "kernel/audit_log.h"
#include "kernel/enter.h"
#include "kernel/landlock.h"
#include "kernel/proc.h"

namespace sandbox::launcher {

using report::LandlockEvidence;

std::optional<std::string> KernelEvidence::why_none() {
  const auto enabled = kernel::audit_enabled();
  if (!enabled) {
    return "whether the kernel makes any cannot be found out here (in a container, or without CAP_AUDIT_CONTROL)";
  }
  if (!*enabled) return "the audit system is off ('auditctl -e 1' turns it on)";
  return std::nullopt;
}

KernelEvidence::KernelEvidence(size_t layers)
    : mark_(kernel::draw_landlock_mark()), evidence_(mark_, layers), lost_before_(kernel::lost_audit_records()) {}

void KernelEvidence::set_target(pid_t target) {
  evidence_.set_maker(target, kernel::read_proc_link(getpid(), "exe"));
}

void KernelEvidence::expect(pid_t process, const bpf::SystemCall& call, const kernel::LandlockDenial& denial,
                            std::optional<report::Event> event) {
  auto oldest = evidence_.expect(
      {process, call, denial.layer, denial.error, denial.reason, std::move(event), LandlockEvidence::Clock::now()});
  if (oldest) findings_.push_back(std::move(*oldest));
}

void KernelEvidence::take(uint32_t type, std::string_view text) {
  std::ranges::move(evidence_.take(type, text, Clock::now()), std::back_inserter(findings_));
}

std::vector<KernelEvidence::Denied> KernelEvidence::settle(uint64_t overruns) {
  std::ranges::move(evidence_.overdue(Clock::now()), std::back_inserter(findings_));
  for (LandlockEvidence::Finding& finding : std::exchange(findings_, {})) add(std::move(finding), overruns);
  return std::exchange(denied_, {});
}

void KernelEvidence::add(LandlockEvidence::Finding finding, uint64_t overruns) {
  if (finding.recorded) return add_recorded(std::move(finding));
  add_unrecorded(std::move(*finding.expected), overruns);
}

void KernelEvidence::add_recorded(LandlockEvidence::Finding finding) {
  LandlockEvidence::Recorded& recorded = *finding.recorded;
  Denied denied;
  denied.further = recorded.further;
  denied.denial.layer = recorded.layer;
  denied.denial.reason = std::move(recorded.reason);
  report::LandlockReason& reason = denied.denial.reason;
  std::optional<LandlockEvidence::Expected>& expected = finding.expected;
  if (recorded.event) denied.denial.error = static_cast<int>(recorded.event->action & SECCOMP_RET_DATA);
  // Our account has the path as it is here, and knows of more.
  const bool same = expected && expected->layer == recorded.layer && expected->reason.files == reason.files;
  if (same) reason = expected->reason;
  if (expected) denied.denial.error = expected->error;
  denied.event = expected ? std::move(expected->event) : std::move(recorded.event);
  if (!same && !reason.path.empty()) denied.path_is_known = is_at(reason.path, recorded.inode);
  denied_.push_back(std::move(denied));
}

void KernelEvidence::add_unrecorded(LandlockEvidence::Expected expected, uint64_t overruns) {
  std::string why;
  if (own_domains_) {
    why = "the program restricts itself by Landlock, too, and can keep the kernel from making them";
  } else if (!evidence_.proven()) {
    why = "none has come that is about this run";
  } else if (lost_any(overruns)) {
    why = "some were lost";
  }
  if (why.empty()) {
    if (unrecorded_++ == 0) first_unrecorded_ = report::reason_text(expected.reason);
    return;
  }
  if (unconfirmed_++ == 0) why_unconfirmed_ = std::move(why);
  denied_.push_back({{expected.layer, expected.error, std::move(expected.reason)}, std::move(expected.event)});
}

/// Which ones were lost is not known: from the first on none is relied on not to have been made.
bool KernelEvidence::lost_any(uint64_t overruns) {
  if (lost_) return true;
  const auto lost = kernel::lost_audit_records();
  lost_ = overruns > 0 || !lost || lost != lost_before_;
  return lost_;
}

/// Whether this process finds that file there. The file system may never answer.
bool KernelEvidence::is_at(const std::string& path, uint64_t inode) {
  constexpr unsigned kMaxTimeouts = 20;  // Each holds up the program.
  if (task_.abandoned() >= kMaxTimeouts) return false;
  const auto found = std::make_shared<uint64_t>(0);
  const bool in_time = task_.run([path, found](const std::stop_token&) {
    struct stat status = {};
    if (stat(path.c_str(), &status) == 0) *found = status.st_ino;
  });
  return in_time && inode != 0 && *found == inode;
}

int KernelEvidence::due_milliseconds() const {
  if (!findings_.empty()) return 0;
  const auto due = evidence_.due();
  if (!due) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due - Clock::now());
  return static_cast<int>(std::max<int64_t>(left.count(), 0));
}

std::string KernelEvidence::text() {
  std::string text;
  if (const uint64_t count = std::exchange(unconfirmed_, 0); count > 0) {
    text += "of " + plural(count, "call") + " of these the kernel has no record: " + why_unconfirmed_ + "\n";
  }
  if (const uint64_t count = std::exchange(unrecorded_, 0); count > 0) {
    text += plural(count, "call") + " that the rules should deny left no record of the kernel, and " +
            (count == 1 ? "is" : "are") +
            " not listed: allowed all the same, or failed before; the first: " + first_unrecorded_ + "\n";
  }
  return text;
}

}  // namespace sandbox::launcher
