#include "report/landlock_record.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <array>

#include "arch/landlock.h"
#include "report/audit_text.h"

namespace sandbox::report {
namespace {

using namespace audit_text;

/// The value of the first field of this name; empty: there is none. No value has a space in it.
std::string_view field(std::string_view text, std::string_view name) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    if (word.size() > name.size() && word[name.size()] == '=' && word.starts_with(name)) {
      return word.substr(name.size() + 1);
    }
    at = end + 1;
  }
  return {};
}

template <typename Table>
uint64_t bit_of(const Table& table, std::string_view name) {
  const auto found = std::ranges::find(table, name, &arch::LandlockBit::name);
  return found == table.end() ? 0 : found->bit;
}

/// "fs.make_reg,fs.refer" (security/landlock/audit.c).
LandlockReason reason_of(std::string_view blockers) {
  LandlockReason reason;
  while (!blockers.empty()) {
    const size_t end = std::min(blockers.find(','), blockers.size());
    const std::string_view name = blockers.substr(0, end);
    blockers.remove_prefix(std::min(end + 1, blockers.size()));
    if (name.starts_with("fs.")) reason.files |= bit_of(arch::file_rights(), name.substr(3));
    if (name.starts_with("net.")) reason.ports |= bit_of(arch::port_rights(), name.substr(4));
    if (name == "scope.signal") reason.scopes |= arch::scope::kSignals;
    if (name == "scope.abstract_unix_socket") reason.scopes |= arch::scope::kAbstractUnixSockets;
    if (name == "ptrace") reason.traces = true;
  }
  return reason;
}

/// What stands behind "audit(1796062409.429:862): ", and before what auditd adds.
struct Body {
  std::string_view stamp;
  std::string_view rest;
};

std::optional<Body> body_of(std::string_view text) {
  text = text.substr(0, text.find(kEnriched));
  while (text.ends_with(' ') || text.ends_with('\n') || text.ends_with('\0')) text.remove_suffix(1);
  const auto stamp = take_until(text, ')');
  if (!stamp || !stamp->starts_with(kStart) || !text.starts_with(": ")) return std::nullopt;
  return Body{*stamp, text.substr(2)};
}

}  // namespace

std::optional<LandlockAccessRecord> read_landlock_access(std::string_view text) {
  const auto body = body_of(text);
  if (!body) return std::nullopt;
  LandlockAccessRecord access;
  access.stamp = body->stamp;
  access.domain = field(body->rest, "domain");
  access.reason = reason_of(field(body->rest, "blockers"));
  if (auto path = untrusted_string(field(body->rest, "path"))) access.reason.path = std::move(*path);
  access.inode = number_of<uint64_t>(field(body->rest, "ino")).value_or(0);
  for (const std::string_view name : {"dest", "src"}) {
    if (const auto port = number_of<uint16_t>(field(body->rest, name))) access.reason.port = *port;
  }
  return access;
}

std::optional<LandlockDomainRecord> read_landlock_domain(std::string_view text) {
  const auto body = body_of(text);
  if (!body) return std::nullopt;
  auto program = untrusted_string(field(body->rest, "exe"));
  LandlockDomainRecord domain;
  domain.domain = field(body->rest, "domain");
  if (!program || domain.domain.empty()) return std::nullopt;  // It has ended.
  domain.program = std::move(*program);
  domain.process = number_of<pid_t>(field(body->rest, "pid")).value_or(0);
  domain.name = untrusted_string(field(body->rest, "comm")).value_or("");
  return domain;
}

std::optional<CallRecord> read_call_record(std::string_view text) {
  const auto body = body_of(text);
  if (!body) return std::nullopt;
  const auto arch = number_of<uint32_t>(field(body->rest, "arch"), 16);
  const auto number = number_of<uint32_t>(field(body->rest, "syscall"));
  const auto result = number_of<int32_t>(field(body->rest, "exit"));
  const auto pid = number_of<pid_t>(field(body->rest, "pid"));
  auto name = untrusted_string(field(body->rest, "comm"));
  CallRecord record;
  record.stamp = body->stamp;
  Event& event = record.event;
  text.remove_prefix(kStart.size());
  if (!arch || !number || !pid || !name || !read_stamp(text, event)) return std::nullopt;
  event.call.arch = *arch;
  event.call.number = *number;
  constexpr std::array<std::string_view, 4> kArguments = {"a0", "a1", "a2", "a3"};
  for (size_t i = 0; i < kArguments.size(); ++i) {
    event.call.args[i] = number_of<uint64_t>(field(body->rest, kArguments[i]), 16).value_or(0);
  }
  event.action = SECCOMP_RET_ERRNO;
  if (result && *result < 0) event.action |= static_cast<uint32_t>(-*result) & SECCOMP_RET_DATA;
  event.process.pid = *pid;
  event.process.name = std::move(*name);
  if (auto program = untrusted_string(field(body->rest, "exe"))) event.process.executable = std::move(*program);
  event.process.user = number_of<uint32_t>(field(body->rest, "uid"));
  event.process.group = number_of<uint32_t>(field(body->rest, "gid"));
  const auto set = [](std::optional<uint32_t> id) { return id == UINT32_MAX ? std::nullopt : id; };
  event.process.audit_user = set(number_of<uint32_t>(field(body->rest, "auid")));
  event.process.session = set(number_of<uint32_t>(field(body->rest, "ses")));
  return record;
}

void LandlockRecords::take_access(std::string_view text) {
  auto access = read_landlock_access(text);
  if (!access) return;
  ++count_;
  if (pending_.size() == kMaxPending) pending_.pop_front();
  pending_.push_back(std::move(*access));
}

void LandlockRecords::take_domain(std::string_view text) {
  if (!body_of(text)) return;
  ++count_;
  auto domain = read_landlock_domain(text);
  if (!domain) return;
  if (programs_.size() == kMaxDomains) programs_.erase(programs_.begin());
  programs_[domain->domain] = std::move(domain->program);
}

std::vector<Event> LandlockRecords::complete(std::string_view text) {
  std::vector<Event> events;
  const auto body = body_of(text);
  if (!body) return events;
  const auto mine = [&](const LandlockAccessRecord& access) { return access.stamp == body->stamp; };
  if (std::ranges::none_of(pending_, mine)) return events;
  const auto call = read_call_record(text);
  if (!call) return events;
  for (const LandlockAccessRecord& access : pending_) {
    if (!mine(access)) continue;
    Event one = call->event;
    const auto program = programs_.find(access.domain);
    one.policy = "Landlock domain " + access.domain;
    if (program != programs_.end()) one.policy += " of " + program->second;
    one.landlock = access.reason;
    events.push_back(std::move(one));
  }
  std::erase_if(pending_, mine);
  return events;
}

std::vector<Event> LandlockRecords::take(uint32_t type, std::string_view text) {
  if (type == kLandlockAccessRecord) take_access(text);
  if (type == kLandlockDomainRecord) take_domain(text);
  if (type == kSyscallRecord) return complete(text);
  return {};
}

// As for seccomp records, the first "type=" of a line that a record follows says what it is.
std::vector<Event> LandlockRecords::take_line(std::string_view line) {
  constexpr std::string_view kType = "type=";
  for (size_t at = line.find(kType); at != std::string_view::npos; at = line.find(kType, at + 1)) {
    if (at > 0 && line[at - 1] != ' ') continue;
    std::string_view rest = line.substr(at + kType.size());
    const auto name = take_until(rest, ' ');
    if (!name) return {};
    if (rest.starts_with("msg=")) rest.remove_prefix(4);
    if (!rest.starts_with(kStart)) continue;
    const auto is = [&](std::string_view word, std::string_view number) {
      return *name == word || *name == number || *name == "UNKNOWN[" + std::string(number) + "]";
    };
    if (is("LANDLOCK_ACCESS", "1423")) return take(kLandlockAccessRecord, rest);
    if (is("LANDLOCK_DOMAIN", "1424")) return take(kLandlockDomainRecord, rest);
    if (is("SYSCALL", "1300")) return take(kSyscallRecord, rest);
    return {};
  }
  return {};
}

}  // namespace sandbox::report
