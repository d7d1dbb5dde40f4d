// --report: what is said of calls that the filter does not allow.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/line_sink.h"
#include "base/log.h"
#include "kernel/supervise.h"
#include "load.h"
#include "options.h"
#include "report/remedy.h"
#include "report/tally.h"

namespace sandbox::launcher {

/// Judges the calls that a supervised program is stopped at, says what they were, and at the end what would allow them.
class Reporter : public kernel::Watcher {
 public:
  /// `file`: where JSON goes; none: lines go to standard error. All but `file` is borrowed. Precondition: there is a
  /// filter.
  Reporter(const Loaded& loaded, const Options& options, const Log& log, std::optional<LineSink> file);

  kernel::Answer decide(const kernel::Notification& notification) override;
  void target_ended(const kernel::Ending& ending) override;
  int tree_ended(const kernel::Ending& ending) override;

  /// Descriptors that must stay open.
  [[nodiscard]] std::vector<int> descriptors() const;

 private:
  /// What the policies say of a call together, and why.
  struct Judged {
    resolve::Verdict verdict = {policy::Action::kAllow, 0};
    size_t policy = 0;  ///< The index of the one that decides.
    const resolve::Clause* clause = nullptr;
    report::Reason reason = report::Reason::kGroup;
  };

  Judged judge(const bpf::SystemCall& call);
  void note_denial(size_t policy, const bpf::SystemCall& call);
  void describe_rule(const Judged& judged, report::Event& event) const;
  std::string_view name_of(pid_t thread);
  void report_call(const kernel::Notification& notification, const Judged& judged);
  void say(std::string_view text);
  void summarize();

  const Loaded& loaded_;
  bool permissive_;
  bool quiet_;
  std::string prefix_;
  std::string policy_names_;
  LineSink errors_;
  std::optional<LineSink> file_;
  std::optional<bpf::ValidatedProgram> program_;  ///< Of a filter file: it has no rules to judge by.
  report::Tally tally_;
  std::vector<std::set<report::DeniedCall>> denied_;  ///< By policy.
  pid_t last_thread_ = 0;
  unsigned last_thread_uses_ = 0;
  std::string last_name_;
  uint64_t summarized_ = 0;  ///< How many denials the last summary counted.
};

/// Runs the target under a supervisor that reports. The exit status to end with. Precondition: there is a filter, which
/// notifies.
int launch_with_report(const Loaded& loaded, const Options& options, const kernel::Target& target, uint32_t flags,
                       const Log& log);

}  // namespace sandbox::launcher
