#include "report/audit_record.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <limits>
#include <optional>
#include <string>

#include "report/audit_text.h"

namespace sandbox::report {
namespace {

using namespace audit_text;

constexpr uint32_t kUnset = 0xffffffff;

enum Field : uint8_t { kAuid, kUid, kGid, kSes, kPid, kComm, kExe, kSig, kArch, kSyscall, kCompat, kIp, kCode };
constexpr std::array<std::string_view, 13> kFieldNames = {"auid", "uid",  "gid",     "ses",    "pid", "comm", "exe",
                                                          "sig",  "arch", "syscall", "compat", "ip",  "code"};

class Fields {
 public:
  /// False if a field comes twice: then it is not certain which one is the kernel's. A security module's label (`subj`)
  /// may have a space in it, so words that are no fields are passed over.
  bool read(std::string_view text) {
    while (!text.empty()) {
      const size_t end = std::min(text.find(' '), text.size());
      const std::string_view word = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      const size_t equals = word.find('=');
      const auto* name = std::find(kFieldNames.begin(), kFieldNames.end(), word.substr(0, equals));
      if (equals == std::string_view::npos || name == kFieldNames.end()) continue;
      auto& value = values_.at(static_cast<size_t>(name - kFieldNames.begin()));
      if (value) return false;
      value = word.substr(equals + 1);
    }
    return true;
  }

  [[nodiscard]] const std::optional<std::string_view>& operator[](Field field) const { return values_.at(field); }

 private:
  std::array<std::optional<std::string_view>, kFieldNames.size()> values_;
};

/// Sets `target` if the field is there. False: it is there and is not a number.
bool read_number(const std::optional<std::string_view>& field, std::optional<uint32_t>& target) {
  if (!field) return true;
  target = number_of<uint32_t>(*field);
  return target.has_value();
}

/// An id; "unset" is none.
bool read_id(const std::optional<std::string_view>& field, std::optional<uint32_t>& target) {
  if (!read_number(field, target)) return false;
  if (target == kUnset) target.reset();
  return true;
}

bool read_process(const Fields& fields, Process& process) {
  if (!fields[kPid] || !fields[kComm]) return false;
  const auto pid = number_of<pid_t>(*fields[kPid]);
  auto name = untrusted_string(*fields[kComm]);
  if (!pid || *pid < 0 || !name) return false;
  process.pid = *pid;
  process.name = std::move(*name);
  if (fields[kExe] && *fields[kExe] != "(null)") {
    auto executable = untrusted_string(*fields[kExe]);
    if (!executable) return false;
    // The kernel's words for a path that it could not write (audit_log_d_path).
    if (*executable != "<no_memory>" && *executable != "<too_long>") process.executable = std::move(*executable);
  }
  return read_id(fields[kUid], process.user) && read_id(fields[kGid], process.group) &&
         read_id(fields[kAuid], process.audit_user) && read_id(fields[kSes], process.session);
}

/// The number is written as a signed one: -1, and x32's 1073741824 and more.
std::optional<uint32_t> call_number(std::string_view text) {
  const auto number = number_of<int64_t>(text);
  if (!number || *number < std::numeric_limits<int32_t>::min() || *number > std::numeric_limits<uint32_t>::max()) {
    return std::nullopt;
  }
  return static_cast<uint32_t>(*number);
}

/// The action is the last field of a record. No known action, as it is written, is the beginning of another one: so
/// one that is known has not been cut, and neither has what stands before it.
bool is_whole(uint32_t action, bool may_be_cut) {
  constexpr uint32_t kActions[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP,
                                   SECCOMP_RET_ERRNO,        SECCOMP_RET_USER_NOTIF,  SECCOMP_RET_TRACE,
                                   SECCOMP_RET_LOG,          SECCOMP_RET_ALLOW};
  return !may_be_cut || std::find(std::begin(kActions), std::end(kActions), action) != std::end(kActions);
}

bool read_call(const Fields& fields, bool may_be_cut, Event& event) {
  for (const Field field : {kSig, kArch, kSyscall, kCompat, kIp, kCode}) {
    if (!fields[field]) return false;
  }
  const auto arch = number_of<uint32_t>(*fields[kArch], 16);
  const auto number = call_number(*fields[kSyscall]);
  const auto pointer = hexadecimal<uint64_t>(*fields[kIp]);
  const auto action = hexadecimal<uint32_t>(*fields[kCode]);
  if (!arch || !number || !pointer || !action || !is_whole(*action, may_be_cut)) return false;
  event.call.arch = *arch;
  event.call.number = *number;
  event.call.instruction_pointer = *pointer;
  event.action = *action;
  return read_number(fields[kSig], event.signal) && read_number(fields[kCompat], event.compat);
}

/// auditd's name for an id, `UID="root"`; empty where it knew none.
std::string enriched_name(std::string_view text, std::string_view field) {
  const std::string start = std::string(field) + "=\"";
  size_t at = text.find(start);
  while (at != std::string_view::npos && at > 0 && text[at - 1] != ' ' && text[at - 1] != kEnriched)
    at = text.find(start, at + 1);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + start.size());
  const std::string_view name = text.substr(0, text.find('"'));
  if (name.size() == text.size() || name == "unset" || name.starts_with("unknown(")) return {};
  return std::string(name);
}

std::string_view without_end(std::string_view line) {
  const size_t last = line.find_last_not_of(" \t\r\n");
  return line.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

/// Where auditd's names begin; npos where there are none. The character between them is lost where a record was copied
/// off a terminal: `code=0x0ARCH=x86_64`.
size_t end_of_record(std::string_view text) {
  const size_t end = text.find(kEnriched);
  const size_t code = text.rfind(" code=0x");
  if (end != std::string_view::npos || code == std::string_view::npos) return end;
  return std::min(text.find("AUID=", code), text.find("ARCH=", code));
}

Result<Event, NoRecord> read(std::string_view text, bool may_be_cut) {
  if (!text.starts_with(kStart)) return NoRecord::kUnreadable;
  text.remove_prefix(kStart.size());
  Event event;
  if (!read_stamp(text, event)) return NoRecord::kUnreadable;
  const size_t end = end_of_record(text);
  Fields fields;
  // What is followed by something has not been cut.
  const bool ends_here = end == std::string_view::npos;
  if (!fields.read(without_end(text.substr(0, end))) || !read_process(fields, event.process) ||
      !read_call(fields, may_be_cut && ends_here, event)) {
    return NoRecord::kUnreadable;
  }
  if (!ends_here) {
    event.process.user_name = enriched_name(text.substr(end), "UID");
    event.process.group_name = enriched_name(text.substr(end), "GID");
  }
  return event;
}

/// Whether one of the two is the beginning of the other: `text` may have been cut.
bool begins_like(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start.substr(0, text.size());
}

}  // namespace

Result<Event, NoRecord> read_audit_record(std::string_view text) {
  return read(without_end(text), false);
}

// The first "type=T audit(" or "type=T msg=audit(" of a line says what it is. What stands further on may come from any
// program text: in records that programs send, for example. Text of users in front of it has no spaces.
Result<Event, NoRecord> read_audit_line(std::string_view line) {
  constexpr std::string_view kType = "type=";
  line = without_end(line);
  for (size_t at = line.find(kType); at != std::string_view::npos; at = line.find(kType, at + 1)) {
    if (at > 0 && line[at - 1] != ' ') continue;
    const size_t word = at + kType.size();
    const size_t end = std::min(line.find(' ', word), line.size());
    std::string_view rest = line.substr(std::min(end + 1, line.size()));
    const std::string_view type = line.substr(word, end - word);
    const bool seccomp = type == "1326" || type == "SECCOMP" || type == "UNKNOWN[1326]";
    if (!begins_like(rest, kStart) && !begins_like(rest, "msg=audit(")) {
      if (at == 0) return seccomp ? NoRecord::kUnreadable : NoRecord::kAnother;
      continue;
    }
    if (!seccomp) return NoRecord::kAnother;
    if (rest.starts_with("msg=")) rest.remove_prefix(4);
    return read(rest, true);
  }
  return NoRecord::kAnother;
}

uint64_t records_left_out(std::string_view line) {
  constexpr std::string_view kLimit = "kauditd_printk_skb: ";
  const size_t at = line.find(kLimit);
  if (at == std::string_view::npos) return 0;
  std::string_view rest = without_end(line.substr(at + kLimit.size()));
  const auto count = take_until(rest, ' ');
  if (!count || rest != "callbacks suppressed") return 0;
  return number_of<uint32_t>(*count).value_or(0);
}

}  // namespace sandbox::report
