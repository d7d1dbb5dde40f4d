// Comments that except from warnings. The policies here deny `fork`, but not `clone`, and allow `ptrace`.
#include "resolve/lint/exceptions.h"

#include <gtest/gtest.h>

#include <string>

#include "support/lint_text.h"

namespace sandbox::resolve {
namespace {

using testing::lint_text;

const std::string kPtrace =
    "'ptrace' is allowed: with it a program takes over other processes of its user [opens-processes]\n";
const std::string kWritev =
    "'process_vm_writev' is allowed: with it a program takes over other processes of its user [opens-processes]\n";
const std::string kAllow = "# check: allow opens-processes: a reason\n";

/// `needed` and two calls that open other processes, on lines 8 and 10; `at` stands in the place of that number.
std::string policy_with(int at, const std::string& comment) {
  const auto place = [&](int line) { return line == at ? comment : ""; };
  return place(1) + "seccomp:\n" + place(2) + "  default_action: errno\n  syscalls:\n" + place(3) +
         "  - action: allow\n    names: [read, exit, exit_group, rt_sigreturn, restart_syscall]\n" + place(4) +
         "  - action: allow\n    names:\n" + place(5) + "    - process_vm_writev" + place(6) + "\n" + place(7) +
         "    - ptrace\n";
}

struct Case {
  int at;
  std::string comment;
  std::string left;
  size_t exceptions;
};

TEST(Exceptions, AreForWhatBeginsBelowThem) {
  const Case cases[] = {
      {0, "", "8:7: " + kWritev + "9:7: " + kPtrace, 0},
      {1, kAllow, "", 2},  // The whole section.
      {1, kAllow + "\n# More.\n", "", 2},
      {4, "  " + kAllow, "", 2},  // The group.
      {4, "  #   check:  allow\topens-processes : a reason\r\n", "", 2},
      {5, "    " + kAllow, "10:7: " + kPtrace, 1},
      {6, "  # check: allow opens-processes: a reason", "9:7: " + kPtrace, 1},
      {7, "    " + kAllow, "8:7: " + kWritev, 1},
  };
  for (const Case& one : cases) {
    size_t exceptions = 0;
    EXPECT_EQ(lint_text(policy_with(one.at, one.comment), {}, &exceptions), one.left) << one.comment;
    EXPECT_EQ(exceptions, one.exceptions) << one.comment;
  }
}

TEST(Exceptions, ThatAreNotNeededAreWarnedOf) {
  const std::string warning = "there is no warning 'opens-processes' to except here [exception-not-needed]\n";
  // Above the default action and above another group.
  EXPECT_EQ(lint_text(policy_with(2, "  " + kAllow)), "2:18: " + warning + "9:7: " + kWritev + "10:7: " + kPtrace);
  EXPECT_EQ(lint_text(policy_with(3, "  " + kAllow)), "4:18: " + warning + "9:7: " + kWritev + "10:7: " + kPtrace);
  // At the end, where nothing is below it.
  EXPECT_EQ(lint_text(policy_with(0, "") + kAllow), "8:7: " + kWritev + "9:7: " + kPtrace + "10:16: " + warning);
  // One of two.
  EXPECT_EQ(lint_text(policy_with(1, "# check: allow lacks-exit, opens-processes: a reason\n")),
            "1:16: there is no warning 'lacks-exit' to except here [exception-not-needed]\n");
}

// What is in a directory here or elsewhere decides whether there is such a warning.
TEST(Exceptions, OfFilesAreNeverWarnedOf) {
  EXPECT_EQ(lint_text(policy_with(1, "# check: allow landlock-write-execute, opens-processes: a reason\n")), "");
}

TEST(Exceptions, MustBeRight) {
  EXPECT_EQ(lint_text(policy_with(1, "# check: allow opens-proceses: a reason\n")),
            "1:16: error: unknown warning 'opens-proceses'; did you mean 'opens-processes'?\n"
            "9:7: warning: 'process_vm_writev' is allowed: with it a program takes over other processes of its user\n"
            "10:7: warning: 'ptrace' is allowed: with it a program takes over other processes of its user\n");
  const std::string no_reason =
      "error: an exception names warnings and gives a reason: 'check: allow opens-processes: REASON'\n";
  for (const char* comment : {"# check: allow opens-processes\n", "# check: allow opens-processes:\n",
                              "# check: allow opens-processes a reason\n"}) {
    EXPECT_EQ(lint_text(policy_with(1, comment)), "1:16: " + no_reason);
  }
  for (const char* comment : {"# check: allow\n", "# check: allow: a reason\n"}) {
    EXPECT_NE(lint_text(policy_with(1, comment))
                  .find("error: an exception names warnings and gives a reason: 'check: allow ID: REASON'\n"),
              std::string::npos);
  }
  std::string many;
  for (int i = 0; i < 1001; ++i) many += kAllow;
  EXPECT_EQ(lint_text(policy_with(1, many)), "1001:16: error: more than 1000 exceptions\n");
}

// What is no comment, or asks for nothing.
TEST(Exceptions, OtherTextsAreNone) {
  for (const char* comment :
       {"# check: whether this is right\n", "# double-check: allow opens-processes: a reason\n",
        "x: '# check: allow opens-processes: a reason'\n", "x: \"\\\" # check: allow opens-processes: a reason\"\n",
        "x: a# check:allow opens-processes:a reason\n"}) {
    EXPECT_EQ(lint_text(policy_with(1, comment)), "9:7: " + kWritev + "10:7: " + kPtrace) << comment;
  }
}

TEST(Exceptions, OfAListAtTheMarginOfItsKey) {
  const std::string head = "seccomp:\n  default_action: allow\n";
  const std::string tail = "  syscalls:\n  - action: errno\n    names: [fork, vfork]\n";
  const std::string comment = "  # check: allow sibling-open: a reason\n";
  EXPECT_NE(lint_text(head + tail), "");
  EXPECT_EQ(lint_text(head + comment + tail), "");
}

TEST(Exceptions, OfAContainerProfile) {
  const std::string note = R"("_comment": "check: allow opens-processes: a reason")";
  const auto profile = [](const std::string& top, const std::string& in_first, const std::string& in_second) {
    return R"({"defaultAction": "SCMP_ACT_ERRNO", )" + top + R"("syscalls": [
{)" + in_first +
           R"("names": ["ptrace", "read", "exit", "exit_group", "rt_sigreturn", "restart_syscall"], "action": "SCMP_ACT_ALLOW"},
{)" + in_second +
           R"("names": ["process_vm_writev"], "action": "SCMP_ACT_ALLOW"}]})";
  };
  const std::string first = "2:12: " + kPtrace;
  EXPECT_EQ(lint_text(profile("", "", "")), first + "3:12: " + kWritev);
  EXPECT_EQ(lint_text(profile(note + ", ", "", "")), "");
  EXPECT_EQ(lint_text(profile("", "", note + ", ")), first);
  EXPECT_EQ(lint_text(profile("", R"("comment": "check: allow opens-procses: x", )", "")).substr(0, 85),
            "2:27: error: unknown warning 'opens-procses'; did you mean 'opens-processes'?\n2:56: w");
  // The value of a key that is no comment.
  EXPECT_EQ(lint_text(profile(R"("_comment": "", "listenerPath": "check: allow opens-processes: x", )", "", "")),
            lint_text(profile(R"("_comment": "", "listenerPath": "check: bllow opens-processes: x", )", "", "")));
}

TEST(Exceptions, OfAUnit) {
  const std::string lines = "SystemCallFilter=@default @basic-io exit restart_syscall ptrace\n";
  EXPECT_NE(lint_text("[Service]\n" + lines).find("[opens-processes]"), std::string::npos);
  for (const char mark : {'#', ';'}) {
    const std::string comment = std::string(1, mark) + " check: allow opens-processes: a reason\n";
    EXPECT_EQ(lint_text("[Service]\n" + comment + lines).find("opens-processes"), std::string::npos);
  }
}

}  // namespace
}  // namespace sandbox::resolve
