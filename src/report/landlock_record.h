// The kernel's own records of what Landlock denied (audit types 1423 and 1424, AUDIT_LANDLOCK_ACCESS and _DOMAIN, from
// Linux 6.15 on), as text, with that of the call (1300, AUDIT_SYSCALL): three records with one serial.
//
//   1423 audit(1796062409.429:862): domain=1a790e836 blockers=fs.read_file path="/etc/shadow" dev="vda" ino=409622
//   1424 audit(1796062409.429:862): domain=1a790e836 status=allocated mode=enforcing pid=3764 uid=0 exe="/usr/bin/x"
//   ... 1300 audit(1796062409.429:862): arch=c000003e syscall=257 success=no exit=-13 a0=ffffff9c ... comm="cat"
//   exe=...
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/event.h"

namespace sandbox::report {

inline constexpr uint32_t kLandlockAccessRecord = 1423;
inline constexpr uint32_t kLandlockDomainRecord = 1424;
inline constexpr uint32_t kSyscallRecord = 1300;

/// One object that was denied (1423).
struct LandlockAccessRecord {
  std::string stamp;   ///< As it is written: time and serial. The record of the call has the same.
  std::string domain;  ///< The kernel's number of it, which is not used again before it is started anew.
  LandlockReason reason;
  uint64_t inode = 0;  ///< Of `reason.path`; 0: not known.
};

/// A domain that denied something for the first time (1424), with what it was when the domain was made.
struct LandlockDomainRecord {
  std::string domain;
  pid_t process = 0;    ///< In the kernel's first PID namespace.
  std::string program;  ///< The path of what it ran.
  std::string name;     ///< Its name (comm).
};

/// The call that something was denied to (1300).
struct CallRecord {
  std::string stamp;
  Event event;  ///< Its call has the first four arguments.
};

/// Each reads a record, "audit(1796062409.429:862): domain=..."; none if it is cut or another one.
std::optional<LandlockAccessRecord> read_landlock_access(std::string_view text);
std::optional<LandlockDomainRecord> read_landlock_domain(std::string_view text);
std::optional<CallRecord> read_call_record(std::string_view text);

/// Puts the records together. Records of other kinds between them do not matter, and what never becomes complete is
/// forgotten.
class LandlockRecords {
 public:
  static constexpr size_t kMaxPending = 256;   ///< Denials whose call has not come yet.
  static constexpr size_t kMaxDomains = 1024;  ///< Domains whose program is remembered.

  /// Takes a record, "audit(1796062409.429:862): domain=...". The events that are complete by it: one for each object
  /// that was denied.
  std::vector<Event> take(uint32_t type, std::string_view text);

  /// The same of a line of a log: auditd's, or the kernel's.
  std::vector<Event> take_line(std::string_view line);

  /// How many Landlock records have come.
  [[nodiscard]] size_t count() const { return count_; }

 private:
  void take_access(std::string_view text);
  void take_domain(std::string_view text);
  std::vector<Event> complete(std::string_view text);

  std::deque<LandlockAccessRecord> pending_;
  std::map<std::string, std::string> programs_;  ///< By domain: what made it.
  size_t count_ = 0;
};

}  // namespace sandbox::report
