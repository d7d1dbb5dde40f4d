// Lines of logs, in every form that people have them in; and one event that is there in two.
#include "sandbox-policy/commands/log_line.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include <cstdlib>
#include <ctime>
#include <string>

#include "sandbox-policy/commands/seen_events.h"

namespace sandbox::tool {
namespace {

using report::NoRecord;

const std::string kBody =
    "auid=4294967295 uid=1000 gid=1000 ses=4294967295 pid=14351 comm=\"app\" exe=\"/usr/lib/app\" sig=31 "
    "arch=c000003e syscall=161 compat=0 ip=0x7f024fe5d70d code=0x0";
constexpr int64_t kNow = 1795463200;  // November 2026.

class LogLines : public ::testing::Test {
 protected:
  void SetUp() override {
    setenv("TZ", "UTC", 1);
    tzset();
  }
};

LogLine read(const std::string& line) {
  return read_log_line(line, kNow);
}

std::string escaped(const std::string& text) {
  std::string json;
  for (const char c : text) json += c == '"' ? std::string("\\\"") : std::string(1, c);
  return json;
}

/// The event of a line, which all forms of it have in common.
report::Event event_of(const std::string& line) {
  const LogLine read_line = read(line);
  EXPECT_TRUE(read_line.record.ok()) << line;
  if (!read_line.record) return {};
  const report::Event& event = *read_line.record;
  EXPECT_EQ(event.process.pid, 14351) << line;
  EXPECT_EQ(event.process.name, "app") << line;
  EXPECT_EQ(event.process.executable, "/usr/lib/app") << line;
  EXPECT_EQ(event.call.arch, static_cast<uint32_t>(AUDIT_ARCH_X86_64)) << line;
  EXPECT_EQ(event.call.number, 161U) << line;
  EXPECT_EQ(event.call.instruction_pointer, 0x7f024fe5d70dU) << line;
  EXPECT_EQ(event.action, static_cast<uint32_t>(SECCOMP_RET_KILL_THREAD)) << line;
  EXPECT_EQ(event.signal, 31U) << line;
  return event;
}

std::string time_of(const report::Event& event) {
  return report::timestamp(event.time);
}

NoRecord why(const std::string& line) {
  const LogLine read_line = read(line);
  EXPECT_FALSE(read_line.record.ok()) << line;
  return read_line.record ? NoRecord::kUnreadable : read_line.record.error();
}

TEST_F(LogLines, JournaldsOwn) {
  const std::string line = "Jul 24 09:10:45 h audit[14351]: SECCOMP " + kBody;
  EXPECT_EQ(time_of(event_of(line)), "2026-07-24T09:10:45.000Z");
  EXPECT_FALSE(read(line).stamped);
  EXPECT_FALSE(event_of(line).sequence);
  EXPECT_EQ(time_of(event_of("Dec 24 09:10:45 h audit[14351]: SECCOMP " + kBody)), "2025-12-24T09:10:45.000Z")
      << "one that is to come was a year ago";
  EXPECT_EQ(time_of(event_of("2026-07-24T09:10:45+0200 h audit[14351]: SECCOMP " + kBody)), "2026-07-24T07:10:45.000Z");
  EXPECT_EQ(event_of("audit[14351]: SECCOMP " + kBody).time, std::chrono::system_clock::time_point());
  EXPECT_EQ(why("Jul 24 09:10:45 h audit[14352]: SECCOMP " + kBody), NoRecord::kAnother) << "not of that process";
  EXPECT_EQ(why("Jul 24 09:10:45 h app[1]: audit[14351]: SECCOMP " + kBody), NoRecord::kAnother)
      << "what a program writes is not the kernel's";
  EXPECT_EQ(why("Jul 24 09:10:45 h audit[14351]: AVC " + kBody), NoRecord::kAnother);
  EXPECT_EQ(why(("Jul 24 09:10:45 h audit[14351]: SECCOMP " + kBody).substr(0, 150)), NoRecord::kUnreadable);
}

// Its nanoseconds overflowed, so that any time came of it.
TEST_F(LogLines, ADateThatNoClockHoldsIsNone) {
  for (const char* date : {"1013-11-24T10:00:00+0100", "9999-07-24T09:10:45+0200", "2262-04-11T23:47:16+0000"}) {
    const report::Event event = event_of(std::string(date) + " h audit[14351]: SECCOMP " + kBody);
    EXPECT_EQ(event.time, std::chrono::system_clock::time_point()) << date;
  }
  EXPECT_EQ(time_of(event_of("2262-04-11T23:47:15+0000 h audit[14351]: SECCOMP " + kBody)), "2262-04-11T23:47:15.000Z");
}

TEST_F(LogLines, JournalsObjects) {
  const std::string head =
      R"({"__REALTIME_TIMESTAMP":"1795463197999999","_SOURCE_REALTIME_TIMESTAMP":"1795463197045000","_AUDIT_ID":"4",)"
      R"("_TRANSPORT":"audit","_AUDIT_TYPE":"1326","_AUDIT_TYPE_NAME":"SECCOMP",)";
  const report::Event event = event_of(head + "\"MESSAGE\":\"SECCOMP " + escaped(kBody) + "\"}");
  EXPECT_EQ(time_of(event), "2026-11-23T19:46:37.045Z");
  EXPECT_EQ(event.sequence, 4U);
  EXPECT_EQ(event.process.user, 1000U);
  std::string bytes;
  for (const char c : "SECCOMP " + kBody) bytes += (bytes.empty() ? "" : ",") + std::to_string(int{c});
  EXPECT_EQ(event_of(head + "\"MESSAGE\":[" + bytes + "]}").sequence, 4U);
  const std::string fields =
      R"("_PID":"14351","_UID":"1000","_COMM":"app","_EXE":"/usr/lib/app","_AUDIT_FIELD_SIG":"31",)"
      R"("_AUDIT_FIELD_ARCH":"c000003e","_AUDIT_FIELD_SYSCALL":"161","_AUDIT_FIELD_COMPAT":"0",)"
      R"("_AUDIT_FIELD_IP":"0x7f024fe5d70d","_AUDIT_FIELD_CODE":"0x0"})";
  EXPECT_EQ(event_of(head + fields).sequence, 4U);
  const std::string kernels = "audit: type=1326 audit(1795463197.045:4): " + escaped(kBody) + "\"}";
  EXPECT_EQ(event_of(R"({"_TRANSPORT":"kernel","MESSAGE":")" + kernels).sequence, 4U);
  EXPECT_EQ(event_of(R"({"MESSAGE":")" + kernels).sequence, 4U) << "--output-fields=MESSAGE";
  for (const char* transport : {"syslog", "journal", "stdout"}) {
    EXPECT_EQ(why(R"({"_TRANSPORT":")" + std::string(transport) + R"(","_AUDIT_TYPE":"1326","MESSAGE":")" + kernels),
              NoRecord::kAnother)
        << "a program can write that";
  }
  EXPECT_EQ(why(head + "\"MESSAGE\":\"SECCOMP auid=1\"}"), NoRecord::kUnreadable);
  EXPECT_EQ(why(head + "\"MESSAGE\":\"SECCOMP " + escaped(kBody)), NoRecord::kAnother) << "cut: no JSON";
  EXPECT_EQ(why("{" + std::string(50000, '[') + "SECCOMP"), NoRecord::kAnother);
}

TEST_F(LogLines, EnrichedWithoutTheSeparator) {
  const std::string record = "type=SECCOMP msg=audit(1795463197.045:4): " + kBody;
  const std::string names = "ARCH=x86_64 SYSCALL=chroot AUID=\"unset\" UID=\"alice\" GID=\"staff\"";
  for (const char* separator : {"\x1d", "", " "}) {
    EXPECT_EQ(event_of(record + separator + names).process.user_name, "alice") << separator;
  }
  EXPECT_EQ(event_of(record + "AUID=\"unset\" UID=\"alice\" ARCH=x86_64").process.user_name, "alice");
}

TEST_F(LogLines, AusearchInterpreted) {
  const std::string head = "type=SECCOMP msg=audit(11/23/2026 19:46:37.045:4) : ";
  const std::string body =
      "auid=unset uid=alice gid=staff ses=unset subj=unconfined pid=14351 comm=app exe=/usr/lib/app sig=SIGSYS "
      "arch=x86_64 syscall=chroot compat=0 ip=0x7f024fe5d70d code=kill";
  const report::Event event = event_of(head + body);
  EXPECT_EQ(time_of(event), "2026-11-23T19:46:37.045Z");
  EXPECT_EQ(event.sequence, 4U);
  EXPECT_EQ(event.process.user_name, "alice");
  EXPECT_FALSE(event.process.user);
  EXPECT_EQ(event_of("node=h " + head + body).sequence, 4U);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = body;
    return head + changed.replace(changed.find(from), from.size(), to);
  };
  EXPECT_EQ(read(with("comm=app", "comm=my app")).record->process.name, "my app");
  EXPECT_EQ(read(with("code=kill", "code=kill_process")).record->action,
            static_cast<uint32_t>(SECCOMP_RET_KILL_PROCESS));
  EXPECT_EQ(read(with("code=kill", "code=errno")).record->action, static_cast<uint32_t>(SECCOMP_RET_ERRNO));
  EXPECT_EQ(read(with("syscall=chroot", "syscall=161")).record->call.number, 161U);
  EXPECT_EQ(why(with("syscall=chroot", "syscall=unknown-syscall(900)")), NoRecord::kUnreadable);
  EXPECT_EQ(why(with("arch=x86_64", "arch=pdp11")), NoRecord::kUnreadable);
  EXPECT_EQ(why(with("comm=app", "comm=a sig=SIGSYS")), NoRecord::kUnreadable) << "which one is the kernel's?";
  EXPECT_EQ(why(with("code=kill", "code=ki")), NoRecord::kUnreadable);
}

TEST_F(LogLines, OneEventInTwoForms) {
  const std::string kernel = "Nov 23 19:46:37 h kernel: audit: type=1326 audit(1795463197.045:";
  const std::string journal = "Nov 23 19:46:37 h audit[14351]: SECCOMP " + kBody;
  SeenEvents seen;
  uint64_t number = 0;
  const auto is_new = [&](const std::string& line) {
    const LogLine read_line = read(line);
    return seen.is_new(*read_line.record, read_line.stamped, ++number);
  };
  EXPECT_TRUE(is_new(kernel + "4): " + kBody));
  EXPECT_TRUE(is_new(kernel + "5): " + kBody)) << "the same call again";
  EXPECT_FALSE(is_new(journal));
  EXPECT_FALSE(is_new(journal)) << "the second one's";
  EXPECT_TRUE(is_new(journal)) << "and one that the kernel's log does not have";
  EXPECT_FALSE(is_new(kernel + "6): " + kBody)) << "or has only now";
  EXPECT_FALSE(is_new("type=SECCOMP msg=audit(1795463197.045:4): " + kBody)) << "auditd's, by the stamp";
  EXPECT_TRUE(is_new("type=SECCOMP msg=audit(1795463198.045:4): " + kBody)) << "after a restart";
  std::string forged = kBody;
  forged.replace(forged.find("comm="), 5, "comm=\"forged\" was=");
  EXPECT_TRUE(is_new(kernel + "9): " + forged));
  EXPECT_TRUE(is_new(kernel + "9): " + kBody)) << "a forged record of that stamp hides none";
  number += SeenEvents::kNeighbourhood + 1;
  EXPECT_TRUE(is_new(journal)) << "too far away";
}

// A program can write such lines, with its own pid and the address of its next call, and another user or executable.
TEST_F(LogLines, AForgedFormHidesNone) {
  const std::string kernel = "Nov 23 19:46:37 h kernel: audit: type=1326 audit(1795463197.045:4): ";
  const std::string journal = "Nov 23 19:46:37 h audit[14351]: SECCOMP ";
  const std::string names =
      "type=SECCOMP msg=audit(11/23/2026 19:46:37.045:4) : auid=unset uid=alice gid=staff ses=unset "
      "pid=14351 comm=app exe=/usr/lib/app sig=SIGSYS arch=x86_64 syscall=chroot compat=0 ip=0x7f024fe5d70d code=kill";
  for (const std::string from :
       {"auid=4294967295", "uid=1000", "gid=1000", "ses=4294967295", "/usr/lib/app", "sig=31", "compat=0"}) {
    std::string forged = kBody;
    const size_t at = from == "uid=1000" ? forged.find(" uid=") + 1 : forged.find(from);
    forged.replace(at, from.size(), from == "/usr/lib/app" ? "/bin/other" : from.substr(0, from.find('=')) + "=7");
    SeenEvents seen;
    const auto is_new = [&](const std::string& line) {
      const LogLine read_line = read(line);
      EXPECT_TRUE(read_line.record.ok()) << line;
      return seen.is_new(*read_line.record, read_line.stamped, 1);
    };
    EXPECT_TRUE(is_new(journal + forged));
    EXPECT_TRUE(is_new(kernel + kBody)) << from;
    EXPECT_FALSE(is_new(journal + kBody)) << from;
    EXPECT_FALSE(is_new(names)) << from;
    EXPECT_FALSE(is_new(kernel + forged)) << "the forged one's second form: " << from;
  }
}

// Which would take memory without end.
TEST_F(LogLines, LongForgedFormsAreForgotten) {
  report::Event event = event_of("type=SECCOMP msg=audit(1795463197.045:4): " + kBody);
  event.process.executable.assign(60'000, 'x');
  SeenEvents seen;
  const auto is_new = [&](uint32_t sequence) {
    event.sequence = sequence;
    return seen.is_new(event, true, 1);
  };
  EXPECT_TRUE(is_new(0));
  EXPECT_FALSE(is_new(0));
  for (uint32_t i = 1; i <= SeenEvents::kMaxBytes / 60'000; ++i) EXPECT_TRUE(is_new(i));
  EXPECT_TRUE(is_new(0));
  EXPECT_FALSE(is_new(SeenEvents::kMaxBytes / 60'000));
}

}  // namespace
}  // namespace sandbox::tool
