#include "sandbox-policy/commands/log_line.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arch/abi.h"
#include "arch/syscalls.h"
#include "base/diagnostic.h"
#include "policy/json_tree.h"

namespace sandbox::tool {
namespace {

using report::Event;
using report::NoRecord;
using Record = Result<Event, NoRecord>;
using Time = std::chrono::system_clock::time_point;

/// A stamp for a record that came without one; no kernel runs in 1970.
constexpr std::string_view kNoStamp = "audit(0.000:0): ";

template <typename T>
std::optional<T> number_of(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// ---- Dates

/// The local time that `format` reads at the beginning of the text. None for one that no kernel can have written,
/// before 1970 or after what a clock holds (2262).
std::optional<Time> local_time(std::string_view text, const char* format, bool has_zone) {
  const std::string copy(text.substr(0, 64));
  std::tm parts = {};
  parts.tm_mday = 1;
  parts.tm_isdst = -1;
  if (strptime(copy.c_str(), format, &parts) == nullptr) return std::nullopt;
  const long zone = parts.tm_gmtoff;  // timegm() and mktime() overwrite it.
  const std::time_t seconds = has_zone ? timegm(&parts) - zone : std::mktime(&parts);
  constexpr auto kLast = std::chrono::floor<std::chrono::seconds>(Time::max().time_since_epoch()).count();
  if (seconds < 0 || seconds >= kLast) return std::nullopt;
  return std::chrono::system_clock::from_time_t(seconds);
}

/// "Jul 24 09:10:45", as syslog and the journal have it: the last such day that is not to come.
std::optional<Time> time_without_year(std::string_view text, int64_t now) {
  const std::time_t today = static_cast<std::time_t>(now);
  std::tm parts = {};
  if (localtime_r(&today, &parts) == nullptr) return std::nullopt;
  constexpr int64_t kDay = 86400;
  for (int year = parts.tm_year + 1900; year > parts.tm_year + 1900 - 2; --year) {
    const std::string dated = std::to_string(year) + " " + std::string(text.substr(0, 32));
    const auto time = local_time(dated, "%Y %b %d %H:%M:%S", false);
    if (!time) return std::nullopt;
    if (std::chrono::system_clock::to_time_t(*time) <= now + kDay) return time;
  }
  return std::nullopt;
}

Time time_of_line(std::string_view line, int64_t now) {
  if (const auto iso = local_time(line, "%Y-%m-%dT%H:%M:%S%z", true)) return *iso;
  return time_without_year(line, now).value_or(Time());
}

// ---- The journal, as text

/// journald writes "audit[PID]: SECCOMP " and the kernel's record without its stamp. What stands in front is a date and
/// a host's name, which have no such words; what a program itself writes to the journal comes behind its own name.
LogLine read_journal_line(std::string_view line, int64_t now) {
  constexpr std::string_view kIdentifier = "audit[";
  constexpr std::string_view kType = "]: SECCOMP ";
  const size_t colon = line.find("]: ");
  const size_t at = colon == std::string_view::npos ? colon : line.rfind(kIdentifier, colon);
  const bool first = at == 0 || (at != std::string_view::npos && line[at - 1] == ' ');
  if (!first || line.substr(colon, kType.size()) != kType) return {NoRecord::kAnother};
  const auto pid = number_of<pid_t>(line.substr(at + kIdentifier.size(), colon - at - kIdentifier.size()));
  if (!pid) return {NoRecord::kAnother};
  Record record =
      report::read_audit_line("type=SECCOMP " + std::string(kNoStamp) + std::string(line.substr(colon + kType.size())));
  if (record && record->process.pid != *pid) return {NoRecord::kAnother};
  if (record) {
    record->time = time_of_line(line, now);
    record->sequence.reset();
  }
  return {std::move(record), false};
}

// ---- The journal, as JSON

/// A field's value: text, or, where it is no text, a list of bytes. Of a field that is there several times the first.
std::string text_of(const policy::TreeNode& node) {
  if (node.kind != policy::TreeNode::Kind::kSequence) return std::string(node.text);
  std::string bytes;
  for (const policy::TreeNode& item : node.items) {
    const auto byte = item.plain ? number_of<uint8_t>(item.text) : std::nullopt;
    if (!byte) return std::string(item.text);
    bytes += static_cast<char>(*byte);
  }
  return bytes;
}

std::string field(const policy::TreeNode& object, std::string_view name) {
  for (const auto& [key, value] : object.entries) {
    if (key.text == name) return text_of(value);
  }
  return {};
}

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 0xFU];
  }
  return text;
}

/// The record, put together from journald's fields: without a message there are only these.
std::string record_of_fields(const policy::TreeNode& object) {
  constexpr std::pair<const char*, const char*> kFields[] = {{"auid", "_AUDIT_LOGINUID"},
                                                             {"uid", "_UID"},
                                                             {"gid", "_GID"},
                                                             {"ses", "_AUDIT_SESSION"},
                                                             {"pid", "_PID"},
                                                             {"comm", "_COMM"},
                                                             {"exe", "_EXE"},
                                                             {"sig", "_AUDIT_FIELD_SIG"},
                                                             {"arch", "_AUDIT_FIELD_ARCH"},
                                                             {"syscall", "_AUDIT_FIELD_SYSCALL"},
                                                             {"compat", "_AUDIT_FIELD_COMPAT"},
                                                             {"ip", "_AUDIT_FIELD_IP"},
                                                             {"code", "_AUDIT_FIELD_CODE"}};
  std::string text;
  for (const auto& [name, key] : kFields) {
    const std::string value = field(object, key);
    if (value.empty()) continue;
    const bool free_text = std::strcmp(name, "comm") == 0 || std::strcmp(name, "exe") == 0;
    text += (text.empty() ? "" : " ") + std::string(name) + "=" + (free_text ? hexadecimal(value) : value);
  }
  return text;
}

/// "1795463197.445" of a journal's microseconds.
std::optional<std::string> stamp_of(const std::string& microseconds) {
  const auto time = number_of<uint64_t>(microseconds);
  if (!time) return std::nullopt;
  const std::string fraction = std::to_string(*time / 1000 % 1000);
  return std::to_string(*time / 1000000) + "." + std::string(3 - fraction.size(), '0') + fraction;
}

/// What a program writes to the journal has another transport: journald's own fields begin with '_'.
LogLine read_journal_object(std::string_view line, int64_t now) {
  if (line.find("SECCOMP") == std::string_view::npos && line.find("1326") == std::string_view::npos) {
    // Bytes are not looked into: only a message with what is no text in it is written so.
    if (line.find("\"MESSAGE\":[") == std::string_view::npos &&
        line.find("\"MESSAGE\" : [") == std::string_view::npos) {
      return {NoRecord::kAnother};
    }
  }
  Diagnostics problems(std::make_shared<const SourceText>("", std::string(line)));
  const policy::JsonDocument json = policy::parse_json(problems);
  if (!json.valid) return {NoRecord::kAnother};
  const std::string transport = field(json.root, "_TRANSPORT");
  const std::string message = field(json.root, "MESSAGE");
  if (transport == "kernel") return {report::read_audit_line(message)};
  if (transport.empty()) return read_log_line(message.starts_with('{') ? "" : message, now);
  const std::string type = field(json.root, "_AUDIT_TYPE");
  const bool seccomp = type == "1326" || field(json.root, "_AUDIT_TYPE_NAME") == "SECCOMP";
  if (transport != "audit" || !seccomp) return {NoRecord::kAnother};

  constexpr std::string_view kName = "SECCOMP ";
  const std::string body = message.starts_with(kName) ? message.substr(kName.size()) : record_of_fields(json.root);
  std::string source = field(json.root, "_SOURCE_REALTIME_TIMESTAMP");
  const std::string serial = field(json.root, "_AUDIT_ID");
  const bool stamped = !source.empty() && !serial.empty();
  if (source.empty()) source = field(json.root, "__REALTIME_TIMESTAMP");
  const std::string stamp = stamp_of(source).value_or("0.000");
  Record record =
      report::read_audit_line("type=SECCOMP audit(" + stamp + ":" + (stamped ? serial : "0") + "): " + body);
  if (record && !stamped) record->sequence.reset();
  return {std::move(record), stamped};
}

// ---- ausearch -i

/// Names for numbers, as libauparse puts them there.
std::optional<uint32_t> action_of(std::string_view text) {
  constexpr std::pair<std::string_view, uint32_t> kNames[] = {{"kill", SECCOMP_RET_KILL_THREAD},
                                                              {"kill_thread", SECCOMP_RET_KILL_THREAD},
                                                              {"kill-thread", SECCOMP_RET_KILL_THREAD},
                                                              {"kill_process", SECCOMP_RET_KILL_PROCESS},
                                                              {"kill-process", SECCOMP_RET_KILL_PROCESS},
                                                              {"trap", SECCOMP_RET_TRAP},
                                                              {"errno", SECCOMP_RET_ERRNO},
                                                              {"user_notif", SECCOMP_RET_USER_NOTIF},
                                                              {"user-notif", SECCOMP_RET_USER_NOTIF},
                                                              {"trace", SECCOMP_RET_TRACE},
                                                              {"log", SECCOMP_RET_LOG},
                                                              {"allow", SECCOMP_RET_ALLOW}};
  const auto* const found = std::ranges::find(kNames, text, &std::pair<std::string_view, uint32_t>::first);
  return found == std::end(kNames) ? std::nullopt : std::optional(found->second);
}

std::optional<int> signal_of(std::string_view text) {
  if (const auto number = number_of<int>(text)) return number;
  if (!text.starts_with("SIG")) return std::nullopt;
  for (int signal = 1; signal < NSIG; ++signal) {
    const char* name = sigabbrev_np(signal);
    if (name != nullptr && text.substr(3) == name) return signal;
  }
  return std::nullopt;
}

/// A record's fields by name, in order. Only these can stand in one; a name that comes twice leaves it unread.
class InterpretedFields {
 public:
  static constexpr std::array<std::string_view, 14> kNames = {
      "auid", "uid", "gid", "ses", "subj", "pid", "comm", "exe", "sig", "arch", "syscall", "compat", "ip", "code"};

  /// False if a field comes twice, as where a program's name has one in it: then it is not certain which is which.
  bool read(std::string_view text) {
    std::optional<size_t> current;
    while (!text.empty()) {
      const size_t end = std::min(text.find(' '), text.size());
      const std::string_view word = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      const size_t equals = word.find('=');
      const auto* const name = std::ranges::find(kNames, word.substr(0, equals));
      if (equals != std::string_view::npos && name != kNames.end()) {
        current = static_cast<size_t>(name - kNames.begin());
        if (values_.at(*current)) return false;
        values_.at(*current) = word.substr(equals + 1);
      } else if (current) {
        *values_.at(*current) += " " + std::string(word);  // A name with a space in it.
      }
    }
    return true;
  }

  [[nodiscard]] std::optional<std::string> operator[](std::string_view name) const {
    return values_.at(static_cast<size_t>(std::ranges::find(kNames, name) - kNames.begin()));
  }

 private:
  std::array<std::optional<std::string>, kNames.size()> values_;
};

/// What the kernel wrote, from what libauparse made of it. None where a name stands for nothing that is known.
std::optional<std::string> as_the_kernel_wrote_it(const InterpretedFields& fields) {
  for (const char* needed : {"pid", "comm", "sig", "arch", "syscall", "compat", "ip", "code"}) {
    if (!fields[needed]) return std::nullopt;
  }
  const auto abi = arch::find_abi(*fields["arch"]);
  const auto signal = signal_of(*fields["sig"]);
  const std::string code = *fields["code"];
  const auto action = action_of(code);
  if (!abi || !signal || (!action && !code.starts_with("0x"))) return std::nullopt;
  std::string call = *fields["syscall"];
  if (!number_of<int64_t>(call)) {
    const auto number = arch::number_of(*abi, call);
    if (!number) return std::nullopt;
    call = std::to_string(*number);
  }
  std::array<char, 40> numbers = {};
  std::snprintf(numbers.data(), numbers.size(), " sig=%d arch=%x", *signal, arch::info(*abi).audit_arch);
  std::string text = "pid=" + *fields["pid"] + " comm=" + hexadecimal(*fields["comm"]);
  if (const auto path = fields["exe"]) text += " exe=" + hexadecimal(*path);
  for (const char* id : {"auid", "uid", "gid", "ses"}) {
    const auto value = fields[id];
    if (value && number_of<uint32_t>(*value)) text += " " + std::string(id) + "=" + *value;
  }
  text += numbers.data();
  text += " syscall=" + call + " compat=" + *fields["compat"] + " ip=" + *fields["ip"] + " code=";
  if (!action) return text + code;
  std::array<char, 16> hex = {};
  std::snprintf(hex.data(), hex.size(), "0x%x", *action);
  return text + hex.data();
}

/// "07/24/2026 09:10:45.123:456", whose date the locale has written.
std::optional<std::pair<Time, uint32_t>> interpreted_stamp(std::string_view text) {
  const size_t colon = text.rfind(':');
  const size_t point = text.rfind('.', colon);
  if (colon == std::string_view::npos || point == std::string_view::npos) return std::nullopt;
  const auto serial = number_of<uint32_t>(text.substr(colon + 1));
  const auto fraction = number_of<uint16_t>(text.substr(point + 1, colon - point - 1));
  if (!serial || !fraction) return std::nullopt;
  for (const char* format : {"%m/%d/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S"}) {
    const auto time = local_time(text.substr(0, point), format, false);
    if (time) return std::pair(*time + std::chrono::milliseconds(*fraction), *serial);
  }
  return std::pair(Time(), *serial);
}

/// "type=SECCOMP msg=audit(DATE TIME:SERIAL) : uid=alice … syscall=mkdir … code=kill".
LogLine read_interpreted_line(std::string_view line) {
  constexpr std::string_view kStart = "type=SECCOMP msg=audit(";
  size_t at = line.find(kStart);
  if (at == std::string_view::npos || (at > 0 && !line.starts_with("node="))) return {NoRecord::kAnother};
  at += kStart.size();
  constexpr std::string_view kEnd = ") : ";
  const size_t end = line.find(kEnd, at);
  const auto stamp = end == std::string_view::npos ? std::nullopt : interpreted_stamp(line.substr(at, end - at));
  if (!stamp) return {NoRecord::kAnother};
  std::string_view body = line.substr(end + kEnd.size());
  body = body.substr(0, body.find_last_not_of(" \t\r") + 1);
  InterpretedFields fields;
  const auto text = fields.read(body) ? as_the_kernel_wrote_it(fields) : std::nullopt;
  if (!text) return {NoRecord::kUnreadable};
  Record record = report::read_audit_record(std::string(kNoStamp) + *text);
  if (record) {
    record->time = stamp->first;
    record->sequence = stamp->second;
    const auto name = [&](const char* id) {
      const std::string value = fields[id].value_or("");
      return number_of<uint32_t>(value) || value == "unset" || value.starts_with("unknown") ? std::string() : value;
    };
    record->process.user_name = name("uid");
    record->process.group_name = name("gid");
  }
  return {std::move(record), stamp->first != Time()};
}

}  // namespace

LogLine read_log_line(std::string_view line, int64_t now) {
  if (line.starts_with('{')) return read_journal_object(line, now);
  if (LogLine interpreted = read_interpreted_line(line);
      interpreted.record || interpreted.record.error() == NoRecord::kUnreadable) {
    return interpreted;
  }
  if (LogLine journal = read_journal_line(line, now);
      journal.record || journal.record.error() == NoRecord::kUnreadable) {
    return journal;
  }
  return {report::read_audit_line(line)};
}

}  // namespace sandbox::tool
