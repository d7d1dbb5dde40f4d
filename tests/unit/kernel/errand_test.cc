// Work that is held up is left behind, and whoever asked for it goes on.
#include "kernel/errand.h"

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
  std::atomic<bool> was_left{false};

  void pass(const std::stop_token& left) {
    began = true;
    while (!open) std::this_thread::sleep_for(milliseconds(1));
    was_left = left.stop_requested();
    passed = true;
  }
};

TEST(Errand, IsDone) {
  Errand errand;
  const auto sum = std::make_shared<int>(0);
  for (int i = 1; i <= 100; ++i) {
    ASSERT_TRUE(
        errand.run([sum, i](const std::stop_token& left) { *sum += left.stop_requested() ? 1000000 : i; }, kLong));
  }
  EXPECT_EQ(*sum, 5050);
  EXPECT_EQ(errand.left_behind(), 0U);
}

TEST(Errand, IsDoneByOneThread) {
  Errand errand;
  const auto first = std::make_shared<std::thread::id>();
  const auto second = std::make_shared<std::thread::id>();
  ASSERT_TRUE(errand.run([first](const std::stop_token&) { *first = std::this_thread::get_id(); }, kLong));
  ASSERT_TRUE(errand.run([second](const std::stop_token&) { *second = std::this_thread::get_id(); }, kLong));
  EXPECT_EQ(*first, *second);
  EXPECT_NE(*first, std::this_thread::get_id());
}

TEST(Errand, IsLeftBehindAndToldSo) {
  Errand errand;
  const auto gate = std::make_shared<Gate>();
  EXPECT_FALSE(errand.run([gate](const std::stop_token& left) { gate->pass(left); }, milliseconds(300)));
  EXPECT_EQ(errand.left_behind(), 1U);
  // The next one has a thread of its own.
  const auto done = std::make_shared<std::atomic<bool>>(false);
  EXPECT_TRUE(errand.run([done](const std::stop_token&) { *done = true; }, kLong));
  EXPECT_TRUE(*done);
  EXPECT_FALSE(gate->passed);
  gate->open = true;
  if (!gate->began) GTEST_SKIP() << "the machine is so busy that the work was given up before it began";
  while (!gate->passed) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_TRUE(gate->was_left);
}

TEST(Errand, MayOutliveWhoAskedForIt) {
  const auto gate = std::make_shared<Gate>();
  {
    Errand errand;
    EXPECT_FALSE(errand.run([gate](const std::stop_token& left) { gate->pass(left); }, milliseconds(300)));
  }
  gate->open = true;
  if (!gate->began) GTEST_SKIP() << "the machine is so busy that the work was given up before it began";
  while (!gate->passed) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_TRUE(gate->was_left);
}

}  // namespace
}  // namespace sandbox::kernel
