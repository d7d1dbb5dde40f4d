// A neighbour of the same user that is after the exec token: it evicts the target's pages all the time, so that execve
// has to sleep for them, and reads /proc/PID/syscall of each launch meanwhile. What looks like a token it hands on to
// `token_target`, by the file token-exchange/PID.
//
//   token_neighbour LAUNCHES EVICT TARGET COMMAND...   EVICT: 0 or 1; COMMAND launches TARGET
//
// Prints how many launches there were, how many ended with the status of a target that was not allowed, and in how
// many a token was seen. What a token was good for stands in token-exchange/log, by the target.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kTokenUseless = 2, kNoToken = 1 };

static int target;
static volatile int runs = 1;

static void* evict(void* unused) {
  while (runs) posix_fadvise(target, 0, 0, POSIX_FADV_DONTNEED);
  return unused;
}

static void hand_on(pid_t pid, const unsigned long* token) {
  char hidden[64];
  char name[64];
  snprintf(hidden, sizeof hidden, "token-exchange/.%d", pid);
  snprintf(name, sizeof name, "token-exchange/%d", pid);
  const int file = open(hidden, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  (void)!write(file, token, 3 * sizeof *token);
  close(file);
  rename(hidden, name);
}

/// Random words have their upper bits set; addresses and flags do not.
static int is_token(const unsigned long* words) {
  return (words[0] >> 48) != 0 && (words[1] >> 48) != 0 && (words[2] >> 48) != 0;
}

/// Until it ends. Returns whether a token was seen.
static int watch(pid_t pid, int* status) {
  char path[64];
  char line[512];
  int seen = 0;
  snprintf(path, sizeof path, "/proc/%d/syscall", pid);
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  while (waitpid(pid, status, WNOHANG) == 0) {
    unsigned long number;
    unsigned long arguments[6];
    const ssize_t size = pread(file, line, sizeof line - 1, 0);
    if (size <= 0 || seen) continue;
    line[size] = '\0';
    if (sscanf(line, "%lu %lx %lx %lx %lx %lx %lx", &number, arguments, arguments + 1, arguments + 2, arguments + 3,
               arguments + 4, arguments + 5) != 7)
      continue;
    if (number != SYS_execve || !is_token(arguments + 3)) continue;
    hand_on(pid, arguments + 3);
    seen = 1;
  }
  close(file);
  return seen;
}

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  const int launches = atoi(argv[1]);
  int seen = 0;
  int fine = 0;
  pthread_t thread;
  target = open(argv[3], O_RDONLY | O_CLOEXEC);
  if (target < 0) return 2;
  if (atoi(argv[2]) != 0 && pthread_create(&thread, NULL, evict, NULL) != 0) return 2;
  for (int i = 0; i < launches; ++i) {
    int status = 0;
    const pid_t pid = fork();
    if (pid == 0) {
      const int nothing = open("/dev/null", O_WRONLY);
      dup2(nothing, STDOUT_FILENO);
      execv(argv[4], argv + 4);
      _exit(99);
    }
    seen += watch(pid, &status);
    fine += WIFEXITED(status) && (WEXITSTATUS(status) == kTokenUseless || WEXITSTATUS(status) == kNoToken);
  }
  runs = 0;
  printf("%d launches, %d fine, token seen in %d\n", launches, fine, seen);
  return 0;
}
