// installed_filters PREFIX PROGRAM COMMAND...: runs COMMAND, which leads to PROGRAM, and writes the filters that
// PROGRAM is under to PREFIX.0, PREFIX.1 and so on, the newest first: what a launcher installs, read back from the
// kernel. It is done when PROGRAM ends, because firejail has some of its filters loaded within the program. Needs root
// and a kernel with CONFIG_CHECKPOINT_RESTORE (PTRACE_SECCOMP_GET_FILTER in ptrace(2)).
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "harness.h"
#include "raw_filter.h"

namespace sandbox::bench {
namespace {

[[noreturn]] void become(char** command) {
  ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
  raise(SIGSTOP);
  execvp(command[0], command);
  _exit(127);
}

/// By the file itself: in a chroot, or where a launcher has mounted things, it has another path.
bool runs(pid_t process, const struct stat& program) {
  struct stat info = {};
  return stat(("/proc/" + std::to_string(process) + "/exe").c_str(), &info) == 0 && info.st_dev == program.st_dev &&
         info.st_ino == program.st_ino;
}

/// How many filters the process is under; they have been written.
int write_filters(pid_t process, const std::string& prefix) {
  for (int index = 0;; ++index) {
    std::vector<sock_filter> filter(BPF_MAXINSNS);
    errno = 0;
    const long length = ptrace(static_cast<__ptrace_request>(PTRACE_SECCOMP_GET_FILTER), process, index, filter.data());
    if (length < 0 && (errno == ENOENT || (errno == EINVAL && index == 0))) return index;  // EINVAL: no filter at all.
    if (length < 0) fail(std::string("PTRACE_SECCOMP_GET_FILTER: ") + std::strerror(errno));
    const std::string path = prefix + "." + std::to_string(index);
    FILE* file = std::fopen(path.c_str(), "wb");
    const auto count = static_cast<size_t>(length);
    if (file == nullptr || std::fwrite(filter.data(), sizeof(sock_filter), count, file) != count ||
        std::fclose(file) != 0) {
      fail(path + ": " + std::strerror(errno));
    }
  }
}

/// What a stopped process is to be given when it goes on: the signal that stopped it, unless tracing itself did.
int signal_to_pass(int status) {
  const int signal = WSTOPSIG(status);
  return status >> 16 != 0 || signal == SIGSTOP || signal == SIGTRAP ? 0 : signal;
}

/// Lets all that COMMAND starts run to the end, and looks where PROGRAM ends. The number of filters, or -1.
int trace(const std::string& prefix, const std::string& program) {
  struct stat wanted = {};
  if (stat(program.c_str(), &wanted) != 0) fail(program + ": " + std::strerror(errno));
  int filters = -1;
  bool options_set = false;
  int status = 0;
  for (pid_t process = waitpid(-1, &status, __WALL); process > 0; process = waitpid(-1, &status, __WALL)) {
    if (!WIFSTOPPED(status)) continue;
    if (!options_set) {
      const long options =
          PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;
      if (ptrace(PTRACE_SETOPTIONS, process, nullptr, options) != 0) fail("PTRACE_SETOPTIONS failed");
      options_set = true;
    }
    const bool ends = status >> 8 == (SIGTRAP | (PTRACE_EVENT_EXIT << 8));
    if (ends && runs(process, wanted)) filters = write_filters(process, prefix);
    ptrace(PTRACE_CONT, process, nullptr, signal_to_pass(status));
  }
  return filters;
}

}  // namespace
}  // namespace sandbox::bench

int main(int argc, char** argv) {
  using namespace sandbox::bench;
  if (argc < 4) fail("usage: installed_filters PREFIX PROGRAM COMMAND...");
  const pid_t child = fork();
  if (child < 0) fail("fork failed");
  if (child == 0) become(argv + 3);
  const int filters = trace(argv[1], argv[2]);
  if (filters < 0) fail(std::string(argv[2]) + " has not run");
  std::printf("%d\n", filters);
}
