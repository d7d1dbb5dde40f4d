// --report: what is said of calls that the filter does not allow.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/line_sink.h"
#include "base/log.h"
#include "kernel/bounded_task.h"
#include "kernel/enter.h"
#include "kernel/trap_records.h"
#include "kernel/watcher.h"
#include "report/applied_policies.h"
#include "report/tally.h"
#include "sandbox-run/kernel_evidence.h"
#include "sandbox-run/landlock_report.h"
#include "sandbox-run/load.h"
#include "sandbox-run/options.h"

namespace sandbox::launcher {

/// Judges the calls that a supervised program is stopped at, says what they were, and at the end what would allow them.
class Reporter : public kernel::Watcher {
 public:
  /// `file`: where JSON goes; none: lines go to standard error. All but `file` is borrowed. Precondition: there is a
  /// filter. The text of a ready-made profile is read when the first call is to be judged: many programs make none.
  Reporter(const Loaded& loaded, const Options& options, const Log& log, std::optional<LineSink> file);

  /// Reports what the kernel says of calls that trap, too, and of what Landlock denies, as far as the log has that.
  void listen(kernel::AuditLog log);
  /// Takes the kernel's records for the evidence of what Landlock denies. Returns the mark of its domains, which is
  /// borrowed.
  std::string_view rely_on_records();
  /// Why that is not done; it is said at the end.
  void say_without_records(std::string why) { without_records_ = std::move(why); }

  kernel::Answer decide(const kernel::Notification& notification, const kernel::StillValid& still_valid) override;
  void saw_process(pid_t pid) override;
  void kill_failed(const kernel::Notification& notification, int error) override;
  [[nodiscard]] int input() const override { return records_ ? records_->fd() : -1; }
  void take_input() override;
  void tick() override { report_settled(); }
  [[nodiscard]] int due_milliseconds() const override { return evidence_ ? evidence_->due_milliseconds() : -1; }
  void target_ending() override;
  void target_ended(const kernel::Ending& ending) override;
  void proxy_leaves() override;
  int tree_ended(const kernel::Ending& ending) override;

  /// Descriptors that must stay open.
  [[nodiscard]] std::vector<int> descriptors() const;

 private:
  /// Throws if a text that is read here cannot be read, so that the supervisor ends the program.
  [[nodiscard]] report::AppliedPolicies& policies();
  void report_call(const kernel::Notification& notification, const resolve::Judgement& judgement,
                   const kernel::StillValid& still_valid);
  void report_landlock(const kernel::Notification& notification, const kernel::StillValid& still_valid);
  /// What the kernel's records have made certain.
  void report_settled();
  void report_denied(KernelEvidence::Denied denied);
  [[nodiscard]] report::Event as_denied(report::Event event, const kernel::LandlockDenial& denial) const;
  void report_trace(const kernel::Notification& notification, const kernel::StillValid& still_valid);
  void show_line(const report::Event& event);
  [[nodiscard]] std::string in_colour(const std::string& line) const;
  void report_record(kernel::TrapRecords::Record record);
  [[nodiscard]] report::Event event_of(const kernel::Notification& notification, const resolve::Judgement& judgement,
                                       const kernel::StillValid& still_valid);
  void show(const report::DenialKey& key, const report::Event& event);
  void explain_death();
  void say(std::string_view text);
  void summarize(const kernel::Ending& ending);
  [[nodiscard]] std::string going_on_text(const kernel::Ending& ending) const;
  void say_unseen();
  void say_suggestion(const kernel::Ending& ending);
  void say_landlock();
  [[nodiscard]] uint64_t denials() const { return tally_.count() + (landlock_ ? landlock_->count() : 0); }

  const Loaded& loaded_;
  const Options& options_;
  Log log_;
  std::optional<Loaded> texts_;                      ///< Of a ready-made profile.
  std::optional<report::AppliedPolicies> policies_;  ///< See policies().
  std::vector<std::string> unseen_;  ///< Actions of the filter that the kernel answers by itself: "trap".
  bool traps_;
  bool permissive_;
  bool quiet_;
  bool coloured_;  ///< Lines for people.
  std::string prefix_;
  LineSink errors_;
  std::optional<LineSink> file_;
  std::optional<kernel::TrapRecords> records_;
  report::Tally tally_;                       ///< Of lines more go into a file than to people.
  std::optional<LandlockReporter> landlock_;  ///< Where there are rules for files or ports.
  std::optional<KernelEvidence> evidence_;    ///< Where the kernel's records are.
  std::string without_records_;               ///< Why they are not; empty: nothing is to be said of it.
  report::Tally absent_;                      ///< Calls that look absent, where they have no lines.
  kernel::BoundedTask memory_task_;
  size_t waiting_ = 0;  ///< Lines about calls that wait.
  bool started_ = false;
  bool killed_ = false;  ///< A caller was killed for a call.
  bool tree_ended_ = false;
  uint64_t summarized_ = 0;  ///< How many denials the last summary counted.
};

/// Runs the target under a supervisor that reports. The exit status to end with. Precondition: there is a filter, which
/// notifies.
int launch_with_report(const Loaded& loaded, const Options& options, const kernel::Target& target, uint32_t flags,
                       const Log& log);

}  // namespace sandbox::launcher
