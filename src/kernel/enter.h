// The irreversible part: no_new_privs, the filter, execve. Nothing else in the project does any of these for a launch.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "bpf/validate.h"
#include "compile/compile.h"

namespace sandbox::kernel {

/// What the process becomes. The pointers are borrowed for the duration of the call.
struct Target {
  const char* path = nullptr;
  char* const* arguments = nullptr;    ///< As for execve(2), null-terminated; [0] is the target's own name.
  char* const* environment = nullptr;  ///< As for execve(2), null-terminated.
};

/// What a supervisor wants to know, in memory that it shares with the process that enters.
struct EnterProgress {
  std::atomic<int> listener{-1};         ///< The listener's descriptor, once the filter is in force.
  std::atomic<bool> exec_failed{false};  ///< Set before the failure is reported.
};

struct EnterOptions {
  bool no_new_privs =
      true;  ///< False leaves PR_SET_NO_NEW_PRIVS alone, which the kernel accepts with CAP_SYS_ADMIN only.
  uint32_t filter_flags = 0;  ///< SECCOMP_FILTER_FLAG_* for seccomp(2).
  /// A filter that notifies needs a listener, which is close-on-exec: it is asked for and its descriptor put here.
  /// Null: no listener. Borrowed.
  EnterProgress* progress = nullptr;
};

/// Puts the filter in force and executes the target. Returns only when nothing has been started and no filter is in
/// force: the value is one line that says why. Once the filter is in force, a failing execve is reported on standard
/// error, after `report_prefix` (borrowed), and ends the process with 126.
std::string enter(const compile::Filter& filter, const Target& target, const EnterOptions& options,
                  const char* report_prefix);

/// Executes the target without any filter (`enabled: false`). Returns only on failure: one line that says why.
std::string execute_unfiltered(const Target& target, bool no_new_privs);

/// Puts a program in force for the calling thread, with no_new_privs and without a token: for tests, which judge calls
/// in a forked child. Returns 0 or an errno.
int install_for_test(const bpf::ValidatedProgram& program);

}  // namespace sandbox::kernel
