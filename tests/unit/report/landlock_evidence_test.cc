#include "report/landlock_evidence.h"

#include <gtest/gtest.h>
#include <linux/seccomp.h>

#include <cerrno>
#include <cstdio>
#include <string>

namespace sandbox::report {
namespace {

using namespace arch::file_right;
using Finding = LandlockEvidence::Finding;

constexpr const char* kMark = "kq2vx7m3zt5wbn";
constexpr const char* kProgram = "/usr/bin/sandbox-run";
constexpr pid_t kTarget = 3189;

// Records as Linux 6.18 makes them.
std::string access(int serial, const std::string& domain, const std::string& rest) {
  return "audit(1796071071.037:" + std::to_string(serial) + "): domain=" + domain + " " + rest;
}

std::string made_by(int serial, const std::string& domain, const std::string& name, pid_t pid = kTarget,
                    const std::string& program = kProgram) {
  return "audit(1796071071.037:" + std::to_string(serial) + "): domain=" + domain +
         " status=allocated mode=enforcing pid=" + std::to_string(pid) + " uid=0 exe=\"" + program + "\" comm=\"" +
         name + "\"";
}

std::string call(int serial, pid_t pid, unsigned path = 0x7ffc5c11) {
  char text[400];
  std::snprintf(text, sizeof text,
                "audit(1796071071.037:%d): arch=c000003e syscall=257 success=no exit=-13 a0=ffffff9c a1=%x a2=0 a3=0 "
                "items=0 ppid=1 pid=%d auid=4294967295 uid=0 gid=0 euid=0 ses=4294967295 comm=\"cat\" "
                "exe=\"/usr/bin/cat\" key=(null)",
                serial, path, pid);
  return text;
}

constexpr const char* kSecret = "blockers=fs.read_file path=\"/srv/secret\" dev=\"vda\" ino=12";

LandlockReason reason(const std::string& path = "/srv/secret") {
  LandlockReason reason;
  reason.files = kReadFile;
  reason.path = path;
  return reason;
}

class Evidence : public ::testing::Test {
 protected:
  Evidence() { evidence_.set_maker(kTarget, kProgram); }

  /// An open(2) by this process that our account says is denied.
  std::optional<Finding> expect(pid_t pid, uint64_t path = 0x7ffc5c11, size_t layer = 0) {
    return evidence_.expect(
        {pid, {257, 0xc000003e, {0xffffff9c, path, 0, 0, 5, 6}}, layer, EACCES, reason(), std::nullopt, now_});
  }
  std::vector<Finding> take(uint32_t type, const std::string& text) { return evidence_.take(type, text, now_); }
  /// A whole denial, with the record of its domain the first time.
  std::vector<Finding> denial(int serial, const std::string& domain, pid_t pid, const std::string& name = "",
                              unsigned path = 0x7ffc5c11) {
    EXPECT_TRUE(take(kLandlockAccessRecord, access(serial, domain, kSecret)).empty());
    if (!name.empty()) {
      EXPECT_TRUE(take(kLandlockDomainRecord, made_by(serial, domain, name)).empty());
    }
    return take(kSyscallRecord, call(serial, pid, path));
  }

  LandlockEvidence evidence_{kMark, 2};
  LandlockEvidence::Clock::time_point now_ = LandlockEvidence::Clock::now();
};

const std::string kFirst = std::string(kMark) + "a";
const std::string kSecond = std::string(kMark) + "b";

TEST_F(Evidence, ConfirmsWhatIsExpected) {
  expect(7);
  EXPECT_FALSE(evidence_.proven());
  const auto findings = denial(1, "1a7", 7, kFirst);
  EXPECT_TRUE(evidence_.proven());
  ASSERT_EQ(findings.size(), 1U);
  ASSERT_TRUE(findings[0].expected && findings[0].recorded);
  EXPECT_EQ(findings[0].recorded->layer, 0U);
  EXPECT_EQ(findings[0].recorded->reason.files, kReadFile);
  EXPECT_EQ(findings[0].recorded->inode, 12U);
  EXPECT_EQ(findings[0].recorded->event->process.executable, "/usr/bin/cat");
  EXPECT_FALSE(evidence_.due());
}

TEST_F(Evidence, HasWhatWasNotExpected) {
  const auto findings = denial(1, "1a7", 7, kSecond);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_FALSE(findings[0].expected);
  EXPECT_EQ(findings[0].recorded->layer, 1U);
  EXPECT_EQ(findings[0].recorded->event->action, SECCOMP_RET_ERRNO | EACCES);
  // The domain is known from now on.
  EXPECT_EQ(denial(2, "1a7", 8).size(), 1U);
}

TEST_F(Evidence, IsNotOfOtherCalls) {
  expect(7);
  EXPECT_FALSE(denial(1, "1a7", 8, kFirst)[0].expected);          // Another process.
  EXPECT_FALSE(denial(2, "1a7", 7, "", 0x7ffc0000)[0].expected);  // Another argument.
  EXPECT_TRUE(denial(3, "1a7", 7)[0].expected);
  EXPECT_FALSE(denial(4, "1a7", 7)[0].expected);  // It was found.
}

// Another sandbox, of the same program and with the same paths; one that has seen the name; the target's own domain.
TEST_F(Evidence, IsNotOfOtherDomains) {
  expect(7);
  EXPECT_TRUE(denial(1, "2b0", 7, "sandbox-run").empty());
  EXPECT_TRUE(denial(2, "2b1", 7, std::string(kMark) + "c").empty());  // There is no such layer.
  EXPECT_TRUE(denial(3, "2b2", 7, kMark).empty());
  EXPECT_TRUE(take(kLandlockDomainRecord, made_by(4, "2b3", kFirst, kTarget + 1)).empty());
  EXPECT_TRUE(denial(4, "2b3", 7).empty());
  EXPECT_TRUE(take(kLandlockDomainRecord, made_by(5, "2b4", kFirst, kTarget, "/usr/bin/python3")).empty());
  EXPECT_TRUE(denial(5, "2b4", 7).empty());
  EXPECT_FALSE(evidence_.proven());
  EXPECT_TRUE(denial(6, "1a7", 7, kFirst)[0].expected);
  EXPECT_TRUE(denial(7, "2b5", 7, kFirst).empty());  // The first one is it.
}

// What a user sends has other types (AUDIT_USER), and what a user chooses is quoted or in hexadecimal.
TEST_F(Evidence, IsNotWhatAUserWrites) {
  expect(7);
  EXPECT_TRUE(denial(1, "1a7", 7, kFirst)[0].expected);
  EXPECT_TRUE(take(1112, access(2, "1a7", kSecret)).empty());
  EXPECT_TRUE(take(kSyscallRecord, call(2, 7)).empty());
  EXPECT_TRUE(take(kLandlockAccessRecord, access(3, "9", "blockers= path=\"/x domain=1a7\"")).empty());
  EXPECT_TRUE(take(kSyscallRecord, call(3, 7)).empty());
}

TEST_F(Evidence, IsUnrecordedWhenOverdue) {
  expect(7);
  const auto due = evidence_.due();
  ASSERT_TRUE(due);
  now_ = *due - std::chrono::milliseconds(1);
  EXPECT_TRUE(evidence_.overdue(now_).empty());
  const auto findings = evidence_.overdue(*due);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].expected->process, 7);
  EXPECT_FALSE(findings[0].recorded);
  EXPECT_FALSE(evidence_.due());
}

// Where the rules of the audit system say "never,task", calls leave no records.
TEST_F(Evidence, NeedsNoRecordOfTheCall) {
  expect(7);
  take(kLandlockAccessRecord, access(1, "1a7", kSecret));
  take(kLandlockDomainRecord, made_by(2, "1a7", kFirst));
  take(kLandlockAccessRecord, access(3, "1a7", "blockers=fs.truncate path=\"/srv/x\" dev=\"vda\" ino=13"));
  now_ = *evidence_.due();
  const auto findings = evidence_.overdue(now_);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].expected->process, 7);
  EXPECT_FALSE(findings[0].recorded->event);
  EXPECT_FALSE(findings[1].expected);
  EXPECT_EQ(findings[1].recorded->reason.path, "/srv/x");
}

TEST_F(Evidence, OfOneCallWithTwoObjectsIsOneDenial) {
  denial(1, "1a7", 7, kFirst);
  take(kLandlockAccessRecord, access(2, "1a7", "blockers=fs.remove_file,fs.refer path=\"/a\" dev=\"vda\" ino=13"));
  take(kLandlockAccessRecord, access(2, "1a7", "blockers=fs.make_reg,fs.refer path=\"/b\" dev=\"vda\" ino=14"));
  const auto findings = take(kSyscallRecord, call(2, 7));
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_FALSE(findings[0].recorded->further);
  EXPECT_TRUE(findings[1].recorded->further);
  EXPECT_EQ(findings[1].recorded->reason.path, "/b");
}

TEST_F(Evidence, IsBounded) {
  for (size_t i = 0; i < LandlockEvidence::kMaxExpected; ++i) EXPECT_FALSE(expect(static_cast<pid_t>(i)));
  const auto oldest = expect(7);
  ASSERT_TRUE(oldest);
  EXPECT_EQ(oldest->expected->process, 0);
  EXPECT_FALSE(oldest->recorded);
  // Others' denials do not push ours out.
  take(kLandlockAccessRecord, access(1, "1a7", kSecret));
  take(kLandlockDomainRecord, made_by(1, "1a7", kFirst));
  for (int i = 0; i < 1000; ++i) take(kLandlockAccessRecord, access(100 + i, "5c" + std::to_string(i), kSecret));
  EXPECT_EQ(take(kSyscallRecord, call(1, 7)).size(), 1U);
}

}  // namespace
}  // namespace sandbox::report
