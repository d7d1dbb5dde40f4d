// What the kernel's notifications and answers mean.
#include "kernel/listener.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include <cerrno>
#include <cstdint>

namespace sandbox::kernel {
namespace {

TEST(Listener, ReadsANotification) {
  seccomp_notif request = {};
  request.id = 0x123456789abcdef0;
  request.pid = 4711;
  request.data.nr = -2;
  request.data.arch = AUDIT_ARCH_I386;
  request.data.instruction_pointer = 0x7fff00001234;
  for (unsigned i = 0; i < bpf::kArgumentCount; ++i) request.data.args[i] = UINT64_MAX - i;
  const Notification notification = notification_of(request);
  EXPECT_EQ(notification.id, 0x123456789abcdef0U);
  EXPECT_EQ(notification.thread, 4711);
  EXPECT_EQ(notification.call.number, 0xfffffffeU);
  EXPECT_EQ(notification.call.arch, static_cast<uint32_t>(AUDIT_ARCH_I386));
  EXPECT_EQ(notification.call.instruction_pointer, 0x7fff00001234U);
  for (unsigned i = 0; i < bpf::kArgumentCount; ++i) EXPECT_EQ(notification.call.args.at(i), UINT64_MAX - i);
}

/// A call that waits and could not be answered must end the supervision: it would wait for ever, or get ENOSYS.
TEST(Listener, KnowsWhichCallsNeedNoAnswer) {
  for (const int error : {0, ENOENT, EINPROGRESS}) EXPECT_TRUE(needs_no_answer(error)) << error;
  for (const int error : {EINVAL, EPERM, EINTR, ENOMEM, EBADF, ENOSYS}) EXPECT_FALSE(needs_no_answer(error)) << error;
}

}  // namespace
}  // namespace sandbox::kernel
