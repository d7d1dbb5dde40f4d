// Work that exceeds its timeout is abandoned, and its caller continues.
#include "kernel/bounded_task.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

namespace sandbox::kernel {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLong{60000};

/// What a test lets go when it likes.
struct Gate {
  std::atomic<bool> began{false};
  std::atomic<bool> open{false};
  std::atomic<bool> passed{false};
  std::atomic<bool> was_abandoned{false};

  void pass(const std::stop_token& abandoned) {
    began = true;
    while (!open) std::this_thread::sleep_for(milliseconds(1));
    was_abandoned = abandoned.stop_requested();
    passed = true;
  }
};

TEST(BoundedTask, IsDone) {
  BoundedTask task;
  const auto sum = std::make_shared<int>(0);
  for (int i = 1; i <= 100; ++i) {
    ASSERT_TRUE(task.run(
        [sum, i](const std::stop_token& abandoned) { *sum += abandoned.stop_requested() ? 1000000 : i; }, kLong));
  }
  EXPECT_EQ(*sum, 5050);
  EXPECT_EQ(task.abandoned(), 0U);
}

TEST(BoundedTask, IsDoneByOneThread) {
  BoundedTask task;
  const auto first = std::make_shared<std::thread::id>();
  const auto second = std::make_shared<std::thread::id>();
  ASSERT_TRUE(task.run([first](const std::stop_token&) { *first = std::this_thread::get_id(); }, kLong));
  ASSERT_TRUE(task.run([second](const std::stop_token&) { *second = std::this_thread::get_id(); }, kLong));
  EXPECT_EQ(*first, *second);
  EXPECT_NE(*first, std::this_thread::get_id());
}

TEST(BoundedTask, IsAbandonedAfterItsTimeout) {
  BoundedTask task;
  const auto gate = std::make_shared<Gate>();
  EXPECT_FALSE(task.run([gate](const std::stop_token& abandoned) { gate->pass(abandoned); }, milliseconds(300)));
  EXPECT_EQ(task.abandoned(), 1U);
  // The next one has a thread of its own.
  const auto done = std::make_shared<std::atomic<bool>>(false);
  EXPECT_TRUE(task.run([done](const std::stop_token&) { *done = true; }, kLong));
  EXPECT_TRUE(*done);
  EXPECT_FALSE(gate->passed);
  gate->open = true;
  if (!gate->began) GTEST_SKIP() << "the machine is so busy that the work was given up before it began";
  while (!gate->passed) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_TRUE(gate->was_abandoned);
}

TEST(BoundedTask, MayOutliveItsCaller) {
  const auto gate = std::make_shared<Gate>();
  {
    BoundedTask task;
    EXPECT_FALSE(task.run([gate](const std::stop_token& abandoned) { gate->pass(abandoned); }, milliseconds(300)));
  }
  gate->open = true;
  if (!gate->began) GTEST_SKIP() << "the machine is so busy that the work was given up before it began";
  while (!gate->passed) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_TRUE(gate->was_abandoned);
}

}  // namespace
}  // namespace sandbox::kernel
