#include "kernel/probe.h"

#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "kernel/raw_clone.h"

namespace sandbox::kernel {
namespace {

struct KnownAction {
  uint32_t action;
  const char* name;
  const char* since;
};

/// Without user_notif: the exec token works differently where the kernel lacks it (enter.cc), and for a supervisor
/// missing_supervision() asks for more.
constexpr KnownAction kActions[] = {
    {SECCOMP_RET_KILL_PROCESS, "kill_process", "4.14"},
    {SECCOMP_RET_KILL_THREAD, "kill_thread", "3.5"},
    {SECCOMP_RET_TRAP, "trap", "3.5"},
    {SECCOMP_RET_ERRNO, "errno", "3.5"},
    {SECCOMP_RET_TRACE, "trace", "3.5"},
    {SECCOMP_RET_LOG, "log", "4.14"},
    {SECCOMP_RET_ALLOW, "allow", "3.5"},
};

bool returns(const bpf::ValidatedProgram& program, uint32_t action) {
  for (const bpf::Instruction& instruction : program.instructions()) {
    if (instruction.code == (BPF_RET | BPF_K) && (instruction.k & SECCOMP_RET_ACTION_FULL) == action) return true;
  }
  return false;
}

/// A child that shares nothing, and of which no handler of SIGCHLD hears.
pid_t fork_quietly() {
  return raw_clone(CLONE_VFORK);
}

/// Whether seccomp(2) can be called: no outer filter kills for it, or answers it with an errno in the kernel's place.
bool may_call_seccomp() {
  const pid_t process = getpid();
  const pid_t thread = gettid();
  const pid_t child = fork_quietly();
  // An outer filter that answers clone(2) with 0 has made no child: this is the only process there is.
  const bool is_child = child == 0 && (getpid() != process || gettid() != thread);
  if (child == 0 && !is_child) return true;
  if (is_child) {
    const rlimit none = {};
    setrlimit(RLIMIT_CORE, &none);
    const long answer = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0UL, nullptr);
    _exit(answer != -1 || (errno != EPERM && errno != EACCES && errno != ENOSYS) ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, __WALL) != child) return true;  // Not known: it is tried.
  return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

std::optional<std::string> unknown_action(const KnownAction& known) {
  const std::string needs = std::string("the filter needs the seccomp action ") + known.name;
  const std::string too_old = needs + ", which this kernel does not know; Linux " + known.since + " brought it";
  if (filter_call() == FilterCall::kPrctl) {
    if (running_kernel() < arch::parse_kernel_version(known.since)) return too_old;
    return std::nullopt;
  }
  uint32_t action = known.action;
  if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0) return std::nullopt;
  // Before Linux 4.14 the question itself is unknown.
  if (errno == EINVAL || errno == EOPNOTSUPP) return too_old;
  return needs + ", and asking the kernel for it failed: " + strerrordesc_np(errno);
}

/// What keeps seccomp(2) from the kernel; none if nothing does.
std::optional<std::string> missing_seccomp() {
  // A program that is not there: the kernel says EFAULT. An outer filter that only pretends to install one says 0.
  const long answer = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0UL, nullptr);
  if (answer != -1) return "seccomp(2) does not reach the kernel: an outer sandbox answers it";
  if (errno == ENOSYS || errno == EINVAL) {
    return "this kernel has no seccomp(2); Linux 3.17 or later is needed, built with CONFIG_SECCOMP_FILTER";
  }
  if (errno == EPERM) return "seccomp(2) is denied: Operation not permitted (does an outer sandbox deny it?)";
  if (errno != EFAULT) return std::string("asking the kernel for seccomp(2) failed: ") + strerrordesc_np(errno);
  return std::nullopt;
}

}  // namespace

FilterCall filter_call() {
  static const FilterCall call = [] {
    const bool filtered = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER;
    return filtered && !may_call_seccomp() ? FilterCall::kPrctl : FilterCall::kSeccomp;
  }();
  return call;
}

std::optional<std::string> missing_support(const bpf::ValidatedProgram& program) {
  if (filter_call() == FilterCall::kSeccomp) {
    if (auto missing = missing_seccomp()) return missing;
  }
  for (const KnownAction& known : kActions) {
    if (!returns(program, known.action)) continue;
    if (auto missing = unknown_action(known)) return missing;
  }
  return std::nullopt;
}

bool knows_flags(uint32_t flags) {
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, nullptr) != -1) return false;
  return errno == EFAULT || (errno == EBUSY && (flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0);
}

std::optional<std::string> denied_call() {
  constexpr int kClosed = 1 << 30;
  pollfd closed = {kClosed, POLLIN, 0};
  const timespec now = {0, 0};
  if (poll(&closed, 1, 0) != 1) return "poll(2)";
  if (ppoll(&closed, 1, &now, nullptr) != 1) return "ppoll(2)";
  std::array<char, 256> request = {};
  const auto fails_with = [](long result, int error) { return result == -1 && errno == error; };
  if (!fails_with(ioctl(-1, SECCOMP_IOCTL_NOTIF_RECV, request.data()), EBADF)) return "ioctl(2)";
  // A thread without a common table of signal handlers.
  if (!fails_with(raw_clone(CLONE_THREAD), EINVAL)) return "clone(2)";
#ifdef SYS_clone3
  // Any error will do: older kernels, and sandboxes that want clone(2) to be used, have others.
  if (syscall(SYS_clone3, nullptr, 0) != -1) return "clone3(2)";
#endif
  siginfo_t child = {};
  if (!fails_with(waitid(P_PID, static_cast<id_t>(getpid()), &child, WEXITED | WNOHANG), ECHILD)) return "waitid(2)";
  return std::nullopt;
}

std::optional<std::string> missing_flags(uint32_t flags) {
  struct KnownFlag {
    uint32_t flag;
    const char* name;
    const char* since;
  };
  constexpr KnownFlag kFlags[] = {{SECCOMP_FILTER_FLAG_TSYNC, "tsync", "3.17"},
                                  {SECCOMP_FILTER_FLAG_LOG, "log", "4.14"},
                                  {SECCOMP_FILTER_FLAG_SPEC_ALLOW, "spec_allow", "4.17"},
                                  {SECCOMP_FILTER_FLAG_TSYNC_ESRCH, "tsync", "5.7"}};
  for (const KnownFlag& known : kFlags) {
    if ((flags & known.flag) == 0) continue;
    if (filter_call() == FilterCall::kPrctl) {
      return std::string("the flag ") + known.name + " is asked for, and " + std::string(kSeccompDenied);
    }
    if (knows_flags(known.flag)) continue;
    return std::string("the flag ") + known.name + " is asked for, which this kernel does not know; Linux " +
           known.since + " brought it";
  }
  return std::nullopt;
}

arch::KernelVersion running_kernel() {
  utsname name = {};
  if (uname(&name) != 0) return {};
  return arch::parse_kernel_version(name.release).value_or(arch::KernelVersion{});
}

std::string kernel_release() {
  utsname names = {};
  return uname(&names) == 0 ? names.release : "";
}

bool runs_x32() {
#ifdef __x86_64__
  const long number = static_cast<long>(arch::info(arch::Abi::kX32).first_number) + 39;  // getpid.
  return syscall(number) > 0;
#else
  return false;
#endif
}

bool runs_with_borrowed_privileges() {
  return getauxval(AT_SECURE) != 0;
}

}  // namespace sandbox::kernel
