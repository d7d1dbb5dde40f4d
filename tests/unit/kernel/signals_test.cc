#include "kernel/signals.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sandbox::kernel {
namespace {

/// In a process of its own, whose signals these are.
template <typename Test>
int status_of(Test test) {
  const pid_t pid = fork();
  if (pid == 0) _exit(test());
  int status = -1;
  waitpid(pid, &status, 0);
  return status;
}

TEST(Signals, AreTakenAndWereAsTheyWere) {
  EXPECT_EQ(status_of([] {
              sigset_t some;
              sigemptyset(&some);
              sigaddset(&some, SIGUSR1);
              sigprocmask(SIG_SETMASK, &some, nullptr);
              signal(SIGCHLD, SIG_IGN);
              const auto before = take_signals();
              if (!before) return 1;
              if (sigismember(&before->mask, SIGUSR1) != 1 || sigismember(&before->mask, SIGUSR2) != 0) return 2;
              if (before->child.sa_handler != SIG_IGN) return 3;
              sigset_t now;
              sigprocmask(SIG_SETMASK, nullptr, &now);
              if (sigismember(&now, SIGUSR2) != 1 || sigismember(&now, SIGCHLD) != 1) return 4;
              sigpending(&now);
              return sigismember(&now, SIGCHLD) != 0 ? 5 : 0;  // What was sent to try it is gone.
            }),
            0);
}

TEST(Signals, AnIntervalTimerInterruptsAndStops) {
  EXPECT_EQ(status_of([] {
              if (!take_signals() || !IntervalTimer::start(1000)) return 1;
              while (!IntervalTimer::expired()) usleep(100000);
              IntervalTimer::stop();
              IntervalTimer::reset();
              usleep(20000);
              return IntervalTimer::expired() ? 2 : 0;
            }),
            0);
}

/// Also where the kernel does not end the wait for a call with the last process under the filter (before 6.11).
TEST(Signals, TheEndOfAChildInterruptsWhileTheTimerRuns) {
  EXPECT_EQ(status_of([] {
              if (!take_signals() || !IntervalTimer::start(900000)) return 1;
              const pid_t child = fork();
              if (child == 0) _exit(0);
              for (int i = 0; i < 1000 && !IntervalTimer::expired(); ++i) usleep(100000);
              if (!IntervalTimer::child_changed() || IntervalTimer::child_changed()) return 2;
              IntervalTimer::stop();
              if (waitpid(child, nullptr, 0) != child) return 6;  // Else it is this one that is waited for below.
              // Blocked again: what comes now is seen as before.
              if (fork() == 0) _exit(0);
              siginfo_t ended = {};
              if (waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT) != 0) return 3;
              sigset_t pending;
              usleep(1000);
              sigpending(&pending);
              if (IntervalTimer::child_changed()) return 4;
              return sigismember(&pending, SIGCHLD) == 1 ? 0 : 5;
            }),
            0);
}

}  // namespace
}  // namespace sandbox::kernel
