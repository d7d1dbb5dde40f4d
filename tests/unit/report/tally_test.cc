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
    default:
      return "no";
  }
}

TEST(Tally, ShowsTheFirstAndCountsItsRepetitions) {
  Tally tally;
  EXPECT_EQ(deny(tally, key_of(41), "a"), "shown");
  for (size_t i = 1; i < Tally::kMostRepeats; ++i) EXPECT_EQ(deny(tally, key_of(41), "a"), "no");
  EXPECT_EQ(deny(tally, key_of(41), "a"), "more");
  EXPECT_EQ(deny(tally, key_of(41), "a"), "cheap");
  EXPECT_EQ(deny(tally, key_of(41), "b"), "cheap");
  EXPECT_EQ(tally.count(), Tally::kMostRepeats + 3);
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

TEST(Tally, HasALimitForKeys) {
  Tally tally;
  for (uint32_t number = 0; number < Tally::kMostKeys; ++number) EXPECT_EQ(deny(tally, key_of(number), "a"), "shown");
  for (uint32_t number = 0; number < 1000; ++number) EXPECT_EQ(deny(tally, key_of(100000 + number), "a"), "cheap");
  EXPECT_EQ(deny(tally, key_of(7), "b"), "shown");
  EXPECT_EQ(tally.count(), Tally::kMostKeys + 1001);
  EXPECT_EQ(tally.uncounted(), 1000U);
  uint64_t sum = 0;
  for (const Total& total : tally.totals()) sum += total.count;
  EXPECT_EQ(sum, Tally::kMostKeys + 1);
  EXPECT_NE(summary_text(tally, Outcome::kEnforced).find("  1000  other calls\n"), std::string::npos);
  EXPECT_TRUE(summary_text(tally, Outcome::kEnforced).starts_with("more than 512 calls were denied 1513 times:\n"));
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
  EXPECT_TRUE(summary_text(tally, Outcome::kLetThrough).starts_with("3 calls would have been denied 17 times:\n"));
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

TEST(Tally, SummaryOfWhatIsLogged) {
  Tally tally;
  times(tally, 2, key_of(41, "curl", SECCOMP_RET_LOG), "beat.yml:9:5");
  const std::string row = "  2  socket  logged  [curl]  by beat.yml:9:5\n";
  EXPECT_EQ(summary_text(tally, Outcome::kLetThrough), "1 call was logged 2 times:\n" + row);
  times(tally, 1, key_of(42), "beat.yml:9:5");
  EXPECT_TRUE(summary_text(tally, Outcome::kEnforced).starts_with("2 calls were denied or logged 3 times:\n"));
}

TEST(Tally, MoreOfItText) {
  EXPECT_EQ(more_of_it_text(key_of(41, "tcp\ndump")), "further denials of socket in tcp\\ndump are counted, not shown");
}

#endif

TEST(Tally, NothingIsSaidOfNothing) {
  EXPECT_EQ(summary_text(Tally(), Outcome::kEnforced), "");
}

}  // namespace
}  // namespace sandbox::report
