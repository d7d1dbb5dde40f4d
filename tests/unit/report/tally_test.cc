#include "report/tally.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include <string>
#include <vector>

namespace sandbox::report {
namespace {

constexpr uint32_t kEperm = SECCOMP_RET_ERRNO | 1;

DenialKey key_of(uint32_t number, std::string_view process = "curl", uint32_t action = kEperm, uint64_t rule = 1) {
  return {.arch = AUDIT_ARCH_X86_64, .number = number, .action = action, .rule = rule, .process = process};
}

/// One denial, as a supervisor goes about it: "shown", "more", "no", or "cheap" where no details were wanted.
std::string deny(Tally& tally, const DenialKey& key, std::string_view text, const std::string& rule = "beat.yml:9:5") {
  if (!tally.wants_details(key)) return "cheap";
  switch (tally.note(key, text, rule, "a group")) {
    case Tally::Show::kYes:
      return "shown";
    case Tally::Show::kMoreOfIt:
      return "more";
    case Tally::Show::kNoMore:
      return "no more";
    default:
      return "no";
  }
}

TEST(Tally, ShowsTheFirstAndCountsItsRepetitions) {
  Tally tally;
  EXPECT_EQ(deny(tally, key_of(41), "a"), "shown");
  for (size_t i = 1; i < Tally::kMaxRepeats; ++i) EXPECT_EQ(deny(tally, key_of(41), "a"), "no");
  EXPECT_EQ(deny(tally, key_of(41), "a"), "more");
  EXPECT_EQ(deny(tally, key_of(41), "a"), "cheap");
  EXPECT_EQ(deny(tally, key_of(41), "b"), "cheap");
  EXPECT_EQ(tally.count(), Tally::kMaxRepeats + 3);
}

TEST(Tally, ShowsAFewThatDiffer) {
  Tally tally;
  std::string answers;
  for (const char* text : {"a", "b", "a", "c", "b", "d", "e"}) answers += deny(tally, key_of(41), text) + " ";
  EXPECT_EQ(answers, "shown shown no shown no shown shown ");
  EXPECT_EQ(deny(tally, key_of(41), "e"), "no");
  EXPECT_EQ(deny(tally, key_of(41), "f"), "more");
  EXPECT_EQ(deny(tally, key_of(41), "g"), "cheap");
  EXPECT_EQ(tally.count(), 10U);
}

TEST(Tally, EachPartOfTheKeyCounts) {
  Tally tally;
  DenialKey other_abi = key_of(41);
  other_abi.arch = AUDIT_ARCH_I386;
  for (const DenialKey& key : {key_of(41), key_of(42), key_of(41, "git"), key_of(41, "curl", SECCOMP_RET_KILL_PROCESS),
                               key_of(41, "curl", kEperm, 2), other_abi}) {
    EXPECT_EQ(deny(tally, key, "a"), "shown");
    EXPECT_EQ(deny(tally, key, "a"), "no");
  }
  EXPECT_EQ(tally.count(), 12U);
}

// What was possible before: 512 odd numbers, or names, and a call was in no total any more.
TEST(Tally, CallsWithoutANameTakeFewPlaces) {
  Tally tally;
  for (uint32_t i = 0; i < Tally::kMaxNameless; ++i) EXPECT_EQ(deny(tally, key_of(100000 + i), "a"), "shown");
  for (uint32_t i = 0; i < 1000; ++i) EXPECT_EQ(deny(tally, key_of(200000 + i), "a"), "cheap");
  EXPECT_EQ(deny(tally, key_of(200000, "git"), "a"), "cheap") << "under any name";
  EXPECT_EQ(deny(tally, {0x1234, 41, kEperm, 1, "curl"}, "a"), "cheap") << "no such arch";
  EXPECT_EQ(deny(tally, key_of(100000), "b"), "shown") << "it has its place";
  EXPECT_EQ(deny(tally, key_of(41), "a"), "shown");
  EXPECT_EQ(tally.count(), Tally::kMaxNameless + 1004);
  EXPECT_EQ(tally.uncounted(), 1002U);
  EXPECT_EQ(tally.totals().size(), Tally::kMaxNameless + 1);
}

std::string name_of(size_t i) {
  return "name-" + std::to_string(i);
}

TEST(Tally, NamesOfProcessesDoNotPushOutCalls) {
  Tally tally;
  for (size_t i = 0; i < Tally::kMaxKeys; ++i) EXPECT_EQ(deny(tally, key_of(39, name_of(i)), "a"), "shown");
  EXPECT_EQ(deny(tally, key_of(41, "new"), "a", "beat.yml:12:5"), "no") << "the totals learn the rule";
  EXPECT_EQ(deny(tally, key_of(41, "newer"), "b"), "cheap");
  EXPECT_EQ(deny(tally, key_of(39, "newer"), "b"), "no");
  EXPECT_EQ(deny(tally, key_of(39, "newest"), "b"), "cheap");
  EXPECT_EQ(deny(tally, key_of(100000, "newest"), "b"), "cheap") << "it has no name";
  EXPECT_EQ(deny(tally, key_of(39, name_of(7)), "b"), "shown") << "it has its place";
  EXPECT_EQ(tally.uncounted(), 1U);
  const std::vector<Total> totals = tally.totals();
  ASSERT_EQ(totals.size(), 2U);
  EXPECT_EQ(totals[0].count, Tally::kMaxKeys + 3);
  EXPECT_EQ(totals[0].processes.size(), Tally::kMaxKeys);
  EXPECT_TRUE(totals[0].other_processes);
  EXPECT_EQ(totals[1].number, 41U);
  EXPECT_EQ(totals[1].rule, "beat.yml:12:5");
  EXPECT_EQ(totals[1].count, 2U);
  EXPECT_EQ(totals[1].processes, std::vector<std::string>());
  EXPECT_TRUE(totals[1].other_processes);
}

TEST(Tally, HasALimitForNamesOfCallsToo) {
  Tally tally;
  for (size_t i = 0; i < Tally::kMaxKeys; ++i) deny(tally, key_of(39, name_of(i)), "a");
  for (uint64_t rule = 0; rule < Tally::kMaxNamesOfCalls; ++rule) {
    EXPECT_EQ(deny(tally, key_of(41, "curl", kEperm, rule), "a"), "no");
  }
  EXPECT_EQ(deny(tally, key_of(42), "a"), "cheap");
  EXPECT_EQ(deny(tally, key_of(41, "git", kEperm, 7), "a"), "cheap");
  EXPECT_EQ(tally.uncounted(), 1U);
}

TEST(Tally, ProcessesWithoutANameAreNotTheOthers) {
  Tally tally;
  EXPECT_EQ(deny(tally, key_of(41, ""), "a"), "shown");
  EXPECT_EQ(deny(tally, key_of(41, ""), "b"), "shown");
  EXPECT_FALSE(tally.totals().at(0).other_processes);
}

TEST(Tally, HasALimitForLines) {
  Tally tally(3);
  EXPECT_EQ(deny(tally, key_of(41), "a"), "shown");
  EXPECT_EQ(deny(tally, key_of(42), "a"), "shown");
  EXPECT_EQ(deny(tally, key_of(42), "a"), "no");
  EXPECT_EQ(deny(tally, key_of(43), "a"), "shown");
  EXPECT_EQ(deny(tally, key_of(41), "b"), "no more");
  EXPECT_EQ(deny(tally, key_of(41), "c"), "cheap");
  EXPECT_EQ(deny(tally, key_of(42), "b"), "no");
  EXPECT_EQ(deny(tally, key_of(42), "b"), "cheap");
  EXPECT_EQ(deny(tally, key_of(44), "a", "beat.yml:12:5"), "no") << "the totals learn the rule";
  EXPECT_EQ(deny(tally, key_of(44), "a"), "cheap");
  const std::vector<Total> totals = tally.totals();
  ASSERT_EQ(totals.size(), 4U);
  EXPECT_EQ(totals[2].number, 44U);
  EXPECT_EQ(totals[2].rule, "beat.yml:12:5");
  EXPECT_EQ(totals[2].count, 2U);
  EXPECT_EQ(tally.uncounted(), 0U);
}

TEST(Tally, WhatIsSaidOfFurtherDenialsIsALineToo) {
  Tally tally(Tally::kMaxShown + 1);
  for (size_t i = 0; i < Tally::kMaxShown; ++i) EXPECT_EQ(deny(tally, key_of(41), name_of(i)), "shown");
  EXPECT_EQ(deny(tally, key_of(41), "a"), "more");
  EXPECT_EQ(deny(tally, key_of(42), "a"), "no more");
  EXPECT_EQ(deny(tally, key_of(43), "a"), "no");
  Tally other(Tally::kMaxShown);
  for (size_t i = 0; i < Tally::kMaxShown; ++i) EXPECT_EQ(deny(other, key_of(41), name_of(i)), "shown");
  EXPECT_EQ(deny(other, key_of(41), "a"), "no more");
  EXPECT_EQ(kNoMoreText, "further denials, of any call, are counted, not shown");
}

// As a hostile program has it: other names, numbers and arguments each time.
TEST(Tally, AFloodOfLinesEnds) {
  Tally tally(Tally::kMaxLines);
  size_t lines = 0;
  for (uint32_t i = 0; i < 20000; ++i) {
    for (const uint32_t number : {i % 300, 100000 + i}) {
      const std::string answer = deny(tally, key_of(number, name_of(i % 1000)), name_of(i));
      if (answer != "no" && answer != "cheap") ++lines;
    }
  }
  EXPECT_EQ(lines, Tally::kMaxLines + 1);
  EXPECT_EQ(tally.count(), 40000U);
}

void times(Tally& tally, int count, const DenialKey& key, const std::string& rule) {
  for (int i = 0; i < count; ++i) deny(tally, key, "a", rule);
}

#if defined(__x86_64__) && !defined(__ILP32__)

TEST(Tally, SummaryWithTheMostFrequentFirst) {
  Tally tally;
  times(tally, 2, key_of(41, "curl"), "beat.yml:9:5");
  times(tally, 1, key_of(42, "curl"), "beat.yml:12:5");
  times(tally, 10, key_of(41, "git"), "beat.yml:9:5");
  times(tally, 4, key_of(101, "gdb", SECCOMP_RET_KILL_PROCESS), "beat.yml:3:3");
  EXPECT_EQ(summary_text(tally, Outcome::kEnforced),
            "3 calls were denied 17 times:\n"
            "  12  socket   EPERM           [curl, git]  by beat.yml:9:5\n"
            "   4  ptrace   process killed  [gdb]  by beat.yml:3:3\n"
            "   1  connect  EPERM           [curl]  by beat.yml:12:5\n");
  EXPECT_TRUE(summary_text(tally, Outcome::kAllowed).starts_with("3 calls would have been denied 17 times:\n"));
}

TEST(Tally, SummaryOfEquallyFrequentOnesInTheirOrder) {
  Tally tally;
  for (const uint32_t number : {101, 39, 41, 2}) times(tally, 1, key_of(number), "beat.yml:9:5");
  times(tally, 2, key_of(57), "beat.yml:9:5");
  times(tally, 1, key_of(59, "git"), "beat.yml:9:5");
  EXPECT_EQ(summary_text(tally, Outcome::kEnforced),
            "6 calls were denied 7 times:\n"
            "  2  fork    EPERM  [curl]  by beat.yml:9:5\n"
            "  1  ptrace  EPERM  [curl]  by beat.yml:9:5\n"
            "  1  getpid  EPERM  [curl]  by beat.yml:9:5\n"
            "  1  socket  EPERM  [curl]  by beat.yml:9:5\n"
            "  1  open    EPERM  [curl]  by beat.yml:9:5\n"
            "  1  execve  EPERM  [git]  by beat.yml:9:5\n");
}

TEST(Tally, SummaryOfAFlood) {
  Tally tally;
  for (uint32_t i = 0; i < 3; ++i) times(tally, 1, key_of(100000 + i), "beat.yml:9:5");
  for (size_t i = 3; i < Tally::kMaxKeys; ++i) times(tally, 1, key_of(41, name_of(100 + i)), "beat.yml:9:5");
  times(tally, 2, key_of(41, "new"), "beat.yml:9:5");
  times(tally, 4, key_of(42, "new"), "beat.yml:12:5");
  times(tally, 5, key_of(200000), "beat.yml:9:5");
  EXPECT_EQ(summary_text(tally, Outcome::kEnforced),
            "more than 5 calls were denied 523 times:\n"
            "  511  socket       EPERM  [name-103, name-104, name-105, 506 more and others]  by beat.yml:9:5\n"
            "    4  connect      EPERM  [other processes]  by beat.yml:12:5\n"
            "    1  call 100000  EPERM  [curl]  by beat.yml:9:5\n"
            "    1  call 100001  EPERM  [curl]  by beat.yml:9:5\n"
            "    1  call 100002  EPERM  [curl]  by beat.yml:9:5\n"
            "    5  other calls\n");
}

TEST(Tally, SummaryOfFewNamesAndOthers) {
  Tally tally;
  for (const char* name : {"a", "b"}) times(tally, 1, key_of(41, name), "beat.yml:9:5");
  for (size_t i = 2; i < Tally::kMaxKeys; ++i) times(tally, 1, key_of(42, name_of(i)), "beat.yml:9:5");
  times(tally, 1, key_of(41, "c"), "beat.yml:9:5");
  EXPECT_EQ(summary_text(tally, Outcome::kEnforced),
            "2 calls were denied 513 times:\n"
            "  510  connect  EPERM  [name-10, name-100, name-101 and 507 more]  by beat.yml:9:5\n"
            "    3  socket   EPERM  [a, b and others]  by beat.yml:9:5\n");
}

TEST(Tally, SummaryOfOneCall) {
  Tally tally;
  for (const char* name : {"a", "b", "c", "d", "e"}) tally.wants_details(key_of(41, name));
  EXPECT_EQ(summary_text(tally, Outcome::kEnforced),
            "1 call was denied 5 times:\n"
            "  5  socket  EPERM  [a, b, c and 2 more]\n");
  Tally once;
  times(once, 1, key_of(41, "a\n"), "beat.yml:9:5");
  EXPECT_EQ(summary_text(once, Outcome::kEnforced),
            "1 call was denied once:\n"
            "  1  socket  EPERM  [a\\n]  by beat.yml:9:5\n");
}

TEST(Tally, SummaryOfProcessesWithoutAName) {
  Tally tally;
  times(tally, 2, key_of(41, ""), "beat.yml:9:5");
  times(tally, 1, key_of(42, ""), "beat.yml:12:5");
  times(tally, 4, key_of(42, "curl"), "beat.yml:12:5");
  EXPECT_EQ(summary_text(tally, Outcome::kEnforced),
            "2 calls were denied 7 times:\n"
            "  5  connect  EPERM  [(no name), curl]  by beat.yml:12:5\n"
            "  2  socket   EPERM  [(no name)]  by beat.yml:9:5\n");
}

TEST(Tally, SummaryOfWhatIsLogged) {
  Tally tally;
  times(tally, 2, key_of(41, "curl", SECCOMP_RET_LOG), "beat.yml:9:5");
  const std::string row = "  2  socket  logged  [curl]  by beat.yml:9:5\n";
  EXPECT_EQ(summary_text(tally, Outcome::kAllowed), "1 call was logged 2 times:\n" + row);
  times(tally, 1, key_of(42), "beat.yml:9:5");
  EXPECT_TRUE(summary_text(tally, Outcome::kEnforced).starts_with("2 calls were denied or logged 3 times:\n"));
}

TEST(Tally, MoreOfItText) {
  EXPECT_EQ(more_of_it_text(key_of(41, "tcp\ndump")), "further denials of socket in tcp\\ndump are counted, not shown");
  EXPECT_EQ(more_of_it_text(key_of(UINT32_MAX, "")), "further denials of call -1 are counted, not shown");
}

#endif

TEST(Tally, NothingIsSaidOfNothing) {
  EXPECT_EQ(summary_text(Tally(), Outcome::kEnforced), "");
}

}  // namespace
}  // namespace sandbox::report
