#include "resolve/convert/runtime_calls.h"

#include <algorithm>

#include "arch/constants.h"
#include "arch/syscalls.h"
#include "resolve/evaluate.h"

namespace sandbox::resolve {
namespace {

// Read from runc 1.2 (libcontainer: Init in standard_init_linux.go, finalizeNamespace and setupUser in init_linux.go,
// utils_unix.go) and crun (src/libcrun: apply_security_settings in container.c, libcrun_set_caps in linux.c). The names
// with 32 and 64 are those of the same calls on 32-bit ABIs.
constexpr std::string_view kRuntimeCalls[] = {
    "execve",
    // The pipe that says when to start, and descriptors that the program is not to have.
    "openat", "read", "write", "close", "fcntl", "fcntl64", "fstat", "fstat64", "newfstatat", "fstatat64", "fstatfs",
    "fstatfs64", "getdents64",
    // Whether the parent is still there, and the program is one that can be executed.
    "getpid", "getppid", "gettid", "faccessat",
    // Without no_new_privileges: the capabilities, the user, the working directory, the owner of the terminal.
    "capget", "capset", "prctl", "getuid", "getuid32", "getgid", "getgid32", "setgroups", "setgroups32", "setgid",
    "setgid32", "setuid", "setuid32", "setresgid", "setresgid32", "setresuid", "setresuid32", "chdir", "fchown",
    "fchown32",
    // runc is a Go program: its threads, its memory, its signals.
    "clone", "futex", "mmap", "mmap2", "munmap", "madvise", "nanosleep", "sched_yield", "epoll_ctl", "epoll_pwait",
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "tgkill", "exit_group"};

}  // namespace

std::span<const std::string_view> runtime_calls() {
  return kRuntimeCalls;
}

std::vector<std::string> denied_runtime_calls(const PolicyRules& rules, arch::Abi abi) {
  std::vector<std::string> denied;
  for (const std::string_view name : kRuntimeCalls) {
    const auto number = arch::number_of(abi, name);
    if (!number) continue;
    bpf::SystemCall call;
    call.arch = arch::info(abi).audit_arch;
    call.number = *number;
    const auto given = [&](policy::Action action) { return can_give(rules, call, action); };
    if (!given(policy::Action::kAllow) && !given(policy::Action::kLog)) denied.emplace_back(name);
  }
  return denied;
}

bool denies_runcs_pipe(const PolicyRules& rules, arch::Abi abi) {
  const auto number = arch::number_of(abi, "openat");
  if (!number) return false;
  constexpr uint64_t kPath = 0x10000;  // An address like any other.
  bpf::SystemCall call;
  call.arch = arch::info(abi).audit_arch;
  call.number = *number;
  call.args[0] = arch::constant(abi, "AT_FDCWD").value_or(0);
  call.args[1] = kPath;
  for (const std::string_view flag : {"O_WRONLY", "O_CLOEXEC", "O_LARGEFILE"}) {
    // Go's Open adds the last one, which is 0 to 64-bit programs.
    if (flag == "O_LARGEFILE" && arch::info(abi).register_bits == 64) continue;
    call.args[2] |= arch::constant(abi, flag).value_or(0);
  }
  const bool some = can_give(rules, call, policy::Action::kAllow) || can_give(rules, call, policy::Action::kLog);
  return some && policy::is_denied(evaluate(rules, call).verdict.action);
}

}  // namespace sandbox::resolve
