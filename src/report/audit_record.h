// The kernel's own record of a call that a filter did not simply allow (audit type 1326, AUDIT_SECCOMP), as text.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "report/event.h"

namespace sandbox::report {

/// Why a text is no event.
enum class NoRecord : uint8_t {
  kAnother,     ///< It is something else: another record, another message.
  kUnreadable,  ///< It is a seccomp record, but cut, or not as the kernel writes it.
};

/// A record as the kernel sends it to listeners: "audit(1795463197.445:4): auid=4294967295 uid=0 ...". It is whole.
Result<Event, NoRecord> read_audit_record(std::string_view text);

/// A line of a log: auditd's, enriched or not and with a node or not; the kernel's, with anything in front. A line that
/// was cut is never read as another call or another action than that of the record: it is unreadable.
Result<Event, NoRecord> read_audit_line(std::string_view line);

/// How many records, of any type, the kernel says at this line that it did not write to its log.
uint64_t records_left_out(std::string_view line);

}  // namespace sandbox::report
