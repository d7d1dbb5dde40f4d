#include "resolve/convert/runtime_calls.h"

#include <algorithm>

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

}  // namespace sandbox::resolve
