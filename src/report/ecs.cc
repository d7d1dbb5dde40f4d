#include "report/ecs.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <csignal>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "arch/argument_kinds.h"
#include "arch/errno_names.h"
#include "arch/landlock.h"
#include "arch/syscalls.h"
#include "base/json.h"
#include "base/text.h"
#include "report/caller_memory.h"
#include "report/line.h"
#include "resolve/rule_set.h"

namespace sandbox::report {
namespace {

/// As go-libaudit, Auditbeat's parser, has it: the kernel's AUDIT_ARCH_* in small letters, which is also our own name
/// but for x86; x32 has x86_64's.
std::string arch_text(uint32_t arch) {
  const auto abi = arch::abi_of(arch, 0);
  if (!abi) return hex(arch);
  return std::string(*abi == arch::Abi::kX86 ? "i386" : arch::info(*abi).name);
}

/// The call's name; as go-libaudit has it, the number where `arch_text` has no call of that number, so for all of x32.
std::string syscall_text(uint32_t arch, uint32_t number) {
  const auto abi = arch::abi_of(arch, 0);
  const auto name = abi ? arch::name_of(*abi, number) : std::nullopt;
  return name ? std::string(*name) : std::to_string(number);
}

/// What Auditbeat makes of the call.
struct Kind {
  std::string_view category;
  std::vector<std::string_view> types;
};

Kind kind_of(std::string_view call) {
  if (call == "execve") return {"process", {"start"}};
  if (call == "connect") return {"network", {"connection", "start"}};
  if (call == "mount") return {"file", {"creation"}};
  return {"process", {"info"}};
}

void add_event(Json& json, std::string_view kind, std::string_view module, std::string_view action,
               std::string_view call) {
  const Kind what = kind_of(call);
  json.key("event").open_object().member("kind", kind).member("module", module).member("action", action);
  json.member("outcome", "unknown").key("category").open_array().value(what.category).close_array();
  json.key("type").open_array();
  for (const std::string_view type : what.types) json.value(type);
  json.close_array().close_object();
  json.key("service").open_object().member("type", module).close_object();
}

void add_text(Json& json, std::string_view name, const std::string& text) {
  if (!text.empty()) json.member(name, std::string_view(text));
}

void add_id(Json& json, std::string_view name, std::optional<uint32_t> id) {
  if (id) json.member(name, std::string_view(std::to_string(*id)));
}

void add_process(Json& json, const Process& process) {
  json.key("process").open_object();
  if (process.pid > 0) json.member("pid", static_cast<uint64_t>(process.pid));
  add_text(json, "name", process.name);
  add_text(json, "executable", process.executable);
  json.close_object();
}

void add_user(Json& json, const Process& process) {
  json.key("user").open_object();
  add_id(json, "id", process.user);
  add_text(json, "name", process.user_name);
  if (process.group || !process.group_name.empty()) {
    json.key("group").open_object();
    add_id(json, "id", process.group);
    add_text(json, "name", process.group_name);
    json.close_object();
  }
  if (process.audit_user) {
    json.key("audit").open_object();
    add_id(json, "id", process.audit_user);
    json.close_object();
  }
  json.close_object();
}

/// The action without its data, as the kernel's record would have it. A call that is allowed is no kill and no
/// errno: the kernel calls it "log".
uint32_t code_of(const Event& event) {
  return event.outcome == Outcome::kAllowed ? SECCOMP_RET_LOG : event.action & SECCOMP_RET_ACTION_FULL;
}

/// The kernel names the signal where it kills, and only there: not with trap (kernel/seccomp.c, seccomp_log).
std::string signal_text(const Event& event, uint32_t code) {
  const bool killed = code == SECCOMP_RET_KILL_PROCESS || code == SECCOMP_RET_KILL_THREAD;
  const uint32_t signal = event.signal.value_or(killed ? SIGSYS : 0);
  if (signal == SIGSYS) return "SIGSYS";
  const auto name = arch::constant_text(arch::native_abi(), arch::ArgumentKind::kSignal, signal);
  return name ? *name : std::to_string(signal);
}

/// in_compat_syscall() on the machine that this program was built for.
bool is_compat(const Event& event) {
  const auto abi = arch::abi_of(event.call.arch, event.call.number);
  return abi && *abi != arch::native_abi();
}

/// What Landlock denies is no violation of a seccomp policy, and Auditbeat has no event for it: this one is ours, by
/// ECS's own names.
void add_landlock_event(Json& json, const LandlockReason& reason) {
  const bool network = reason.ports != 0;
  const bool signal = reason.scopes != 0;
  const std::string_view action = network  ? "denied-network-access"
                                  : signal ? "denied-out-of-scope"
                                           : "denied-file-access";
  json.key("event").open_object().member("kind", "event").member("module", "sandbox_run").member("action", action);
  json.member("outcome", "failure").key("category").open_array();
  json.value(std::string_view(network ? "network" : signal ? "process" : "file")).close_array();
  json.key("type").open_array().value(std::string_view("denied")).close_array().close_object();
  json.key("service").open_object().member("type", "sandbox_run").close_object();
  if (!reason.path.empty()) json.key("file").open_object().member("path", std::string_view(reason.path)).close_object();
  if (network && (reason.ports & (arch::port_right::kBindTcp | arch::port_right::kBindUdp)) == 0) {
    json.key("destination").open_object().member("port", uint64_t{reason.port}).close_object();
  }
}

void add_missing_rights(Json& json, const LandlockReason& reason) {
  json.key("missing").open_array();
  for (const std::string_view name : arch::names_of(arch::file_rights(), reason.files)) json.value(name);
  for (const std::string_view name : arch::names_of(arch::port_rights(), reason.ports)) json.value(name);
  for (const std::string_view name : arch::names_of(arch::scopes(), reason.scopes)) json.value(name);
  json.close_array();
  if (reason.ports != 0) json.member("port", uint64_t{reason.port});
}

void add_summary(Json& json, const Event& event, std::string_view call) {
  json.key("summary").open_object();
  if (event.process.user || event.process.audit_user) {
    json.key("actor").open_object();
    add_id(json, "primary", event.process.audit_user);
    add_id(json, "secondary", event.process.user);
    json.close_object();
  }
  json.key("object").open_object().member("type", "process").member("primary", call).close_object();
  add_text(json, "how", event.process.executable);
  json.close_object();
}

void add_auditd(Json& json, const Event& event, std::string_view call) {
  json.key("auditd").open_object().member("message_type", "seccomp").member("result", "unknown");
  if (event.sequence) json.member("sequence", uint64_t{*event.sequence});
  add_id(json, "session", event.process.session);
  add_summary(json, event, call);
  const uint32_t code = code_of(event);
  const std::string compat = std::to_string(event.compat.value_or(is_compat(event) ? 1 : 0));
  json.key("data").open_object().member("arch", std::string_view(arch_text(event.call.arch))).member("syscall", call);
  json.member("sig", std::string_view(signal_text(event, code))).hex_member("code", code);
  json.member("compat", std::string_view(compat)).hex_member("ip", event.call.instruction_pointer);
  json.close_object().close_object();
}

/// The verdict's name and its errno. An audit record does not have the errno's number.
void add_verdict(Json& json, uint32_t arch, uint32_t number, uint32_t action) {
  json.member("action", std::string_view(action_name(action)));
  const uint32_t data = action & SECCOMP_RET_DATA;
  if ((action & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO || data == 0) return;
  const arch::Abi abi = arch::abi_of(arch, number).value_or(arch::native_abi());
  json.member("errno", std::string_view(arch::errno_name(abi, static_cast<uint16_t>(data))));
}

std::string_view outcome_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::kAllowed:
      return "let_through";
    case Outcome::kWaits:
      return "waits";
    case Outcome::kEnforced:
      break;
  }
  return "enforced";
}

void add_ours(Json& json, const Event& event) {
  json.key("sandbox_run").open_object();
  if (event.arguments_known) json.member("args", std::string_view(event.arguments));
  add_verdict(json, event.call.arch, event.call.number, event.action);
  add_text(json, "rule", event.rule);
  add_text(json, "policy", event.policy);
  if (event.landlock) {
    json.member("syscall", std::string_view(syscall_text(event.call.arch, event.call.number)));
    add_missing_rights(json, *event.landlock);
  }
  if (!event.capabilities.empty()) {
    json.key("capabilities").open_array();
    for (const std::string& one : event.capabilities) json.value(std::string_view(one));
    json.close_array();
  }
  json.member("outcome", outcome_text(event.outcome));
  if (event.process.thread > 0 && event.process.thread != event.process.pid) {
    json.member("thread", static_cast<uint64_t>(event.process.thread));
  }
  if (event.process_gone) json.member("process_gone", true);
  if (event.count > 0) json.member("count", event.count);
  json.close_object();
}

}  // namespace

std::string ecs_line(const Event& event) {
  const std::string call = syscall_text(event.call.arch, event.call.number);
  Json json(Json::Layout::kOneLine);
  json.open_object().member("@timestamp", std::string_view(timestamp(event.time)));
  if (event.landlock) {
    add_landlock_event(json, *event.landlock);
  } else {
    add_event(json, "event", "auditd", "violated-seccomp-policy", call);
  }
  const Process& process = event.process;
  if (process.pid > 0 || !process.name.empty() || !process.executable.empty()) add_process(json, process);
  if (process.user || process.group || process.audit_user || !process.user_name.empty() ||
      !process.group_name.empty()) {
    add_user(json, process);
  }
  if (!event.landlock) add_auditd(json, event, call);
  add_ours(json, event);
  return json.close_object().text();
}

std::string ecs_summary_line(const Total& total, std::chrono::system_clock::time_point time,
                             const std::string& policy) {
  const std::string call = syscall_text(total.arch, total.number);
  Json json(Json::Layout::kOneLine);
  json.open_object().member("@timestamp", std::string_view(timestamp(time)));
  add_event(json, "metric", "sandbox_run", "counted-seccomp-violations", call);
  json.key("auditd").open_object().key("data").open_object();
  json.member("arch", std::string_view(arch_text(total.arch))).member("syscall", std::string_view(call));
  json.close_object().close_object();
  json.key("sandbox_run").open_object();
  add_verdict(json, total.arch, total.number, total.action);
  add_text(json, "rule", total.rule);
  add_text(json, "policy", policy);
  json.key("processes").open_array();
  for (const std::string& process : total.processes) json.value(std::string_view(process));
  json.close_array().member("count", total.count).close_object();
  return json.close_object().text();
}

}  // namespace sandbox::report
