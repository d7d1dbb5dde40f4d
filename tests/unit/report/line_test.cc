#include "report/line.h"

#include <gtest/gtest.h>

#include <string>

#include "arch/abi.h"
#include "report/sample_event.h"

namespace sandbox::report {
namespace {

using testing::sample_event;

#if !defined(__x86_64__) || defined(__ILP32__)
#define SKIP_IF_NOT_X86_64() GTEST_SKIP() << "the texts are those of an x86_64 machine"
#else
#define SKIP_IF_NOT_X86_64() (void)0
#endif

class DenialLine : public ::testing::Test {
 protected:
  void SetUp() override { SKIP_IF_NOT_X86_64(); }
};

TEST_F(DenialLine, Errno) {
  EXPECT_EQ(denial_line(sample_event()),
            "denied socket(AF_PACKET, SOCK_RAW, 768) = EPERM  [tcpdump, pid 4711]  by beat.yml:9 (errno)");
}

TEST_F(DenialLine, WithoutArguments) {
  Event event = sample_event();
  event.arguments = "";
  EXPECT_EQ(denial_line(event), "denied socket() = EPERM  [tcpdump, pid 4711]  by beat.yml:9 (errno)");
  event.arguments_known = false;
  EXPECT_EQ(denial_line(event), "denied socket = EPERM  [tcpdump, pid 4711]  by beat.yml:9 (errno)");
}

std::string of_action(uint32_t action, Outcome outcome = Outcome::kEnforced) {
  Event event = sample_event();
  event.action = action;
  event.outcome = outcome;
  return denial_line(event);
}

TEST_F(DenialLine, EveryAction) {
  EXPECT_EQ(
      of_action(SECCOMP_RET_KILL_PROCESS),
      "denied socket(AF_PACKET, SOCK_RAW, 768) = process killed  [tcpdump, pid 4711]  by beat.yml:9 (kill_process)");
  EXPECT_EQ(
      of_action(SECCOMP_RET_KILL_THREAD),
      "denied socket(AF_PACKET, SOCK_RAW, 768) = thread killed  [tcpdump, pid 4711]  by beat.yml:9 (kill_thread)");
  EXPECT_EQ(of_action(SECCOMP_RET_TRAP),
            "denied socket(AF_PACKET, SOCK_RAW, 768) = SIGSYS  [tcpdump, pid 4711]  by beat.yml:9 (trap)");
  EXPECT_EQ(of_action(SECCOMP_RET_TRACE),
            "denied socket(AF_PACKET, SOCK_RAW, 768) = left to its tracer  [tcpdump, pid 4711]  by beat.yml:9 (trace)");
  EXPECT_EQ(of_action(SECCOMP_RET_USER_NOTIF),
            "denied socket(AF_PACKET, SOCK_RAW, 768) = left to its supervisor  [tcpdump, pid 4711]  by beat.yml:9 "
            "(user_notif)");
  EXPECT_EQ(of_action(SECCOMP_RET_LOG),
            "logged socket(AF_PACKET, SOCK_RAW, 768)  [tcpdump, pid 4711]  by beat.yml:9 (log)");
  EXPECT_EQ(of_action(SECCOMP_RET_ERRNO | 4000),
            "denied socket(AF_PACKET, SOCK_RAW, 768) = 4000  [tcpdump, pid 4711]  by beat.yml:9 (errno)");
  EXPECT_EQ(of_action(0x12340000),
            "denied socket(AF_PACKET, SOCK_RAW, 768) = 0x12340000  [tcpdump, pid 4711]  by beat.yml:9 (0x12340000)");
}

TEST_F(DenialLine, LetThrough) {
  EXPECT_EQ(of_action(SECCOMP_RET_ERRNO | 38, Outcome::kAllowed),
            "would deny socket(AF_PACKET, SOCK_RAW, 768) = ENOSYS  [tcpdump, pid 4711]  by beat.yml:9 (errno), "
            "allowed");
  EXPECT_EQ(of_action(SECCOMP_RET_KILL_PROCESS, Outcome::kAllowed),
            "would deny socket(AF_PACKET, SOCK_RAW, 768) = process killed  [tcpdump, pid 4711]  by beat.yml:9 "
            "(kill_process), allowed");
  EXPECT_EQ(of_action(SECCOMP_RET_LOG, Outcome::kAllowed),
            "logged socket(AF_PACKET, SOCK_RAW, 768)  [tcpdump, pid 4711]  by beat.yml:9 (log)");
}

TEST_F(DenialLine, AKillThatCannotBeDone) {
  EXPECT_EQ(
      of_action(SECCOMP_RET_KILL_PROCESS, Outcome::kWaits),
      "denied socket(AF_PACKET, SOCK_RAW, 768), which waits: its process could not be killed  [tcpdump, pid 4711]  "
      "by beat.yml:9 (kill_process)");
}

TEST_F(DenialLine, AProcessThatHasEnded) {
  Event event = sample_event();
  event.process_gone = true;
  EXPECT_EQ(denial_line(event),
            "denied socket(AF_PACKET, SOCK_RAW, 768) = EPERM  [tcpdump, pid 4711, which has ended: another process may "
            "have made the call]  by beat.yml:9 (errno)");
}

TEST_F(DenialLine, WhatDecides) {
  Event event = sample_event();
  event.rule_kind = "the default action";
  event.rule = "beat.yml:3:3";
  EXPECT_EQ(
      denial_line(event),
      "denied socket(AF_PACKET, SOCK_RAW, 768) = EPERM  [tcpdump, pid 4711]  by beat.yml:3 (default_action: errno)");
  event.default_words = "not in SystemCallFilter=";
  EXPECT_EQ(denial_line(event),
            "denied socket(AF_PACKET, SOCK_RAW, 768) = EPERM  [tcpdump, pid 4711]  by beat.yml:3 (not in "
            "SystemCallFilter=: errno)");
  event.rule_kind = "kernel:";
  event.action = SECCOMP_RET_ERRNO | 38;
  EXPECT_EQ(denial_line(event),
            "denied socket(AF_PACKET, SOCK_RAW, 768) = ENOSYS  [tcpdump, pid 4711]  by beat.yml:3 (kernel: errno)");
  event.rule_kind = "above the largest number named";
  EXPECT_EQ(denial_line(event),
            "denied socket(AF_PACKET, SOCK_RAW, 768) = ENOSYS  [tcpdump, pid 4711]  by beat.yml:3 (above the largest "
            "number named)");
  event.rule_kind = "a fixed rule";
  event.rule = "";
  EXPECT_EQ(denial_line(event),
            "denied socket(AF_PACKET, SOCK_RAW, 768) = ENOSYS  [tcpdump, pid 4711]  by a fixed rule (no such call)");
  const Event before = event;
  event.call.number = 0x4000013d;  // x32's seccomp: no listener was asked for.
  EXPECT_EQ(denial_line(event),
            "denied x32 seccomp(AF_PACKET, SOCK_RAW, 768) = ENOSYS  [tcpdump, pid 4711]  by a fixed rule (no such "
            "call)");
  event.rule_kind = "the listener guard";
  EXPECT_EQ(denial_line(event),
            "denied x32 seccomp(AF_PACKET, SOCK_RAW, 768) = ENOSYS  [tcpdump, pid 4711]  by a fixed rule (no listener "
            "beside sandbox-run's own)");
  event = before;
  event.call.arch = AUDIT_ARCH_I386;
  event.action = SECCOMP_RET_KILL_PROCESS;
  EXPECT_EQ(denial_line(event),
            "denied x86 dup(AF_PACKET, SOCK_RAW, 768) = process killed  [tcpdump, pid 4711]  by a fixed rule (no calls "
            "through x86)");
  event = sample_event();
  event.rule = "";
  EXPECT_EQ(denial_line(event),
            "denied socket(AF_PACKET, SOCK_RAW, 768) = EPERM  [tcpdump, pid 4711]  by beat.yml (errno)");
  event.policy = "";
  EXPECT_EQ(denial_line(event), "denied socket(AF_PACKET, SOCK_RAW, 768) = EPERM  [tcpdump, pid 4711]  (errno)");
}

TEST_F(DenialLine, OnlyALineAndAColumnAreCut) {
  Event event = sample_event();
  const auto place = [&](const std::string& rule) {
    event.rule = rule;
    const std::string line = denial_line(event);
    return line.substr(line.find("  by ") + 5);
  };
  EXPECT_EQ(place("a:1:b.yml:12:3"), "a:1:b.yml:12 (errno)");
  EXPECT_EQ(place("b.yml:12"), "b.yml:12 (errno)");
  EXPECT_EQ(place("b.yml"), "b.yml (errno)");
  EXPECT_EQ(place(":1"), ":1 (errno)");
}

TEST_F(DenialLine, AnAuditRecord) {
  Event event = sample_event();
  event.process.thread = 0;
  event.sequence = 4;
  event.action = SECCOMP_RET_ERRNO;  // Its data is not in the record.
  event.arguments_known = false;
  event.rule = event.rule_kind = event.policy = "";
  EXPECT_EQ(denial_line(event), "denied socket  [tcpdump, pid 4711]  (errno)");
  event.action = SECCOMP_RET_KILL_PROCESS;
  EXPECT_EQ(denial_line(event), "denied socket = process killed  [tcpdump, pid 4711]  (kill_process)");
}

TEST_F(DenialLine, ProcessAndThread) {
  Event event = sample_event();
  event.process.thread = 4712;
  event.count = 3;
  EXPECT_EQ(
      denial_line(event),
      "denied socket(AF_PACKET, SOCK_RAW, 768) = EPERM  [tcpdump, pid 4711, thread 4712]  by beat.yml:9 (errno)  3 "
      "times");
  event = sample_event();
  event.process = {};
  EXPECT_EQ(denial_line(event), "denied socket(AF_PACKET, SOCK_RAW, 768) = EPERM  by beat.yml:9 (errno)");
}

TEST_F(DenialLine, IsPrintableAndShortWhateverTheEventHolds) {
  Event event = sample_event();
  for (std::string* text : {&event.process.name, &event.arguments, &event.rule, &event.rule_kind, &event.policy}) {
    *text = std::string(100000, '\x1b');
  }
  const std::string line = denial_line(event);
  EXPECT_LT(line.size(), kMaxLineLength);
  EXPECT_EQ(line.find_first_of("\x1b\n"), std::string::npos);
  EXPECT_TRUE(line.starts_with("denied socket(\\x1b\\x1b")) << line;
}

TEST_F(DenialLine, CallText) {
  EXPECT_EQ(call_text(AUDIT_ARCH_X86_64, 41), "socket");
  EXPECT_EQ(call_text(AUDIT_ARCH_X86_64, 4711), "call 4711");
  EXPECT_EQ(call_text(AUDIT_ARCH_X86_64, 0x40000000), "x32 read");
  EXPECT_EQ(call_text(AUDIT_ARCH_X86_64, 0x40001267), "x32 call 4711");
  EXPECT_EQ(call_text(AUDIT_ARCH_X86_64, UINT32_MAX), "call -1");
  EXPECT_EQ(call_text(AUDIT_ARCH_I386, UINT32_MAX), "x86 call -1");
  EXPECT_EQ(call_text(AUDIT_ARCH_I386, 102), "x86 socketcall");
  EXPECT_EQ(call_text(0x1234, 5), "call 5 of arch 0x1234");
  EXPECT_EQ(call_text(0x1234, UINT32_MAX), "call -1 of arch 0x1234");
}

}  // namespace
}  // namespace sandbox::report
