// The kernel's seccomp records, as it publishes them (audit(7), netlink group AUDIT_NLGRP_READLOG).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace sandbox::kernel {

/// A listener of the kernel's audit records, one of any number; other ones, auditd too, get theirs all the same. Needs
/// CAP_AUDIT_READ. The kernel publishes in its first network namespace only: in another one nothing is ever heard.
class AuditLog {
 public:
  enum class Records : uint8_t {
    kSeccomp,
    kAlsoLandlock,  ///< And those of Landlock, with the calls that they are about (report/landlock_record.h).
    kLandlock,      ///< These alone.
  };
  static constexpr int kRoom = 4 * 1024 * 1024;  ///< For some 10000 records that were not taken yet.

  /// Listens from now on. `room` is in bytes of the kernel's memory. The error is one line that says what is missing.
  static Result<AuditLog, std::string> open(int room = kRoom, Records records = Records::kSeccomp);

  /// To be polled for input. Close-on-exec and non-blocking.
  [[nodiscard]] int fd() const { return socket_.get(); }

  /// The next record, as report::read_audit_record and report::LandlockRecords take it; none if there is none now.
  std::optional<std::string> next();
  /// The type of that record, AUDIT_SECCOMP for example.
  [[nodiscard]] uint32_t type() const { return type_; }

  /// How often records came faster than next() took them, and some were lost. How many is not known.
  [[nodiscard]] uint64_t overruns() const { return overruns_; }

 private:
  explicit AuditLog(UniqueFd socket) : socket_(std::move(socket)) {}

  UniqueFd socket_;
  std::vector<char> buffer_;
  uint64_t overruns_ = 0;
  uint32_t type_ = 0;
  Records records_ = Records::kSeccomp;
};

/// Whether the audit system is switched on, without which Landlock leaves no records. None: not known, as below.
std::optional<bool> audit_enabled();

/// How many audit records of any type the kernel has dropped since it was started, before any listener could get them
/// (its rate limit, its backlog limit). None: it does not say so to this process, which lacks CAP_AUDIT_CONTROL or is
/// in a container.
std::optional<uint32_t> lost_audit_records();

}  // namespace sandbox::kernel
