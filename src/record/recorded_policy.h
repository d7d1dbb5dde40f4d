// From what a run has called to the policy that it needs: a new one, or an earlier one that is added to.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arch/abi.h"
#include "arch/call_versions.h"
#include "base/diagnostic.h"
#include "base/result.h"
#include "policy/policy.h"
#include "record/recording.h"

namespace sandbox::record {

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
};

/// Calls that are never notified and always allowed: programs end, and return from handlers. Those that wait for an
/// answer in the middle of a signal's delivery crash.
std::vector<std::string> always_allowed();

/// A policy of which `recorded_policy` can make one that allows more. The error is one line, with its place.
struct Unmergeable {
  std::string message;
};
std::optional<Unmergeable> why_unmergeable(const policy::Policy& policy);

/// The sets that a policy allows regardless of the arguments; they need not be notified either.
std::vector<std::string> allowed_sets(const policy::Policy& policy);

/// A policy's text, and what is to be known of it.
struct RecordedPolicy {
  std::string text;
  size_t calls = 0;         ///< How many of the calls that were seen have a name.
  size_t added = 0;         ///< How many entries are new.
  Diagnostics diagnostics;  ///< Of resolve() and lint(): warnings alone.
};

/// Why a policy could not be made: one line.
struct RecordingError {
  std::string message;
};

/// The text of the policy that allows what was seen, and what `earlier` allows, if it is not null: then it is that
/// policy's text with more in it, and nothing of it is lost. It has been read back and found to mean exactly this, and
/// each call that was seen was judged by it. `name` is the file's, for messages.
///
/// The kernel's version stands in a new policy as `kernel:`. So a call that is newer, which a later C library may try,
/// gets ENOSYS as it did here, and the library does without it; and so does one that has no name and cannot be allowed.
Result<RecordedPolicy, RecordingError> recorded_policy(const Recording& recording, const Run& run,
                                                       const policy::Policy* earlier, const std::string& name);

}  // namespace sandbox::record
