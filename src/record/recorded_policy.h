// From what a run has called to the policy that it needs: a new one, or an earlier one that is added to.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "arch/call_versions.h"
#include "base/diagnostic.h"
#include "base/result.h"
#include "policy/policy.h"
#include "record/recording.h"

namespace sandbox::record {

/// The first words of the policies that are written.
inline constexpr std::string_view kRecordBeginning = "# What a recorded run has called is allowed";
inline constexpr std::string_view kScanBeginning = "# What a program's code can call is allowed";

/// Whether a policy's text was written by `record` or `scan`.
inline bool is_own_text(std::string_view text) {
  return text.starts_with(kRecordBeginning) || text.starts_with(kScanBeginning);
}

/// What is said of a run, and what it was recorded with.
struct Run {
  std::string command;  ///< As it was typed; anything may stand in it.
  std::chrono::system_clock::time_point time;
  std::string release;  ///< Of the kernel, "6.18.44"; empty if it is not known.
  std::optional<arch::KernelVersion> kernel;
  arch::Abi native = arch::Abi::kX86_64;
  arch::Abi started_in = arch::Abi::kX86_64;  ///< The program's own ABI: covered even if no call of it was notified.
  uint64_t processes = 0;
  std::vector<std::string> assumed;  ///< Names and sets that were not notified in that ABI.
  std::string scanned;               ///< Not a run: what was scanned, in words. Empty: a run.
  /// What a scan of the program's code found; none if it was not asked for. Names, sorted.
  std::optional<std::vector<std::string>> in_code;
  bool narrowed = false;                               ///< Arguments were told apart.
  policy::Action by_default = policy::Action::kErrno;  ///< What a new policy does with calls that were not made.
  /// A new policy is to become a unit of systemd, which starts the program under the filter and has one answer for all
  /// that is not allowed: execve is allowed, and that answer is ENOSYS, so that libc and programs take the older way.
  bool for_systemd = false;
};

/// Calls that are never notified and always allowed: programs end, and return from handlers. Those that wait for an
/// answer in the middle of a signal's delivery crash.
std::vector<std::string> always_allowed();

/// A policy of which `recorded_policy` can make one that allows more. The error is one line, with its place.
struct Unmergeable {
  std::string message;
};
std::optional<Unmergeable> why_unmergeable(const policy::Policy& policy);

/// The sets that a policy allows regardless of the arguments; they need not be notified either. Not one of which
/// another group names a member: what the run does with that is to be seen.
std::vector<std::string> allowed_sets(const policy::Policy& policy);

/// A policy's text, and what is to be known of it.
struct RecordedPolicy {
  std::string text;
  size_t calls = 0;         ///< How many of the calls that were seen have a name.
  size_t added = 0;         ///< How many entries are new.
  size_t allowed = 0;       ///< How many calls the policy allows, on the machine's own ABI or the first that it covers.
  bool allows_exec = true;  ///< False: a launch under it needs the exec token (compile/token.h).
  std::vector<std::string> for_others;  ///< Calls that were not made, and are allowed for other C libraries.
  Diagnostics diagnostics;              ///< Of resolve() and lint(): warnings alone.
};

/// Why a policy could not be made: one line.
struct RecordingError {
  std::string message;
};

/// The text of the policy that allows what was seen, and what `earlier` allows, if it is not null: then it is that
/// policy's text with more in it, and nothing of it is lost. It has been read back and found to mean exactly this, and
/// each call that was seen was judged by it. `name` is the file's, for messages.
///
/// A new policy holds for other releases of the C library, too: it allows what they call in place of what was called,
/// and has look absent, by ENOSYS, what they can do without. Those are the calls that are newer than the newest that
/// was made (`kernel:`), and a group of older ones; clone3 is among them in any case, since its flags cannot be
/// filtered, and clone is allowed in its place. An earlier policy that was recorded gets the same, but for `kernel:`.
Result<RecordedPolicy, RecordingError> recorded_policy(const Recording& recording, const Run& run,
                                                       const policy::Policy* earlier, const std::string& name);

}  // namespace sandbox::record
