#include "report/landlock_record.h"

#include <gtest/gtest.h>

#include "report/ecs.h"
#include "report/line.h"

namespace sandbox::report {
namespace {

using namespace arch::file_right;

// As Linux 6.18 sent them for 'mv w/p.yml qq' and for a connection.
constexpr const char* kSource =
    "audit(1796062409.433:865): domain=1a790e836 blockers=fs.remove_file,fs.refer path=\"/tmp/llr/w\" dev=\"vda\" "
    "ino=12";
constexpr const char* kTarget =
    "audit(1796062409.433:865): domain=1a790e836 blockers=fs.make_reg,fs.refer path=\"/tmp/llr\" dev=\"vda\" ino=13";
constexpr const char* kDomain =
    "audit(1796062409.429:862): domain=1a790e836 status=allocated mode=enforcing pid=3764 uid=0 "
    "exe=\"/usr/bin/sandbox-run\" comm=\"sandbox-run\"";
constexpr const char* kMove =
    "audit(1796062409.433:865): arch=c000003e syscall=316 success=no exit=-13 a0=ffffff9c a1=7ffc8ae58809 a2=ffffff9c "
    "a3=7ffc8ae5881a items=0 ppid=3764 pid=3770 auid=4294967295 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 "
    "fsgid=0 "
    "tty=(none) ses=4294967295 comm=\"mv\" exe=\"/usr/bin/mv\" key=(null)";
constexpr const char* kConnection =
    "audit(1796062409.481:866): domain=1a790e83e blockers=net.connect_tcp daddr=127.0.0.1 dest=443";
constexpr const char* kConnect =
    "audit(1796062409.481:866): arch=c000003e syscall=42 success=no exit=-13 a0=3 a1=7ffebbb50320 a2=10 "
    "a3=7fd24b386a08 "
    "items=0 ppid=3763 pid=3772 auid=1000 uid=33 gid=33 euid=33 tty=(none) ses=2 comm=\"python3\" "
    "exe=\"/usr/bin/python3.11\" key=(null)";

TEST(LandlockRecords, AreOneEventForEachObject) {
  LandlockRecords records;
  EXPECT_TRUE(records.take(kLandlockDomainRecord, kDomain).empty());
  EXPECT_TRUE(records.take(kLandlockAccessRecord, kSource).empty());
  EXPECT_TRUE(records.take(kLandlockAccessRecord, kTarget).empty());
  EXPECT_TRUE(records.take(kSyscallRecord, kConnect).empty());  // Another call.
  const auto events = records.take(kSyscallRecord, kMove);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(
      denial_line(events[0]),
      "denied renameat2 = EACCES  [mv, pid 3770]  by Landlock domain 1a790e836 of /usr/bin/sandbox-run: no rule lets "
      "it remove files from and move or link files to or from /tmp/llr/w");
  EXPECT_EQ(events[1].landlock->files, kMakeReg | kRefer);
  EXPECT_EQ(events[1].landlock->path, "/tmp/llr");
  EXPECT_EQ(events[0].sequence, 865U);
  EXPECT_EQ(events[0].process.executable, "/usr/bin/mv");
  EXPECT_FALSE(events[0].process.audit_user);
  EXPECT_TRUE(records.take(kSyscallRecord, kMove).empty());  // It was told.
  EXPECT_EQ(records.count(), 3U);
}

TEST(LandlockRecords, OfPorts) {
  LandlockRecords records;
  records.take(kLandlockAccessRecord, kConnection);
  const auto events = records.take(kSyscallRecord, kConnect);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(
      denial_line(events[0]),
      "denied connect = EACCES  [python3, pid 3772]  by Landlock domain 1a790e83e: no rule lets it connect to TCP "
      "port 443");
  EXPECT_EQ(events[0].process.audit_user, 1000U);
  EXPECT_NE(ecs_line(events[0]).find("\"destination\":{\"port\":443}"), std::string::npos);
}

TEST(LandlockRecords, OutOfLogs) {
  LandlockRecords records;
  EXPECT_TRUE(records.take_line("[12.3] audit: type=1423 " + std::string(kConnection)).empty());
  EXPECT_EQ(records.take_line("[12.3] audit: type=1300 " + std::string(kConnect)).size(), 1U);
  EXPECT_TRUE(records.take_line("type=LANDLOCK_ACCESS msg=" + std::string(kSource)).empty());
  EXPECT_EQ(records.take_line("type=SYSCALL msg=" + std::string(kMove) + "\x1d" + "ARCH=x86_64").size(), 1U);
  EXPECT_TRUE(records.take_line("type=UNKNOWN[1423] msg=" + std::string(kSource)).empty());
  EXPECT_TRUE(
      records.take_line("type=USER_AVC msg=audit(1796062409.433:865): type=SYSCALL msg=" + std::string(kMove)).empty());
  EXPECT_EQ(records.take_line("type=SYSCALL msg=" + std::string(kMove)).size(), 1U);
}

TEST(LandlockRecords, ThatNeverBecomeCompleteAreForgotten) {
  LandlockRecords records;
  records.take(kLandlockAccessRecord, kConnection);
  for (size_t i = 0; i < LandlockRecords::kMaxPending; ++i) records.take(kLandlockAccessRecord, kSource);
  EXPECT_TRUE(records.take(kSyscallRecord, kConnect).empty());
  EXPECT_TRUE(records.take(kSyscallRecord, "audit(").empty());
  EXPECT_TRUE(records.take(kLandlockAccessRecord, "domain=1").empty());
}

TEST(LandlockRecords, NameWhatNoRuleIsAbout) {
  LandlockRecords records;
  records.take(kLandlockAccessRecord, "audit(1796062409.481:866): domain=1 blockers=ptrace opid=1 ocomm=\"init\"");
  const auto events = records.take(kSyscallRecord, kConnect);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(reason_text(*events[0].landlock), "it may not trace processes that are less restricted");
}

}  // namespace
}  // namespace sandbox::report
