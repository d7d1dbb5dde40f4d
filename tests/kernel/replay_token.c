// A tracer of the launch, who sees everything, tells the target the exec token, and leaves: what a neighbour needs luck
// for.
//
//   replay_token COMMAND...   COMMAND launches `token_target`
//
// The token stands in the registers of the execve of the thread that executes the target. Exit status: the command's.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static void hand_on(pid_t pid, const struct user_regs_struct* registers) {
  const unsigned long long token[3] = {registers->r10, registers->r8, registers->r9};
  char path[64];
  snprintf(path, sizeof path, "token-exchange/%d", pid);
  const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  (void)!write(file, token, sizeof token);
  close(file);
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  mkdir("token-exchange", 0777);
  const pid_t command = fork();
  if (command == 0) {
    raise(SIGSTOP);
    execv(argv[1], argv + 1);
    _exit(99);
  }
  int status = 0;
  waitpid(command, &status, WUNTRACED);
  const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
                       PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
  if (ptrace(PTRACE_SEIZE, command, NULL, options) != 0) {
    perror("replay_token");
    return 77;
  }
  kill(command, SIGCONT);
  int executed = 0;
  int result = 2;
  for (;;) {
    const pid_t pid = waitpid(-1, &status, __WALL);
    if (pid < 0) break;
    if (!WIFSTOPPED(status)) {
      if (pid == command) result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      continue;
    }
    const int event = status >> 16;
    const int number = WSTOPSIG(status);
    struct user_regs_struct registers;
    if (event == PTRACE_EVENT_EXEC && ++executed == 2) {
      ptrace(PTRACE_DETACH, pid, NULL, NULL);
      continue;
    }
    if (number == (SIGTRAP | 0x80) && ptrace(PTRACE_GETREGS, pid, NULL, &registers) == 0 &&
        registers.orig_rax == SYS_execve && registers.r10 >> 32 != 0) {
      hand_on(pid, &registers);
    }
    const int deliver = event == 0 && number != (SIGTRAP | 0x80) && number != SIGSTOP && number != SIGTRAP ? number : 0;
    ptrace(PTRACE_SYSCALL, pid, NULL, deliver);
  }
  return result;
}
