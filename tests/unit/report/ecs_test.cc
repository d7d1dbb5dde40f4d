#include "report/ecs.h"

#include <gtest/gtest.h>

#include <string>

#include "arch/abi.h"
#include "report/sample_event.h"

namespace sandbox::report {
namespace {

using testing::sample_event;

/// Removes the line ends and the indentation: a document as it can be read.
std::string one_line(const std::string& document) {
  std::string text;
  for (size_t at = 0; at < document.size();) {
    const size_t end = document.find('\n', at);
    const size_t start = document.find_first_not_of(' ', at);
    text += document.substr(start, end - start);
    at = end + 1;
  }
  return text + "\n";
}

std::string compat_of(arch::Abi abi) {
  return abi == arch::native_abi() ? "0" : "1";
}

TEST(EcsLine, HasAllFieldsOfAuditbeatsEvent) {
  Event event = sample_event();
  event.process.user_name = "ann";
  event.process.group_name = "users";
  event.sequence = 4;
  event.signal = 0;
  event.compat = 0;
  EXPECT_EQ(ecs_line(event), one_line(R"({"@timestamp":"2026-04-06T10:27:30.755Z",
"event":{"kind":"event","module":"auditd","action":"violated-seccomp-policy","outcome":"unknown",
  "category":["process"],"type":["info"]},
"service":{"type":"auditd"},
"process":{"pid":4711,"name":"tcpdump","executable":"/usr/bin/tcpdump"},
"user":{"id":"1000","name":"ann","group":{"id":"100","name":"users"},"audit":{"id":"1000"}},
"auditd":{"message_type":"seccomp","result":"unknown","sequence":4,"session":"3",
  "summary":{"actor":{"primary":"1000","secondary":"1000"},
    "object":{"type":"process","primary":"socket"},"how":"/usr/bin/tcpdump"},
  "data":{"arch":"x86_64","syscall":"socket","sig":"0","code":"0x50000","compat":"0","ip":"0x7f1b13ed7829"}},
"sandbox_run":{"args":"AF_PACKET, SOCK_RAW, 768","action":"errno","errno":"EPERM","rule":"beat.yml:9:5",
  "policy":"beat.yml","outcome":"enforced"}}
)"));
}

TEST(EcsLine, LeavesOutWhatIsNotKnown) {
  Event event;
  event.call = {.number = 124, .arch = AUDIT_ARCH_I386, .args = {}, .instruction_pointer = 0};
  event.action = SECCOMP_RET_KILL_PROCESS;
  EXPECT_EQ(ecs_line(event), one_line(R"({"@timestamp":"1970-01-01T00:00:00.000Z",
"event":{"kind":"event","module":"auditd","action":"violated-seccomp-policy","outcome":"unknown",
  "category":["process"],"type":["info"]},
"service":{"type":"auditd"},
"auditd":{"message_type":"seccomp","result":"unknown",
  "summary":{"object":{"type":"process","primary":"adjtimex"}},
  "data":{"arch":"i386","syscall":"adjtimex","sig":"SIGSYS","code":"0x80000000","compat":")" +
                                      compat_of(arch::Abi::kX86) + R"(","ip":"0x0"}},
"sandbox_run":{"action":"kill_process","outcome":"enforced"}}
)"));
}

/// The part of the line that begins with `"KEY":`, up to the next comma or closing bracket.
std::string member(const std::string& line, const std::string& key) {
  const size_t at = line.find("\"" + key + "\":");
  if (at == std::string::npos) return "none";
  size_t end = at;
  int depth = 0;
  for (; end < line.size(); ++end) {
    if (line[end] == '[') ++depth;
    if (line[end] == ']') --depth;
    if (depth == 0 && (line[end] == ',' || line[end] == '}')) break;
  }
  return line.substr(at + key.size() + 3, end - at - key.size() - 3);
}

std::string of_call(uint32_t number, const std::string& key) {
  Event event = sample_event();
  event.call.number = number;
  return member(ecs_line(event), key);
}

TEST(EcsLine, CategoryAndTypeComeFromTheCall) {
  const auto types = [](uint32_t number) {
    Event event = sample_event();
    event.call.number = number;
    const std::string line = ecs_line(event);
    const size_t at = line.find("\"category\"");
    return line.substr(at, line.find("},\"service\"") - at);
  };
  EXPECT_EQ(types(59), R"("category":["process"],"type":["start"])");
  EXPECT_EQ(types(42), R"("category":["network"],"type":["connection","start"])");
  EXPECT_EQ(types(165), R"("category":["file"],"type":["creation"])");
  EXPECT_EQ(types(0), R"("category":["process"],"type":["info"])");
}

std::string of_action(uint32_t action, const std::string& key, Outcome outcome = Outcome::kEnforced) {
  Event event = sample_event();
  event.action = action;
  event.outcome = outcome;
  return member(ecs_line(event), key);
}

TEST(EcsLine, CodeIsTheActionWithoutItsDataAndOnlyKillsHaveASignal) {
  EXPECT_EQ(of_action(SECCOMP_RET_KILL_PROCESS, "code"), "\"0x80000000\"");
  EXPECT_EQ(of_action(SECCOMP_RET_KILL_PROCESS, "sig"), "\"SIGSYS\"");
  EXPECT_EQ(of_action(SECCOMP_RET_KILL_THREAD, "code"), "\"0x0\"");
  EXPECT_EQ(of_action(SECCOMP_RET_KILL_THREAD, "sig"), "\"SIGSYS\"");
  EXPECT_EQ(of_action(SECCOMP_RET_TRAP | 7, "code"), "\"0x30000\"");
  EXPECT_EQ(of_action(SECCOMP_RET_TRAP | 7, "sig"), "\"0\"");
  EXPECT_EQ(of_action(SECCOMP_RET_ERRNO | 38, "code"), "\"0x50000\"");
  EXPECT_EQ(of_action(SECCOMP_RET_ERRNO | 38, "errno"), "\"ENOSYS\"");
  EXPECT_EQ(of_action(SECCOMP_RET_TRACE, "code"), "\"0x7ff00000\"");
  EXPECT_EQ(of_action(SECCOMP_RET_USER_NOTIF, "code"), "\"0x7fc00000\"");
  EXPECT_EQ(of_action(SECCOMP_RET_USER_NOTIF, "action"), "\"violated-seccomp-policy\"");
  EXPECT_EQ(of_action(SECCOMP_RET_LOG, "code"), "\"0x7ffc0000\"");
}

TEST(EcsLine, ACallThatIsLetThroughIsNoKill) {
  EXPECT_EQ(of_action(SECCOMP_RET_KILL_PROCESS, "code", Outcome::kAllowed), "\"0x7ffc0000\"");
  EXPECT_EQ(of_action(SECCOMP_RET_KILL_PROCESS, "sig", Outcome::kAllowed), "\"0\"");
  EXPECT_EQ(of_action(SECCOMP_RET_ERRNO | 1, "errno", Outcome::kAllowed), "\"EPERM\"");
  Event event = sample_event();
  event.outcome = Outcome::kAllowed;
  EXPECT_NE(ecs_line(event).find("\"outcome\":\"let_through\""), std::string::npos);
}

TEST(EcsLine, WhatCouldNotBeDoneOrIsNotCertain) {
  Event event = sample_event();
  EXPECT_EQ(ecs_line(event).find("process_gone"), std::string::npos);
  event.outcome = Outcome::kWaits;
  event.process_gone = true;
  EXPECT_NE(ecs_line(event).find("\"outcome\":\"waits\""), std::string::npos);
  EXPECT_NE(ecs_line(event).find("\"process_gone\":true"), std::string::npos);
}

TEST(EcsLine, AnAuditRecordHasTheSignalOfItsOwnAndNoErrno) {
  Event event = sample_event();
  event.action = SECCOMP_RET_ERRNO;
  event.signal = 31;
  event.compat = 1;
  event.process.thread = 0;
  const std::string line = ecs_line(event);
  EXPECT_EQ(member(line, "sig"), "\"SIGSYS\"");
  EXPECT_EQ(member(line, "compat"), "\"1\"");
  EXPECT_EQ(member(line, "errno"), "none");
  EXPECT_EQ(member(line, "thread"), "none");
}

TEST(EcsLine, NumbersWhereAuditbeatKnowsNoName) {
  EXPECT_EQ(of_call(4711, "syscall"), "\"4711\"");
  EXPECT_EQ(of_call(0x40000000, "syscall"), "\"1073741824\"");  // x32's read: arch is x86_64, which has no such call.
  Event event = sample_event();
  event.call.arch = 0x12345678;
  EXPECT_EQ(member(ecs_line(event), "arch"), "\"0x12345678\"");
  EXPECT_EQ(member(ecs_line(event), "syscall"), "\"41\"");
}

TEST(EcsLine, TheThreadWhereItIsNotTheProcessAndTheCount) {
  Event event = sample_event();
  event.process.thread = 4712;
  event.count = 17;
  EXPECT_EQ(member(ecs_line(event), "thread"), "4712");
  EXPECT_EQ(member(ecs_line(event), "count"), "17");
}

TEST(EcsLine, IsOneLineOfUtf8WhateverANameHolds) {
  Event event = sample_event();
  event.process.name = "a\nb\"\\\xff\x01";
  const std::string line = ecs_line(event);
  EXPECT_EQ(member(line, "name"), R"("a\nb\"\\\ufffd\u0001")");
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(EcsSummaryLine, CountsOneCall) {
  const Total total = {.arch = AUDIT_ARCH_X86_64,
                       .number = 42,
                       .action = SECCOMP_RET_ERRNO | 1,
                       .rule = "beat.yml:9:5",
                       .rule_kind = "a group",
                       .processes = {"curl", "git"},
                       .count = 17};
  EXPECT_EQ(ecs_summary_line(total, sample_event().time, "beat.yml"),
            one_line(R"({"@timestamp":"2026-04-06T10:27:30.755Z",
"event":{"kind":"metric","module":"sandbox_run","action":"counted-seccomp-violations","outcome":"unknown",
  "category":["network"],"type":["connection","start"]},
"service":{"type":"sandbox_run"},
"auditd":{"data":{"arch":"x86_64","syscall":"connect"}},
"sandbox_run":{"action":"errno","errno":"EPERM","rule":"beat.yml:9:5","policy":"beat.yml",
  "processes":["curl","git"],"count":17}}
)"));
}

}  // namespace
}  // namespace sandbox::report
