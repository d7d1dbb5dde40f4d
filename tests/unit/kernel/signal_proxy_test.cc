// Which signals are passed on to the target, and what is reported when the supervisor is gone.
#include "kernel/signal_proxy.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace sandbox::kernel {
namespace {

siginfo_t signal_of(int number, int code) {
  siginfo_t info = {};
  info.si_signo = number;
  info.si_code = code;
  return info;
}

constexpr int kOfTerminal[] = {SIGINT, SIGQUIT, SIGHUP, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGWINCH};

TEST(SignalProxy, PassesOnWhatOthersSend) {
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCONT, SIGTSTP, SIGWINCH, SIGRTMIN}) {
    EXPECT_TRUE(is_passed_on(signal_of(number, SI_USER), {})) << number;
    EXPECT_TRUE(is_passed_on(signal_of(number, SI_USER), {.leads_session = true, .same_group = true})) << number;
    EXPECT_TRUE(is_passed_on(signal_of(number, SI_QUEUE), {.same_group = true})) << number;
  }
}

TEST(SignalProxy, KeepsTheSupervisorsSigcont) {
  EXPECT_FALSE(is_passed_on(signal_of(SIGCONT, SI_USER), {.supervisor = true}));
  EXPECT_TRUE(is_passed_on(signal_of(SIGTERM, SI_USER), {.supervisor = true}));
}

TEST(SignalProxy, KeepsWhatProcessesBelowSend) {
  for (const int number : {SIGTERM, SIGINT, SIGUSR1, SIGCONT}) {
    EXPECT_FALSE(is_passed_on(signal_of(number, SI_USER), {.below = true})) << number;
  }
}

TEST(SignalProxy, KeepsWhatTheTerminalHasSentToTheTarget) {
  for (const int number : kOfTerminal) {
    EXPECT_FALSE(is_passed_on(signal_of(number, SI_KERNEL), {.same_group = true})) << number;
    EXPECT_TRUE(is_passed_on(signal_of(number, SI_KERNEL), {})) << number;
  }
  for (const int number : {SIGTERM, SIGALRM, SIGPIPE}) {
    EXPECT_TRUE(is_passed_on(signal_of(number, SI_KERNEL), {.same_group = true})) << number;
  }
}

/// A hangup reaches the session leader alone, and so does the SIGCONT that follows it.
TEST(SignalProxy, PassesOnAHangupOfItsSession) {
  for (const int number : kOfTerminal) {
    EXPECT_EQ(is_passed_on(signal_of(number, SI_KERNEL), {.leads_session = true, .same_group = true}),
              number == SIGHUP || number == SIGCONT)
        << number;
  }
}

TEST(SignalProxy, PassesOnWhatEndsProgramsToOrphans) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) EXPECT_TRUE(is_passed_on_to_orphans(number)) << number;
  for (const int number : {SIGCONT, SIGTSTP, SIGUSR1, SIGWINCH, SIGCHLD, SIGALRM}) {
    EXPECT_FALSE(is_passed_on_to_orphans(number)) << number;
  }
}

TEST(SignalProxy, KnowsItsLifeline) {
  for (const int code : {POLL_IN, POLL_ERR, POLL_HUP}) EXPECT_TRUE(is_of_lifeline(signal_of(SIGCONT, code))) << code;
  EXPECT_FALSE(is_of_lifeline(signal_of(SIGCONT, SI_USER)));
  EXPECT_FALSE(is_of_lifeline(signal_of(SIGCONT, SI_QUEUE)));
  EXPECT_FALSE(is_of_lifeline(signal_of(SIGCONT, SI_KERNEL)));
  EXPECT_FALSE(is_of_lifeline(signal_of(SIGTERM, POLL_HUP)));
}

std::string error_of(const SupervisorEnd& end) {
  const auto report = report_of(end);
  return report ? "no error" : report.error();
}

TEST(SignalProxy, ReportsThatNothingWasStarted) {
  EXPECT_EQ(error_of({}), "the supervisor ended before it had started anything");
  EXPECT_EQ(error_of({.signal = SIGKILL, .failure = ""}), "the supervisor ended before it had started anything");
  EXPECT_EQ(error_of({.failure = "clone(2) failed: No such process"}), "clone(2) failed: No such process");
}

TEST(SignalProxy, ReportsThatTheSupervisorWasKilled) {
  const auto killed = report_of({.target_existed = true, .all_killed = true, .signal = SIGKILL, .failure = ""});
  ASSERT_TRUE(killed);
  EXPECT_EQ(killed->status, 128 + SIGKILL);
  EXPECT_EQ(killed->message, "the supervisor was killed by signal 9; everything that it supervised has been killed");
  const auto survivors = report_of({.target_existed = true, .signal = SIGSEGV, .failure = ""});
  ASSERT_TRUE(survivors);
  EXPECT_EQ(survivors->status, 128 + SIGSEGV);
  EXPECT_EQ(survivors->message,
            "the supervisor was killed by signal 11; not everything that it supervised could be killed");
}

/// Without its supervisor the target can fail too; that is not the cause.
TEST(SignalProxy, ReportsASignalBeforeAFailure) {
  const auto killed = report_of(
      {.target_existed = true, .target_ran = true, .all_killed = true, .signal = SIGTERM, .failure = "a failure"});
  ASSERT_TRUE(killed);
  EXPECT_EQ(killed->message, "the supervisor was killed by signal 15; everything that it supervised has been killed");
}

TEST(SignalProxy, ReportsAFailure) {
  EXPECT_EQ(error_of({.target_existed = true, .target_ran = true, .all_killed = true, .failure = "poll(2) failed"}),
            "poll(2) failed; everything that it supervised has been killed");
  EXPECT_EQ(error_of({.target_existed = true, .target_ran = true, .failure = "poll(2) failed"}),
            "poll(2) failed; not everything that it supervised could be killed");
  EXPECT_EQ(error_of({.target_existed = true, .all_killed = true, .failure = "the filter cannot be installed"}),
            "the filter cannot be installed");
  EXPECT_EQ(error_of({.target_existed = true, .all_killed = true, .failure = ""}),
            "the supervisor failed; everything that it supervised has been killed");
}

/// A supervisor that is killed when the target's process exists and has not yet said so. Returns whether nothing is left
/// when the proxy ends, with the right error.
bool leaves_nothing() {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  std::array<int, 2> ends = {-1, -1};
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0 || pipe(ends.data()) != 0) return false;
  const pid_t supervisor = fork();
  if (supervisor == 0) {
    const pid_t early = fork();
    if (early == 0) {
      for (;;) pause();
    }
    (void)!write(ends[1], &early, sizeof early);
    kill(getpid(), SIGKILL);
  }
  pid_t early = 0;
  if (read(ends[0], &early, sizeof early) != sizeof early) return false;
  SharedState shared;
  const auto result = SignalProxy(shared, supervisor, true).run();
  const bool gone = kill(early, 0) != 0 && errno == ESRCH;
  if (!gone) kill(early, SIGKILL);
  return gone && !result && result.error() == "the supervisor ended before it had started anything";
}

TEST(SignalProxy, KillsATargetThatWasNotYetAnnounced) {
  const pid_t proxy = fork();
  if (proxy == 0) _exit(leaves_nothing() ? 0 : 1);
  int status = -1;
  ASSERT_EQ(waitpid(proxy, &status, 0), proxy);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace sandbox::kernel
