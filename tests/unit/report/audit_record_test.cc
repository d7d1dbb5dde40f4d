#include "report/audit_record.h"

#include <gtest/gtest.h>
#include <linux/seccomp.h>

#include <string>
#include <vector>

#include "report/ecs.h"
#include "report/line.h"
#include "support/random.h"

namespace sandbox::report {
namespace {

// As read on Linux 6.18.
const std::string kRecord =
    "audit(1795463197.445:4): auid=4294967295 uid=0 gid=0 ses=4294967295 pid=13728 comm=\"killme\" "
    "exe=\"/usr/bin/killme\" sig=31 arch=c000003e syscall=124 compat=0 ip=0x7f1b13ed7829 code=0x80000000";

std::string with(std::string record, const std::string& what, const std::string& instead) {
  const size_t at = record.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return record.replace(at, what.size(), instead);
}

Event event_of(const std::string& line) {
  const auto event = read_audit_line(line);
  if (!event) {
    ADD_FAILURE() << "no event: " << line;
    return {};
  }
  return *event;
}

void expect_none(const std::string& line, NoRecord why) {
  const auto event = read_audit_line(line);
  ASSERT_FALSE(event) << line;
  EXPECT_EQ(event.error(), why) << line;
}

void expect_kernels_event(const Event& event) {
  EXPECT_EQ(timestamp(event.time), "2026-11-23T19:46:37.445Z");
  EXPECT_EQ(event.sequence, 4);
  EXPECT_EQ(event.process.pid, 13728);
  EXPECT_EQ(event.process.thread, 0);
  EXPECT_EQ(event.process.name, "killme");
  EXPECT_EQ(event.process.executable, "/usr/bin/killme");
  EXPECT_EQ(event.process.user, 0);
  EXPECT_EQ(event.process.group, 0);
  EXPECT_EQ(event.process.audit_user, std::nullopt);
  EXPECT_EQ(event.process.session, std::nullopt);
  EXPECT_EQ(event.signal, 31);
  EXPECT_EQ(event.compat, 0);
  EXPECT_EQ(event.call.arch, 0xc000003e);
  EXPECT_EQ(event.call.number, 124);
  EXPECT_EQ(event.call.instruction_pointer, 0x7f1b13ed7829);
  EXPECT_EQ(event.action, SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(event.outcome, Outcome::kEnforced);
  EXPECT_FALSE(event.arguments_known);
  EXPECT_EQ(event.count, 0);
}

TEST(AuditRecord, AsTheKernelSendsIt) {
  const auto event = read_audit_record(kRecord);
  ASSERT_TRUE(event);
  expect_kernels_event(*event);
  EXPECT_EQ(event->process.user_name, "");
  EXPECT_EQ(event->process.group_name, "");
}

TEST(AuditRecord, InEveryKindOfLog) {
  const std::string lines[] = {
      "type=SECCOMP msg=" + kRecord,                        // auditd
      "type=SECCOMP msg=" + kRecord + "\r",                 // that has been through Windows
      "type=1326 msg=" + kRecord,                           // auditd that knows no names
      "type=UNKNOWN[1326] msg=" + kRecord,                  // an old one
      "node=web1.example.org type=SECCOMP msg=" + kRecord,  // name_format
      "Nov 24 04:33:38 web1 audisp-syslog[512]: type=SECCOMP msg=" + kRecord,
      "type=1326 " + kRecord,
      "[   12.345678] audit: type=1326 " + kRecord,                // dmesg
      "[   12.345678] type=1326 " + kRecord,                       // before Linux 3.13
      "<5>[   12.345678] audit: type=1326 " + kRecord,             // dmesg -r
      "5,1234,12345678,-;audit: type=1326 " + kRecord,             // /dev/kmsg
      "Nov 24 04:33:38 web1 kernel: audit: type=1326 " + kRecord,  // journalctl -k
      "2026-11-24T04:33:38.123456+0000 web1 kernel: audit: type=1326 " + kRecord,
      "[Tue Nov 24 04:33:38 2026] audit: type=1326 " + kRecord + " ",  // dmesg -T
  };
  for (const std::string& line : lines) {
    SCOPED_TRACE(line);
    expect_kernels_event(event_of(line));
  }
}

TEST(AuditRecord, EnrichedWithNames) {
  const std::string line = "type=SECCOMP msg=" + kRecord +
                           "\x1d"
                           "AUID=\"unset\" UID=\"root\" GID=\"wheel\" ARCH=x86_64 SYSCALL=sched_getparam";
  expect_kernels_event(event_of(line));
  EXPECT_EQ(event_of(line).process.user_name, "root");
  EXPECT_EQ(event_of(line).process.group_name, "wheel");
  const std::string unknown = "type=SECCOMP msg=" + kRecord +
                              "\x1d"
                              "ARCH=x86_64 AUID=\"a\" UID=\"unknown(0)\" GID=\"un";
  expect_kernels_event(event_of(unknown));
  EXPECT_EQ(event_of(unknown).process.user_name, "");
  EXPECT_EQ(event_of(unknown).process.group_name, "");
  // An upper-case copy is no field.
  EXPECT_EQ(event_of("type=SECCOMP msg=" + kRecord +
                     "\x1d"
                     "PID=1 pid=2 syscall=3")
                .process.pid,
            13728);
}

TEST(AuditRecord, LabelsOfSecurityModules) {
  for (const std::string label :
       {"unconfined", "system_u:system_r:init_t:s0-s0:c0.c1023", "/usr/bin/killme (enforce)", "=unconfined", "?", ""}) {
    const std::string record = with(kRecord, " pid=", " subj=" + label + " pid=");
    expect_kernels_event(event_of("type=SECCOMP msg=" + record));
    expect_kernels_event(event_of("audit: type=1326 " + record));
  }
}

TEST(AuditRecord, Ids) {
  const std::string line =
      with(with(with(with("type=1326 " + kRecord, "auid=4294967295", "auid=1000"), " uid=0", " uid=4294967294"),
                "gid=0", "gid=4294967295"),
           "ses=4294967295", "ses=17");
  const Process process = event_of(line).process;
  EXPECT_EQ(process.audit_user, 1000);
  EXPECT_EQ(process.user, 4294967294);
  EXPECT_EQ(process.group, std::nullopt);
  EXPECT_EQ(process.session, 17);
}

TEST(AuditRecord, NamesInHexadecimal) {
  const auto name = [](const std::string& written) {
    return event_of("type=1326 " + with(kRecord, "\"killme\"", written)).process.name;
  };
  EXPECT_EQ(name("6120622263"), "a b\"c");
  EXPECT_EQ(name("0A1B07FF"), "\n\x1b\x07\xff");
  EXPECT_EQ(name("c3a4"), "\xc3\xa4");
  EXPECT_EQ(name("\"\""), "");
  EXPECT_EQ(name("\"pid=1,syscall=2\""), "pid=1,syscall=2");
  EXPECT_EQ(name("\"(null)\""), "(null)");
}

TEST(AuditRecord, Executables) {
  const auto executable = [](const std::string& written) {
    return event_of("type=1326 " + with(kRecord, "\"/usr/bin/killme\"", written)).process.executable;
  };
  EXPECT_EQ(executable("2F746D702F78202864656C6574656429"), "/tmp/x (deleted)");
  EXPECT_EQ(executable("(null)"), "");
  EXPECT_EQ(executable("\"<no_memory>\""), "");
  EXPECT_EQ(executable("\"<too_long>\""), "");
  const std::string none = with(kRecord, " exe=\"/usr/bin/killme\"", "");  // Kernels before 3.11 do not write it.
  EXPECT_EQ(event_of("type=1326 " + none).process.executable, "");
}

TEST(AuditRecord, Calls) {
  const auto call = [](const std::string& arch, const std::string& number) {
    return event_of("type=1326 " + with(with(kRecord, "c000003e", arch), "syscall=124", "syscall=" + number)).call;
  };
  EXPECT_EQ(call("40000003", "102").arch, 0x40000003);
  EXPECT_EQ(call("28", "102").arch, 0x28);
  EXPECT_EQ(event_of("type=1326 " + with(kRecord, "compat=0", "compat=1")).compat, 1);
  EXPECT_EQ(call("c000003e", "-1").number, 0xffffffff);
  EXPECT_EQ(call("c000003e", "-2147483648").number, 0x80000000);
  EXPECT_EQ(call("c000003e", "1073741824").number, 0x40000000);
  EXPECT_EQ(call("c000003e", "0").number, 0);
}

TEST(AuditRecord, Actions) {
  for (const uint32_t action : {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO,
                                SECCOMP_RET_USER_NOTIF, SECCOMP_RET_TRACE, SECCOMP_RET_LOG}) {
    char text[16];
    std::snprintf(text, sizeof text, "0x%x", action);
    const std::string record = with(with(kRecord, "0x80000000", text), "sig=31", "sig=0");
    EXPECT_EQ(event_of("type=1326 " + record).action, action);
    EXPECT_EQ(event_of("type=1326 " + record).signal, 0);
    // A line that was cut anywhere never reads as another one.
    for (size_t size = 0; size < record.size(); ++size) {
      EXPECT_FALSE(read_audit_line("type=SECCOMP msg=" + record.substr(0, size))) << record.substr(0, size);
      EXPECT_FALSE(read_audit_line("[ 1.2] audit: type=1326 " + record.substr(0, size))) << record.substr(0, size);
    }
  }
}

// What a later kernel may know, or a filter made up: kill_process, but the record has what the filter returned.
TEST(AuditRecord, UnknownActions) {
  const std::string record = with(kRecord, "0x80000000", "0x12340000");
  expect_none("type=SECCOMP msg=" + record, NoRecord::kUnreadable);  // It may have been cut.
  EXPECT_EQ(event_of("type=SECCOMP msg=" + record +
                     "\x1d"
                     "ARCH=x86_64")
                .action,
            0x12340000);
  const auto event = read_audit_record(record);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->action, 0x12340000);
}

TEST(AuditRecord, CutBeforeTheRecordBegins) {
  for (const std::string line :
       {"type=SECCOMP", "type=SECCOMP msg=", "type=SECCOMP msg=audi", "type=SECCOMP x", "[ 1.2] audit: type=1326",
        "[ 1.2] audit: type=1326 aud", "node=a type=SECCOMP msg=audit("}) {
    expect_none(line, NoRecord::kUnreadable);
  }
}

TEST(AuditRecord, OtherLines) {
  const std::string lines[] = {
      "",
      " ",
      "type=",
      "type=1326x " + kRecord,
      "mytype=1326 " + kRecord,
      "type=SYSCALL msg=" + kRecord,
      "type=AVC msg=audit(1795463197.445:4): avc:  denied  { read } for  pid=1 comm=\"x\"",
      "[   12.345678] audit: type=1400 audit(1795463197.445:4): apparmor=\"DENIED\" operation=\"open\"",
      "[   12.345678] random: crng init done",
      "Nov 24 04:33:38 web1 kernel: audit: type=1300 " + kRecord,
      "Nov 24 04:33:38 web1 audit[13728]: SECCOMP auid=4294967295 uid=0",
      "----",
      "time->Tue Nov 24 04:33:38 2026",
  };
  for (const std::string& line : lines) expect_none(line, NoRecord::kAnother);
}

// Records that programs write have texts of theirs in them.
TEST(AuditRecord, ForgedInAnotherRecord) {
  expect_none("type=USER_CMD msg=audit(1.000:1): pid=1 uid=0 msg='cmd=x type=1326 " + kRecord + "'",
              NoRecord::kAnother);
  expect_none("node=a type=USER msg=audit(1.000:1): msg='type=SECCOMP msg=" + kRecord + "'", NoRecord::kAnother);
  expect_none("audit: type=1107 audit(1.000:1): msg='audit: type=1326 " + kRecord + "'", NoRecord::kAnother);
  expect_none("type=OTHER type=1326 " + kRecord, NoRecord::kAnother);
}

TEST(AuditRecord, Unreadable) {
  const std::pair<std::string, std::string> changes[] = {
      {"1795463197.445:4", "1795463197.445"},
      {"1795463197.445:4", "1795463197:4"},
      {"1795463197.445:4", "1795463197.45:4"},
      {"1795463197.445:4", "1795463197.4450:4"},
      {"1795463197.445:4", "-1795463197.445:4"},
      {"1795463197.445:4", "99999999999999999999.445:4"},
      {"1795463197.445:4", "9223372036.445:4"},
      {"1795463197.445:4", "11/23/2026 19:46:37.445:4"},
      {"1795463197.445:4", "1795463197.445:4294967296"},
      {"4): ", "4) "},
      {"uid=0", "uid=root"},
      {"auid=4294967295", "auid=unset"},
      {"gid=0", "gid=4294967296"},
      {"ses=4294967295", "ses="},
      {"pid=13728", "pid=-5"},
      {"pid=13728", "pid=99999999999"},
      {"pid=13728", "pid=1 pid=13728"},
      {"pid=13728 ", ""},
      {" comm=\"killme\"", ""},
      {"\"killme\"", "killme"},
      {"\"killme\"", "\"kill"},
      {"\"killme\"", "\""},
      {"\"killme\"", "\"kill\"me\""},
      {"\"killme\"", "6B696C6C6D6"},
      {"\"killme\"", "6B00"},
      {"\"killme\"", ""},
      {"\"killme\"", "(null)"},
      {"\"/usr/bin/killme\"", "/usr/bin/killme"},
      {"sig=31", "sig=SIGSYS"},
      {"compat=0", "compat=no"},
      {"c000003e", "x86_64"},
      {"c000003e", "0xc000003e"},
      {"c000003e", "c000003e0"},
      {"syscall=124", "syscall=sched_getparam"},
      {"syscall=124", "syscall=4294967296"},
      {"syscall=124", "syscall=-2147483649"},
      {"syscall=124 ", ""},
      {"sig=31 ", ""},
      {"arch=c000003e ", ""},
      {"compat=0 ", ""},
      {"ip=0x7f1b13ed7829 ", ""},
      {"ip=0x7f1b13ed7829", "ip=7f1b13ed7829"},
      {"ip=0x7f1b13ed7829", "ip=0x10000000000000000"},
      {"code=0x80000000", "code=80000000"},
      {"code=0x80000000", "code=kill_process"},
      {"code=0x80000000", "code=0x80000000 code=0x0"},
      {" code=0x80000000", ""},
  };
  for (const auto& [what, instead] : changes) {
    const std::string record = with(kRecord, what, instead);
    expect_none("type=SECCOMP msg=" + record, NoRecord::kUnreadable);
    EXPECT_FALSE(read_audit_record(record)) << record;
  }
  EXPECT_FALSE(read_audit_record(""));
  EXPECT_FALSE(read_audit_record("type=1326 " + kRecord));
}

TEST(AuditRecord, RecordsLeftOut) {
  EXPECT_EQ(records_left_out("[ 12.3] kauditd_printk_skb: 14 callbacks suppressed"), 14);
  EXPECT_EQ(records_left_out("Nov 24 04:33:38 web1 kernel: kauditd_printk_skb: 1 callbacks suppressed\r"), 1);
  EXPECT_EQ(records_left_out("[ 12.3] kauditd_printk_skb: 14 callbacks"), 0);
  EXPECT_EQ(records_left_out("[ 12.3] kauditd_printk_skb: x callbacks suppressed"), 0);
  EXPECT_EQ(records_left_out("[ 12.3] net_ratelimit: 14 callbacks suppressed"), 0);
  EXPECT_EQ(records_left_out(kRecord), 0);
}

/// As audit_log_untrustedstring writes it.
std::string as_the_kernel_writes(const std::string& text) {
  bool plain = true;
  std::string hex;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    plain = plain && byte != '"' && byte >= 0x21 && byte <= 0x7e;
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02X", byte);
    hex += digits;
  }
  return plain ? '"' + text + '"' : hex;
}

std::string random_text(testing::Random& random, size_t longest) {
  std::string text(1 + random.below(longest), ' ');
  const bool any_byte = random.one_in(2);
  for (char& c : text) c = static_cast<char>(any_byte ? 1 + random.below(255) : 0x21 + random.below(0x5d));
  return text;
}

TEST(AuditRecord, WhatTheKernelWritesIsReadAsItWasMeant) {
  testing::Random random(testing::test_seed());
  constexpr uint32_t kActions[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP,
                                   SECCOMP_RET_ERRNO,        SECCOMP_RET_USER_NOTIF,  SECCOMP_RET_TRACE,
                                   SECCOMP_RET_LOG};
  for (int round = 0; round < 20000; ++round) {
    const std::string name = random_text(random, 15);
    const std::string path = "/" + random_text(random, random.one_in(50) ? 4095 : 30);
    const auto user = static_cast<uint32_t>(random.bits() >> random.below(32) % 33);
    const auto pid = static_cast<pid_t>(random.below(1U << 22));
    const auto number = static_cast<uint32_t>(random.one_in(2) ? random.below(500) : random.bits());
    const auto arch = static_cast<uint32_t>(random.bits());
    const uint64_t pointer = random.bits();
    const uint32_t action = random.any_of(kActions);
    char numbers[200];
    std::snprintf(numbers, sizeof numbers, "sig=%d arch=%x syscall=%ld compat=0 ip=0x%lx code=0x%x", 31, arch,
                  static_cast<long>(static_cast<int32_t>(number)), static_cast<unsigned long>(pointer), action);
    const std::string record = "audit(1795463197.445:4): auid=1 uid=" + std::to_string(user) +
                               " gid=0 ses=1 pid=" + std::to_string(pid) + " comm=" + as_the_kernel_writes(name) +
                               " exe=" + as_the_kernel_writes(path) + " " + numbers;
    const Event event = event_of("audit: type=1326 " + record);
    ASSERT_TRUE(event.process.name == name && event.process.executable == path && event.process.pid == pid &&
                event.process.user.value_or(0xffffffff) == user && event.call.number == number &&
                event.call.arch == arch && event.call.instruction_pointer == pointer && event.action == action)
        << record;
  }
}

std::string mutated(testing::Random& random, std::string line) {
  for (size_t count = 1 + random.below(3); count > 0; --count) {
    const size_t at = random.below(line.size());
    switch (random.below(4)) {
      case 0:
        line[at] = static_cast<char>(random.bits());
        break;
      case 1:
        line.erase(at, 1 + random.below(random.one_in(4) ? 80 : 3));
        break;
      case 2:
        line.insert(at, line.substr(random.below(line.size()), random.below(40)));
        break;
      default:
        line.insert(at, 1 + random.below(3), " =\"0fx(:.\x1d\0\n"[random.below(13)]);
        break;
    }
    if (line.empty()) line = " ";
  }
  return line;
}

// What is read as an event can be printed, on one line.
TEST(AuditRecord, AnyBytes) {
  testing::Random random(testing::test_seed());
  const std::string lines[] = {
      "type=SECCOMP msg=" + kRecord +
          "\x1d"
          "UID=\"root\" GID=\"wheel\" ARCH=x86_64",
      "[ 1.2] audit: type=1326 " + with(kRecord, "\"killme\"", "6120622263"),
  };
  int events = 0;
  for (int round = 0; round < 100000; ++round) {
    const std::string line = mutated(random, random.any_of(lines));
    const auto event = read_audit_line(line);
    (void)read_audit_record(line);
    (void)records_left_out(line);
    if (!event) continue;
    ++events;
    const std::string text = denial_line(*event);
    const std::string json = ecs_line(*event);
    ASSERT_TRUE(text.find_first_of(std::string("\n\r\x1b\0", 4)) == std::string::npos && !json.empty() &&
                json.find('\n') == json.size() - 1)
        << line;
  }
  EXPECT_GT(events, 5000);
  EXPECT_LT(events, 95000);
}

}  // namespace
}  // namespace sandbox::report
