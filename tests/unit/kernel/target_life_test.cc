// The phases of a supervised target's life, and what is reported in each.
#include "kernel/target_life.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace sandbox::kernel {
namespace {

using enum LifeEvent;

Phase after(std::initializer_list<LifeEvent> events) {
  Phase phase = Phase::kRunning;
  for (const LifeEvent event : events) phase = advance(phase, event);
  return phase;
}

TEST(TargetLife, ATargetThatEndsLast) {
  EXPECT_EQ(after({kTargetEnded, kNoneLeft}), Phase::kAllEnded);
  EXPECT_EQ(after({kTargetEnded, kNoneLeft, kReported}), Phase::kOver);
}

TEST(TargetLife, ATargetThatLeavesProcessesRunning) {
  EXPECT_EQ(after({kTargetEnded}), Phase::kOrphansRunning);
  EXPECT_EQ(after({kTargetEnded, kReported}), Phase::kProxyReleased);
  EXPECT_EQ(after({kTargetEnded, kReported, kNoneLeft}), Phase::kOrphansEnded);
  EXPECT_EQ(after({kTargetEnded, kReported, kNoneLeft, kReported}), Phase::kOver);
}

/// An outer sandbox can keep the status from waitid(2). Then nothing is reported, and the supervisor must still end.
TEST(TargetLife, ATargetWhoseStatusIsLost) {
  EXPECT_EQ(after({kNoneLeft}), Phase::kOver);
}

TEST(TargetLife, EventsWithoutMeaningChangeNothing) {
  EXPECT_EQ(after({kReported}), Phase::kRunning);
  EXPECT_EQ(after({kTargetEnded, kTargetEnded}), Phase::kOrphansRunning);
  EXPECT_EQ(after({kTargetEnded, kReported, kTargetEnded}), Phase::kProxyReleased);
  EXPECT_EQ(after({kTargetEnded, kReported, kReported}), Phase::kProxyReleased);
  EXPECT_EQ(after({kTargetEnded, kNoneLeft, kNoneLeft}), Phase::kAllEnded);
  EXPECT_EQ(after({kTargetEnded, kReported, kNoneLeft, kNoneLeft}), Phase::kOrphansEnded);
  for (const LifeEvent event : {kTargetEnded, kNoneLeft, kReported})
    EXPECT_EQ(advance(Phase::kOver, event), Phase::kOver);
}

TEST(TargetLife, WhatIsReported) {
  const ReportDue nothing;
  for (const bool wait : {false, true}) {
    EXPECT_EQ(report_due(Phase::kRunning, wait), nothing);
    EXPECT_EQ(report_due(Phase::kProxyReleased, wait), nothing);
    EXPECT_EQ(report_due(Phase::kOver, wait), nothing);
    EXPECT_EQ(report_due(Phase::kAllEnded, wait), (ReportDue{.summary = true, .status = true}));
    EXPECT_EQ(report_due(Phase::kOrphansEnded, wait), (ReportDue{.summary = true}));
  }
  EXPECT_EQ(report_due(Phase::kOrphansRunning, false), (ReportDue{.status = true, .proxy_leaves = true}));
  EXPECT_EQ(report_due(Phase::kOrphansRunning, true), nothing);
}

/// In any order of events the status is reported once and the summary once.
TEST(TargetLife, EverythingIsReportedOnce) {
  for (const bool wait : {false, true}) {
    for (const bool together : {false, true}) {
      unsigned statuses = 0;
      unsigned summaries = 0;
      Phase phase = Phase::kRunning;
      const auto report = [&] {
        const ReportDue due = report_due(phase, wait);
        statuses += due.status ? 1 : 0;
        summaries += due.summary ? 1 : 0;
        if (due != ReportDue{}) phase = advance(phase, kReported);
      };
      report();
      phase = advance(phase, kTargetEnded);
      if (!together) report();
      phase = advance(phase, kNoneLeft);
      report();
      report();
      EXPECT_EQ(statuses, 1U) << wait << together;
      EXPECT_EQ(summaries, 1U) << wait << together;
      EXPECT_EQ(phase, Phase::kOver) << wait << together;
    }
  }
}

siginfo_t child(int code, int status) {
  siginfo_t info = {};
  info.si_code = code;
  info.si_status = status;
  return info;
}

TEST(TargetLife, OnlyEndsAreEnds) {
  for (const int code : {CLD_EXITED, CLD_KILLED, CLD_DUMPED}) EXPECT_TRUE(is_end(child(code, 0))) << code;
  for (const int code : {CLD_TRAPPED, CLD_STOPPED, CLD_CONTINUED}) EXPECT_FALSE(is_end(child(code, 0))) << code;
}

void expect_ending(const Ending& ending, int status, int signal) {
  EXPECT_EQ(ending.status, status);
  EXPECT_EQ(ending.signal, signal);
}

TEST(TargetLife, EndingsAreAsInAShell) {
  expect_ending(ending_of(child(CLD_EXITED, 7), true, false), 7, 0);
  expect_ending(ending_of(child(CLD_KILLED, SIGTERM), true, false), 128 + SIGTERM, SIGTERM);
  expect_ending(ending_of(child(CLD_DUMPED, SIGSEGV), true, false), 128 + SIGSEGV, SIGSEGV);
  EXPECT_TRUE(ending_of(child(CLD_EXITED, 0), true, false).executed);
  EXPECT_FALSE(ending_of(child(CLD_EXITED, 126), false, false).executed);
}

TEST(TargetLife, ASigkillForTheFilterIsReportedAsTheFilters) {
  expect_ending(ending_of(child(CLD_KILLED, SIGKILL), true, true), 128 + SIGSYS, SIGSYS);
  expect_ending(ending_of(child(CLD_KILLED, SIGKILL), true, false), 128 + SIGKILL, SIGKILL);
  // Another end came first.
  expect_ending(ending_of(child(CLD_KILLED, SIGTERM), true, true), 128 + SIGTERM, SIGTERM);
  expect_ending(ending_of(child(CLD_EXITED, SIGKILL), true, true), SIGKILL, 0);
}

}  // namespace
}  // namespace sandbox::kernel
