// Events as people read them.
#pragma once

#include <cstddef>
#include <string>

#include "report/event.h"

namespace sandbox::report {

/// No line is longer: a line on a terminal, in a journal or a log comes through whole.
inline constexpr size_t kMaxLineLength = 4000;

/// "denied socket(AF_PACKET, SOCK_RAW, 768) = EPERM  [tcpdump, pid 4711]  by beat.yml:9 (errno)"
///
/// One printable line without a newline, for any event.
std::string denial_line(const Event& event);

/// The name of a call by its AUDIT_ARCH_* value and its number: "socket", "call 4711" where it has no name, "call -1"
/// for the number by which a tracer skips one; through an ABI that is not the machine's own "x86 socket".
std::string call_text(uint32_t arch, uint32_t number);

/// The policy's word for a SECCOMP_RET_* value: "errno", "kill_process"; its number for what no policy can ask for.
std::string action_name(uint32_t action);

/// What a call gets by a SECCOMP_RET_* value: "EPERM", "process killed". "errno" where the number is not known.
std::string fate_text(uint32_t arch, uint32_t number, uint32_t action);

}  // namespace sandbox::report
