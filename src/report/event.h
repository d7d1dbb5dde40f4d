// A system call that a policy did not simply allow, and what became of it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/abi.h"
#include "bpf/program.h"
#include "report/landlock_reason.h"
#include "resolve/rule_set.h"

namespace sandbox::report {

/// The process that made the call, as far as it could be found out.
struct Process {
  pid_t pid = 0;           ///< The process, in the PID namespace of the reporter.
  pid_t thread = 0;        ///< Of the thread that made the call.
  std::string name;        ///< Of the thread (comm), as it stands: it may hold anything but NUL.
  std::string executable;  ///< Its path; empty where it cannot be read.
  std::optional<uint32_t> user;
  std::optional<uint32_t> group;
  std::string user_name;               ///< Empty: not looked up. The launcher never does (it uses no NSS).
  std::string group_name;              ///< The same.
  std::optional<uint32_t> audit_user;  ///< None: unset.
  std::optional<uint32_t> session;     ///< The audit session; none: unset.
};

/// Who says so, and what was done with the call.
enum class Outcome : uint8_t {
  kEnforced,  ///< It got the verdict.
  kAllowed,   ///< It would have got the verdict, and was allowed (--permissive).
  kWaits,     ///< It was to be killed for, which could not be done: it waits without an answer.
};

struct Event {
  std::chrono::system_clock::time_point time;
  Process process;
  bpf::SystemCall call;   ///< As the filter saw it.
  std::string arguments;  ///< Decoded, "AF_PACKET, SOCK_RAW, 768"; empty where they are not known (audit records).
  bool arguments_known = false;
  uint32_t action = 0;  ///< SECCOMP_RET_* with its data: the verdict, or what the kernel's record has as `code`.
  Outcome outcome = Outcome::kEnforced;
  std::string rule;  ///< The deciding line, "beat.yml:9:5"; empty where it is not known.
  /// What stands there: "a group", "the default action", "kernel:", "a fixed rule", "the listener guard"; may be empty.
  std::string rule_kind;
  std::string default_words;  ///< With "the default action": what the format calls it; empty: "default_action".
  std::string policy;  ///< The policies that apply, "beat.yml and profile default"; empty where they are not known.
  /// Those with which a container profile would allow the call, each by itself: "CAP_SYS_ADMIN", "CAP_BPF,CAP_PERFMON".
  std::vector<std::string> capabilities;
  bool process_gone = false;  ///< It had ended before its name was read: another one may have had its number by then.
  std::optional<LandlockReason> landlock;  ///< Landlock denied the call, with the errno of `action`, and no filter.
  uint64_t count = 0;  ///< How many such calls the event stands for; 0: for this one, or not counted.
  // What only the kernel's own record has.
  std::optional<uint32_t> sequence;  ///< Of the audit record.
  std::optional<uint32_t> signal;    ///< `sig`.
  std::optional<uint32_t> compat;    ///< `compat`.
};

/// The `rule_kind` of a call that --report denies by itself: a filter that traces (compile::installs_filter()).
inline constexpr const char* kTraceGuard = "the trace guard";

/// "2026-04-06T10:27:30.755Z".
std::string timestamp(std::chrono::system_clock::time_point time);

}  // namespace sandbox::report
