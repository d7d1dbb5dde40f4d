#include "kernel/audit_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <optional>
#include <string>

#include "support/as_nobody.h"

namespace sandbox::kernel {
namespace {

constexpr int kTimeoutMilliseconds = 20000;

/// A process that leaves one record and dies of it: in strict mode no other call but a few is allowed.
pid_t leave_record() {
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
    getppid();
    syscall(SYS_exit, 0);
  }
  waitpid(pid, nullptr, 0);
  return pid;
}

bool is_about(const std::string& record, pid_t pid) {
  return record.starts_with("audit(") && record.find(" pid=" + std::to_string(pid) + " ") != std::string::npos;
}

/// The record about the process; empty if none comes.
std::string wait_for(AuditLog& log, pid_t pid) {
  for (;;) {
    while (const auto record = log.next()) {
      if (is_about(*record, pid)) return *record;
    }
    pollfd waiting = {log.fd(), POLLIN, 0};
    if (poll(&waiting, 1, kTimeoutMilliseconds) <= 0) return {};
  }
}

/// None where the kernel's records cannot be read, which every test then says.
std::optional<AuditLog> open_log(int room = AuditLog::kRoom) {
  auto log = AuditLog::open(room);
  if (log) return std::move(*log);
  return std::nullopt;
}

TEST(AuditLog, RecordsComeToEveryListener) {
  auto first = open_log();
  auto second = open_log();
  if (!first || !second) GTEST_SKIP() << "only root may read audit records";
  const pid_t pid = leave_record();
  const std::string record = wait_for(*first, pid);
  EXPECT_NE(record.find(" sig=9 "), std::string::npos) << record;
  EXPECT_NE(record.find(" code=0x0"), std::string::npos) << record;
  EXPECT_EQ(wait_for(*second, pid), record);
  EXPECT_EQ(first->overruns(), 0);
}

TEST(AuditLog, TheDescriptorIsOursAlone) {
  auto log = open_log();
  if (!log) GTEST_SKIP() << "only root may read audit records";
  EXPECT_EQ(fcntl(log->fd(), F_GETFD), FD_CLOEXEC);
  EXPECT_NE(fcntl(log->fd(), F_GETFL) & O_NONBLOCK, 0);
}

// What does not find room is lost, and that is noticed; what comes later is read.
TEST(AuditLog, Overruns) {
  auto log = open_log(1);
  auto witness = open_log();
  if (!log || !witness) GTEST_SKIP() << "only root may read audit records";
  pid_t last = 0;
  for (int i = 0; i < 40; ++i) last = leave_record();
  ASSERT_NE(wait_for(*witness, last), "");
  while (log->next()) {
  }
  EXPECT_GT(log->overruns(), 0);
  EXPECT_EQ(witness->overruns(), 0);
  const pid_t later = leave_record();
  EXPECT_NE(wait_for(*log, later), "");
}

// Root can write to any listener, in the kernel's name or not.
TEST(AuditLog, OnlyTheKernelIsBelieved) {
  auto log = open_log();
  if (!log) GTEST_SKIP() << "only root may read audit records";
  sockaddr_nl address = {};
  socklen_t size = sizeof address;
  ASSERT_EQ(getsockname(log->fd(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const int other = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
  ASSERT_GE(other, 0);
  struct {
    nlmsghdr header;
    char text[64];
  } message = {};
  message.header = {sizeof message, AUDIT_SECCOMP, 0, 0, 0};
  std::strcpy(message.text, "audit(1.000:1): pid=1 ");
  const ssize_t sent =
      sendto(other, &message, sizeof message, 0, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  close(other);
  ASSERT_EQ(sent, static_cast<ssize_t>(sizeof message));
  const pid_t pid = leave_record();
  bool real = false;
  while (!real) {
    const auto record = log->next();
    if (!record) {
      pollfd waiting = {log->fd(), POLLIN, 0};
      ASSERT_EQ(poll(&waiting, 1, kTimeoutMilliseconds), 1);
      continue;
    }
    EXPECT_FALSE(is_about(*record, 1));
    real = is_about(*record, pid);
  }
}

TEST(AuditLog, WithoutTheCapability) {
  const testing::AsNobody nobody;
  const auto log = AuditLog::open();
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error(), "only root can read the kernel's audit records, or a process with CAP_AUDIT_READ");
  EXPECT_EQ(lost_audit_records(), std::nullopt);
}

}  // namespace
}  // namespace sandbox::kernel
