#include "report/line.h"

#include <linux/seccomp.h>

#include "arch/abi.h"
#include "arch/errno_names.h"
#include "arch/syscalls.h"
#include "base/diagnostic.h"
#include "base/text.h"
#include "report/caller_memory.h"
#include "resolve/rule_set.h"

namespace sandbox::report {
namespace {

// In bytes; together less than kMaxLineLength.
constexpr size_t kMaxArgumentsLength = 2400;
constexpr size_t kMaxNameLength = 100;
constexpr size_t kMaxRuleLength = 600;

uint32_t action_of(uint32_t value) {
  return value & SECCOMP_RET_ACTION_FULL;
}

/// "beat.yml:9" of "beat.yml:9:5": people look for the line.
std::string without_column(const std::string& rule) {
  const auto is_number = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  const size_t column = rule.rfind(':');
  if (column == std::string::npos || column == 0) return rule;
  const size_t line = rule.rfind(':', column - 1);
  if (line == std::string::npos) return rule;
  const std::string_view text = rule;
  const bool both = is_number(text.substr(column + 1)) && is_number(text.substr(line + 1, column - line - 1));
  return both ? rule.substr(0, column) : rule;
}

std::string process_text(const Process& process) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (!process.name.empty()) add(printable(process.name, kMaxNameLength));
  if (process.pid > 0) add("pid " + std::to_string(process.pid));
  if (process.thread > 0 && process.thread != process.pid) add("thread " + std::to_string(process.thread));
  return text;
}

/// Where the verdict comes from, and its name in the policy.
std::string rule_text(const Event& event) {
  if (event.landlock) {
    return "  by " + printable(event.policy, kMaxRuleLength) + ": " + reason_text(*event.landlock);
  }
  const std::string action = action_name(event.action);
  const std::string place = printable(event.rule.empty() ? event.policy : without_column(event.rule), kMaxRuleLength);
  if (event.rule_kind == "the listener guard") return "  by a fixed rule (no listener beside sandbox-run's own)";
  if (event.rule_kind == kTraceGuard) {
    return "  by --report (the filter has SECCOMP_RET_TRACE, and its tracer would not see the calls that --report "
           "judges)";
  }
  if (event.rule_kind == "a fixed rule") {
    const auto abi = arch::abi_of(event.call.arch, event.call.number);
    const std::string through = abi ? std::string(arch::info(*abi).name) : hex(event.call.arch);
    const bool kills = action.starts_with("kill");
    return "  by a fixed rule (" + (kills ? "no calls through " + through : "no such call") + ")";
  }
  if (place.empty()) return "  (" + action + ")";  // A record of the kernel, which has no more.
  if (event.rule_kind == "the default action") {
    const std::string words = event.default_words.empty() ? "default_action" : event.default_words;
    return "  by " + place + " (" + words + ": " + action + ")";
  }
  if (event.rule_kind == "above the largest number named") return "  by " + place + " (" + event.rule_kind + ")";
  if (event.rule_kind == "kernel:") return "  by " + place + " (kernel: " + action + ")";
  return "  by " + place + " (" + action + ")";
}

/// As a signed number, which it is for those who skip a call.
std::string number_text(uint32_t number) {
  return "call " + (number == UINT32_MAX ? "-1" : std::to_string(number));
}

}  // namespace

std::string call_text(uint32_t arch, uint32_t number) {
  const auto abi = arch::abi_of(arch, number);
  if (!abi) return number_text(number) + " of arch " + hex(arch);
  const auto name = arch::name_of(*abi, number);
  const bool x32 = *abi == arch::Abi::kX32;  // Which its bit says, and so does its name.
  const std::string text =
      name ? std::string(*name) : number_text(x32 ? number & ~arch::info(*abi).first_number : number);
  return *abi == arch::native_abi() ? text : std::string(arch::info(*abi).name) + " " + text;
}

std::string action_name(uint32_t action) {
  if (action_of(action) == SECCOMP_RET_USER_NOTIF) return "user_notif";
  const resolve::Verdict verdict = resolve::verdict_of(action);
  if (action_of(resolve::seccomp_return(verdict)) != action_of(action)) return hex(action_of(action));
  return std::string(policy::name_of(verdict.action));
}

std::string fate_text(uint32_t arch, uint32_t number, uint32_t action) {
  const uint32_t data = action & SECCOMP_RET_DATA;
  switch (action_of(action)) {
    case SECCOMP_RET_KILL_PROCESS:
      return "process killed";
    case SECCOMP_RET_KILL_THREAD:
      return "thread killed";
    case SECCOMP_RET_TRAP:
      return "SIGSYS";
    case SECCOMP_RET_ERRNO:
      if (data == 0) return "errno";
      return arch::errno_name(arch::abi_of(arch, number).value_or(arch::native_abi()), static_cast<uint16_t>(data));
    case SECCOMP_RET_USER_NOTIF:
      return "left to its supervisor";
    case SECCOMP_RET_TRACE:
      return "left to its tracer";
    case SECCOMP_RET_LOG:
    case SECCOMP_RET_ALLOW:
      return "allowed";
    default:
      return hex(action);
  }
}

std::string denial_line(const Event& event) {
  const uint32_t action = action_of(event.action);
  const bool through = event.outcome == Outcome::kAllowed;
  const bool allowed = action == SECCOMP_RET_LOG || action == SECCOMP_RET_ALLOW;
  std::string line = allowed ? "logged " : through ? "would deny " : "denied ";
  line += call_text(event.call.arch, event.call.number);
  if (event.arguments_known) line += "(" + printable(event.arguments, kMaxArgumentsLength) + ")";
  const bool known = action != SECCOMP_RET_ERRNO || (event.action & SECCOMP_RET_DATA) != 0;
  if (event.outcome == Outcome::kWaits) {
    line += ", which waits: its process could not be killed";
  } else if (!allowed && known) {
    line += " = " + fate_text(event.call.arch, event.call.number, event.action);
  }
  std::string process = process_text(event.process);
  if (event.process_gone) process += ", which has ended: another process may have made the call";
  if (!process.empty()) line += "  [" + process + "]";
  line += rule_text(event);
  if (event.count > 1) line += "  " + std::to_string(event.count) + " times";
  if (through && !allowed) line += ", allowed";
  if (!event.capabilities.empty()) line += "; allowed with --cap " + join(event.capabilities, " or ");
  return line;
}

}  // namespace sandbox::report
