// The irreversible part: no_new_privs, Landlock, the filter, execve. Nothing else in the project does any of these for
// a launch.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

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
  std::atomic<int> listener{-1};  ///< The listener's descriptor, once the filter is installed.
  /// Set where only execve is left to be done: from then on nothing that the entering process shares with the
  /// supervisor changes, so that it does not matter when it is killed.
  std::atomic<bool> only_exec_is_left{false};
  std::atomic<bool> exec_failed{false};  ///< Set before the failure is reported.
  std::atomic<bool> unanswered{false};   ///< The calls that show the exec token cannot be answered any more.
};

/// What to do where the exec token would work more than once (compile/token.h), since no listener can be had.
enum class LastingToken : uint8_t {
  kForbidden,  ///< Start nothing.
  kWarned,     ///< Start the target, and warn.
  kAccepted,
};

/// The length of a mark, with which and a letter a thread's name is full.
inline constexpr size_t kLandlockMark = 14;

/// What Landlock restricts. The rulesets' descriptors (kernel/landlock.h) are borrowed.
struct LandlockLayers {
  std::span<const int> rulesets;  ///< In order; each is one layer.
  uint32_t flags = 0;             ///< LANDLOCK_RESTRICT_SELF_*.
  /// While each is applied, the thread's name is this and a letter, 'a' for the first: the kernel's record of the
  /// domain has the name (report/landlock_evidence.h). Borrowed, kLandlockMark bytes; empty: the name stays as it is.
  std::string_view mark = {};
};

struct EnterOptions {
  bool no_new_privs =
      true;  ///< False leaves PR_SET_NO_NEW_PRIVS alone, which the kernel accepts with CAP_SYS_ADMIN only.
  uint32_t filter_flags = 0;  ///< SECCOMP_FILTER_FLAG_* for seccomp(2).
  LastingToken lasting_token = LastingToken::kForbidden;
  const char* warning_prefix = "";  ///< What a warning begins with. Borrowed.
  /// A filter that notifies needs a listener, which is close-on-exec: it is asked for and its descriptor put here.
  /// Null: no listener. Borrowed.
  EnterProgress* progress = nullptr;
  LandlockLayers landlock = {};
};

/// A mark that no other process can guess; empty if the kernel gives no random bits.
std::string draw_landlock_mark();

/// Applies the rulesets, installs the filter and executes the target. Returns only when nothing has been started and no
/// filter was installed: the value is one line that says why. Once the filter is installed, a failing execve is
/// reported on standard error, after `report_prefix` (borrowed), and ends the process with 126.
///
/// A filter with token sites is installed with a listener that a thread of this process answers
/// (kernel/token_answerer.h); with a progress, the caller answers them.
std::string enter(const compile::Filter& filter, const Target& target, const EnterOptions& options,
                  const char* report_prefix);

/// Executes the target without any filter (`enabled: false`), under the rulesets. Returns only on failure: one line
/// that says why.
std::string execute_unfiltered(const Target& target, bool no_new_privs, const LandlockLayers& landlock);

/// The flags with which a listener is made, for a filter that has these: without TSYNC, which excludes it, and so that
/// once a call was taken up, only a fatal signal interrupts it, where the kernel has that (5.19).
uint32_t flags_with_listener(uint32_t flags);

/// Installs a program for the calling thread, with no_new_privs and without a token: for tests, which judge calls
/// in a forked child. Returns 0 or an errno.
int install_for_test(const bpf::ValidatedProgram& program);

}  // namespace sandbox::kernel
