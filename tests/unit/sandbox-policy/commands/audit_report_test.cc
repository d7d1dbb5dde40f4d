// What `audit` prints of records, and which it counts.
#include "sandbox-policy/commands/audit_report.h"

#include <cstdint>

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include "sandbox-policy/commands/line_splitter.h"

namespace sandbox::tool {
namespace {

report::Event event(const std::string& process, pid_t pid, uint32_t number, const std::string& executable = "") {
  report::Event made;
  made.time = std::chrono::system_clock::time_point(std::chrono::milliseconds(1775471250755));
  made.process.name = process;
  made.process.pid = pid;
  made.process.executable = executable;
  made.call = {.number = number, .arch = AUDIT_ARCH_X86_64, .args = {}, .instruction_pointer = 0};
  made.action = SECCOMP_RET_ERRNO;
  return made;
}

constexpr uint32_t kSocket = 41;
constexpr uint32_t kBrk = 12;

size_t lines_in(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

struct Printed {
  explicit Printed(Options options_in = {}) : options(std::move(options_in)), events(options, out) {}

  Options options;
  Output out = Output(false, 80);
  AuditReport events;
};

TEST(AuditReport, PrintsALineForWhatIsNewAndCountsTheRest) {
  Printed printed;
  for (int i = 0; i < 7; ++i) printed.events.take(event("a", 1, kSocket, "/bin/a"));
  EXPECT_EQ(lines_in(printed.out.text()), 1U) << printed.out.text();
  EXPECT_EQ(printed.out.text().find("2026-04-06T10:27:30.755Z denied "), 0U) << printed.out.text();
  EXPECT_NE(printed.out.text().find("  /bin/a\n"), std::string::npos);
  printed.events.take(event("a", 1, kSocket, "/bin/b"));
  EXPECT_EQ(lines_in(printed.out.text()), 2U) << "another file by the same name";
  printed.events.take(event("a", 1, kBrk, "/bin/a"));
  printed.events.take(event("b", 2, kSocket, "/bin/a"));
  EXPECT_EQ(lines_in(printed.out.text()), 4U);
  printed.events.finish(Log("t"), true);
  EXPECT_NE(printed.out.text().find("\n\n"), std::string::npos) << "the summary stands apart";
  EXPECT_NE(printed.out.text().find("socket"), std::string::npos);
}

TEST(AuditReport, TakesOnlyWhatIsAskedFor) {
  Options options;
  options.pid = 2;
  Printed by_process(options);
  by_process.events.take(event("a", 1, kSocket));
  EXPECT_EQ(by_process.out.text(), "");
  by_process.events.take(event("a", 2, kSocket));
  EXPECT_EQ(lines_in(by_process.out.text()), 1U);

  options.calls = {"brk", "openat"};
  Printed by_both(options);
  by_both.events.take(event("a", 2, kSocket));
  by_both.events.take(event("a", 1, kBrk));
  by_both.events.take(event("a", 2, 4711));
  EXPECT_EQ(by_both.out.text(), "") << "a call without a name is none of these";
  by_both.events.take(event("a", 2, kBrk));
  EXPECT_EQ(lines_in(by_both.out.text()), 1U);
}

TEST(AuditReport, SaysThatThereIsNothingOnlyIfAllWasRead) {
  Printed whole;
  whole.events.finish(Log("t"), true);
  EXPECT_EQ(whole.out.text(), "no records\n");
  Printed part;
  part.events.finish(Log("t"), false);
  EXPECT_EQ(part.out.text(), "");
}

TEST(AuditReport, WarnsOfRecordsThatItCannotRead) {
  Printed printed;
  printed.events.take(report::NoRecord::kAnother);
  printed.events.take(report::NoRecord::kUnreadable);
  printed.events.take(report::NoRecord::kUnreadable);
  ::testing::internal::CaptureStderr();
  printed.events.finish(Log("t"), true);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "t: error: audit: 2 records could not be read, and there are no others\n");
  EXPECT_EQ(printed.out.text(), "") << "which is not 'no records'";
  EXPECT_TRUE(printed.events.none_readable());
  printed.events.take(event("a", 1, kSocket));
  ::testing::internal::CaptureStderr();
  printed.events.finish(Log("t"), true);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "t: warning: 2 records could not be read\n");
  EXPECT_FALSE(printed.events.none_readable());
}

TEST(AuditReport, PrintsEveryEventAsJson) {
  Options options;
  options.json = true;
  Printed printed(options);
  for (int i = 0; i < 3; ++i) printed.events.take(event("a", 1, kSocket));
  EXPECT_EQ(lines_in(printed.out.text()), 3U);
  printed.events.finish(Log("t"), true);
  EXPECT_EQ(lines_in(printed.out.text()), 4U) << "one sum for one call";
}

TEST(AuditReport, TellsWhoMadeTheCall) {
  report::Event made = event("a", 1, kSocket, "/bin/a\n");
  made.process.user = 1000;
  made.process.user_name = "anna";
  made.process.audit_user = 0;
  Printed printed;
  printed.events.take(made);
  EXPECT_NE(printed.out.text().find("  /bin/a\\n, user 1000 (anna), logged in as 0\n"), std::string::npos)
      << printed.out.text();
}

TEST(UnloggedActions, AreThoseThatTheKernelDoesNotList) {
  EXPECT_EQ(unlogged_actions("kill_process kill_thread trap errno user_notif trace log\n"), "");
  EXPECT_EQ(unlogged_actions("kill_process trap errno trace\n"), " kill_thread log");
  EXPECT_EQ(unlogged_actions("errno\n"), " kill_process kill_thread trap trace log");
  EXPECT_EQ(unlogged_actions("\n"), " kill_process kill_thread trap errno trace log");
  EXPECT_EQ(unlogged_actions(""), "") << "it could not be read";
}

std::vector<std::string> split(const std::vector<std::string>& pieces) {
  std::vector<std::string> found;
  const auto take = [&](std::string_view line) { found.emplace_back(line); };
  LineSplitter lines;
  for (const std::string& piece : pieces) lines.add(piece, take);
  lines.finish(take);
  return found;
}

TEST(LineSplitter, PutsPiecesTogether) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(split({"a\nbc", "d\n", "\ne", "f"}), (Lines{"a", "bcd", "", "ef"}));
  EXPECT_EQ(split({"a\n"}), Lines{"a"});
  EXPECT_EQ(split({}), Lines());
}

TEST(LineSplitter, KeepsTheBeginningOfALineThatIsTooLong) {
  const std::string piece(40000, 'x');
  const auto found = split({piece, piece, piece + "\nnext\n"});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].size(), LineSplitter::kMaxLength);
  EXPECT_EQ(found[1], "next");
}

}  // namespace
}  // namespace sandbox::tool
