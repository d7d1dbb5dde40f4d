// What `audit` prints of the kernel's records: a line for each that says something new, and the sums.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "report/audit_record.h"
#include "report/event.h"
#include "report/tally.h"
#include "sandbox-policy/options.h"
#include "sandbox-policy/output.h"

namespace sandbox::tool {

/// Actions that `actions_logged`, the text of that file below /proc, lacks, with a space before each: such calls leave
/// no record. For an empty text, none.
std::string unlogged_actions(std::string_view actions_logged);

/// Takes records one by one, and prints those that are asked for. Borrows both arguments.
class AuditReport {
 public:
  AuditReport(const Options& options, Output& out) : options_(options), out_(out) {}

  void take(Result<report::Event, report::NoRecord> record);

  /// Whether there were records, none of which could be read.
  [[nodiscard]] bool none_readable() const { return unreadable_ > 0 && !readable_; }

  /// The summary. It does not claim that inputs which could not be read have nothing in them.
  void finish(const Log& log, bool complete);

  /// False if standard output takes no more.
  [[nodiscard]] bool flush() { return out_.finish(); }

 private:
  [[nodiscard]] bool is_wanted(const report::Event& event) const;

  const Options& options_;
  Output& out_;
  report::Tally tally_;
  std::chrono::system_clock::time_point last_;  ///< Of the last event.
  bool readable_ = false;                       ///< One record at least.
  size_t unreadable_ = 0;
};

}  // namespace sandbox::tool
