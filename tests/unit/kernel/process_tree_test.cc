#include "kernel/process_tree.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "kernel/proc.h"

namespace sandbox::kernel {
namespace {

[[noreturn]] void wait_for_ever() {
  alarm(60);
  for (;;) pause();
}

/// A chain of processes; all hold the pipe's end.
void make_chain(int depth, int ready) {
  if (fork() != 0) return;
  while (--depth > 0 && fork() == 0) {
  }
  (void)!write(ready, "", 1);
  wait_for_ever();
}

struct Tree {
  int branches = 0;
  int depth = 0;
  int limit = -1;  ///< RLIMIT_* that is set to 0 before.
  bool proc = true;
};

/// A subreaper makes the tree and kills what is below it. A sibling of its lives on.
void expect_all_killed(const Tree& tree) {
  const pid_t sibling = fork();
  if (sibling == 0) wait_for_ever();
  int alive[2];
  ASSERT_EQ(pipe(alive), 0);
  const pid_t killer = fork();
  if (killer == 0) {
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (tree.proc && (proc_directory() < 0 || !reopen_proc_directory())) _exit(2);
    int ready[2];
    if (pipe(ready) != 0) _exit(2);
    for (int i = 0; i < tree.branches; ++i) make_chain(tree.depth, ready[1]);
    char byte = 0;
    for (int i = 0; i < tree.branches * tree.depth; ++i) {
      if (read(ready[0], &byte, 1) != 1) _exit(3);
    }
    const rlimit none = {0, 0};
    if (tree.limit >= 0) setrlimit(static_cast<__rlimit_resource>(tree.limit), &none);
    close(alive[0]);
    close(alive[1]);
    if (!kill_descendants(std::chrono::seconds(20))) _exit(4);
    _exit(has_children() ? 5 : 0);
  }
  close(alive[1]);
  char byte = 0;
  EXPECT_EQ(read(alive[0], &byte, 1), 0);  // Once no process holds the other end.
  close(alive[0]);
  int status = -1;
  EXPECT_EQ(waitpid(killer, &status, 0), killer);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(waitpid(sibling, &status, WNOHANG), 0);
  kill(sibling, SIGKILL);
  waitpid(sibling, &status, 0);
}

TEST(ProcessTree, KillsAllThatIsBelow) {
  expect_all_killed({0, 0});
  expect_all_killed({1, 1});
  expect_all_killed({50, 3});
  expect_all_killed({2, 80});
}

TEST(ProcessTree, KillsUnderLimits) {
  for (const int limit : {RLIMIT_AS, RLIMIT_NOFILE, RLIMIT_STACK, RLIMIT_DATA}) expect_all_killed({20, 5, limit});
}

TEST(ProcessTree, KnowsWhatIsBelow) {
  ASSERT_GE(proc_directory(), 0);
  const pid_t child = fork();
  if (child == 0) wait_for_ever();
  const pid_t other = fork();
  if (other == 0) wait_for_ever();
  EXPECT_EQ(is_below(child, getpid()), true);
  EXPECT_EQ(is_below(getpid(), child), false);
  EXPECT_EQ(is_below(other, child), false);
  EXPECT_EQ(is_below(getpid(), getpid()), false);
  EXPECT_EQ(count_below(getpid(), std::chrono::seconds(10)), 2U);
  EXPECT_EQ(count_below(child, std::chrono::seconds(10)), 0U);
  EXPECT_EQ(count_below(getpid(), std::chrono::seconds(0)), std::nullopt);

  static pid_t wanted;
  wanted = child;
  signal_below(getpid(), SIGTERM, [](pid_t pid) { return pid == wanted; });
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
  EXPECT_EQ(is_below(child, getpid()), std::nullopt);
  EXPECT_EQ(waitpid(other, &status, WNOHANG), 0);
  signal_below(child, SIGKILL, [](pid_t) { return true; });  // It is not the parent.
  EXPECT_EQ(waitpid(other, &status, WNOHANG), 0);
  kill(other, SIGKILL);
  waitpid(other, &status, 0);
}

}  // namespace
}  // namespace sandbox::kernel
