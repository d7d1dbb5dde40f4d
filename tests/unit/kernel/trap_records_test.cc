#include "kernel/trap_records.h"

#include <gtest/gtest.h>

namespace sandbox::kernel {
namespace {

TEST(RecentPids, KeepsTheLatest) {
  RecentPids pids;
  pids.add(0);
  EXPECT_FALSE(pids.contains(0));
  constexpr auto kMaxCount = static_cast<pid_t>(RecentPids::kMaxCount);
  for (pid_t pid = 1; pid <= kMaxCount; ++pid) pids.add(pid);
  pids.add(1);  // It is there.
  EXPECT_TRUE(pids.contains(1));
  pids.add(kMaxCount + 1);
  EXPECT_FALSE(pids.contains(1));
  EXPECT_TRUE(pids.contains(2));
  EXPECT_TRUE(pids.contains(kMaxCount + 1));
  pids.add(1);
  EXPECT_TRUE(pids.contains(1));
  EXPECT_FALSE(pids.contains(2));
}

}  // namespace
}  // namespace sandbox::kernel
