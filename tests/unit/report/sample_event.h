// An event to start from.
#pragma once

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <chrono>

#include "report/event.h"

namespace sandbox::testing {

/// tcpdump, whose socket(AF_PACKET, SOCK_RAW, 768) gets EPERM; on x86_64.
inline report::Event sample_event() {
  report::Event event;
  event.time = std::chrono::system_clock::time_point(std::chrono::milliseconds(1775471250755));
  event.process = {.pid = 4711,
                   .thread = 4711,
                   .name = "tcpdump",
                   .executable = "/usr/bin/tcpdump",
                   .user = 1000,
                   .group = 100,
                   .user_name = "",
                   .group_name = "",
                   .audit_user = 1000,
                   .session = 3};
  event.call = {.number = 41, .arch = AUDIT_ARCH_X86_64, .args = {17, 3, 768}, .instruction_pointer = 0x7f1b13ed7829};
  event.arguments = "AF_PACKET, SOCK_RAW, 768";
  event.arguments_known = true;
  event.action = SECCOMP_RET_ERRNO | 1;
  event.rule = "beat.yml:9:5";
  event.rule_kind = "a group";
  event.policy = "beat.yml";
  return event;
}

}  // namespace sandbox::testing
