// A line of a log, whoever wrote it: auditd, `ausearch -i`, the kernel, the journal as text or as JSON.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "report/audit_record.h"
#include "report/event.h"

namespace sandbox::tool {

/// What a line is written as. Of one event the kernel's stamp (its time and serial) is in all but journald's own text.
struct LogLine {
  Result<report::Event, report::NoRecord> record;
  bool stamped = true;  ///< Its time and number are the kernel's.
};

/// Reads one line. `now` (seconds since 1970) tells which year a date without one is in. Where there is no date that
/// can be read the time is that of the epoch. What a program may have written itself is never taken for the kernel's
/// record.
LogLine read_log_line(std::string_view line, int64_t now);

}  // namespace sandbox::tool
