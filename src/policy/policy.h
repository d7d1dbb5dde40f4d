// A policy as it was written: names are not resolved, order is kept, and every node knows its place in the text.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "arch/call_versions.h"
#include "base/source_text.h"
#include "policy/landlock.h"

namespace sandbox::policy {

/// What happens to a call. In the kernel's order, the most restrictive first (seccomp(2), "action values").
enum class Action : uint8_t { kKillProcess, kKillThread, kTrap, kErrno, kTrace, kLog, kAllow };

/// The actions' names, in the order of the enumeration.
inline constexpr std::array<std::string_view, 7> kActionNames = {"kill_process", "kill_thread", "trap", "errno",
                                                                 "trace",        "log",         "allow"};

constexpr std::string_view name_of(Action action) {
  return kActionNames[static_cast<size_t>(action)];
}

/// Whether a call with this action is made as it was asked for.
constexpr bool is_allowed(Action action) {
  return action == Action::kAllow || action == Action::kLog;
}

/// Whether it is never made: errno, trap and kill. `trace` is neither: a tracer decides.
constexpr bool is_denied(Action action) {
  return action < Action::kTrace;
}

/// How an argument is compared with a value. Comparisons are unsigned.
enum class Operation : uint8_t {
  kEqual,
  kNotEqual,
  kGreaterThan,
  kLessThan,
  kGreaterOrEqual,
  kLessOrEqual,
  kBitsSet,      ///< Any bit of the value is set in the argument.
  kBitsNotSet,   ///< No bit of the value is set in the argument.
  kMaskedEqual,  ///< The argument's bits under the mask equal the value.
};

/// The operations' names, in the order of the enumeration.
inline constexpr std::array<std::string_view, 9> kOperationNames = {"Equal",    "NotEqual",       "GreaterThan",
                                                                    "LessThan", "GreaterOrEqual", "LessOrEqual",
                                                                    "BitsSet",  "BitsNotSet",     "MaskedEqual"};

constexpr std::string_view name_of(Operation operation) {
  return kOperationNames[static_cast<size_t>(operation)];
}

/// How a policy is written. See policy/formats.h.
enum class Format : uint8_t {
  kBeats,           ///< Elastic Beats' `seccomp` section.
  kOci,             ///< A container profile: Docker's, Podman's, Kubernetes'.
  kBundle,          ///< The profile in a bundle's config.json.
  kSeccompProfile,  ///< The profile in a SeccompProfile resource of Kubernetes.
  kSystemd,         ///< A systemd unit, or a drop-in for one.
};

/// Whether it is read as runc reads a profile: what an argument is compared with has 64 bits, a call may lack the
/// argument, rules are repeated for every capability that needs them.
constexpr bool is_container_profile(Format format) {
  return format == Format::kOci || format == Format::kBundle || format == Format::kSeccompProfile;
}

struct Name {
  std::string text;
  SourceRange range;
};

/// An integer as written. A negative one stands for its two's complement at the width of the argument it meets.
struct Integer {
  uint64_t magnitude = 0;
  bool negative = false;
};

/// What stands between two `|`: an integer, or the name of a constant, whose value depends on the ABI.
struct Term {
  Integer integer;
  std::string constant;  ///< Empty for an integer.
};

/// The terms' bits together; none for 0. A negative integer stands alone.
struct Value {
  std::vector<Term> terms;
  SourceRange range;
};

struct Condition {
  uint8_t argument = 0;  ///< 0 to 5.
  Operation operation = Operation::kEqual;
  Value value;
  Value mask;         ///< With kMaskedEqual only.
  bool wide = false;  ///< Compare all 64 bits on 64-bit ABIs, not only those that the kernel reads.
  SourceRange range;
};

/// An error number, by name (its number depends on the ABI) or by number.
struct ErrnoValue {
  std::string name = "EPERM";  ///< Empty for a number.
  uint16_t number = 0;
  SourceRange range;
};

/// An entry of `names_with_args`: the call matches when every condition holds.
struct ConditionalName {
  Name name;
  std::vector<Condition> conditions;
};

struct Group {
  Action action = Action::kKillProcess;
  ErrnoValue error;  ///< With kErrno only.
  std::vector<Name> names;
  std::vector<ConditionalName> names_with_args;
  SourceRange range;
};

struct ListedAbi {
  arch::Abi abi = arch::Abi::kX86_64;
  SourceRange range;
};

/// Flags for seccomp(2): SECCOMP_FILTER_FLAG_LOG, _SPEC_ALLOW and _TSYNC.
struct Flags {
  bool log = false;
  bool spec_allow = false;
  bool tsync = false;
};

/// The most conditions that a policy may come to, counted for each call and, by resolve(), for each ABI: one condition
/// on a set is one on each member. A filter has room for some thousands, and what has more of them takes time and
/// memory before that is known.
inline constexpr size_t kMaxConditions = 100'000;

/// What a container profile makes depend on capabilities that were not counted on: by those that are missing, the names
/// of the calls in the rules that would then apply, or no longer apply.
using CapabilityRules = std::map<std::set<std::string>, std::set<std::string>>;

struct Policy {
  std::shared_ptr<const SourceText> source;
  bool has_filter = true;  ///< False: there is a `landlock` section alone, which says nothing of system calls.
  std::optional<LandlockSection> landlock;
  bool enabled = true;
  SourceRange enabled_range;  ///< Where `enabled` is written, if it is.
  Action default_action = Action::kKillProcess;
  SourceRange default_range;        ///< Where the default action is written.
  ErrnoValue default_error;         ///< With kErrno only.
  std::vector<Group> groups;        ///< In order: the first that matches a call decides.
  Format format = Format::kBeats;   ///< Only in a Beats section are unknown names errors, and can a name be a set.
  bool enosys_above_named = false;  ///< OCI: numbers above the largest that the profile names get ENOSYS, as from runc.
  std::vector<Name> taken_out;      ///< Units: calls that a later line takes out of the list, and that line's words.
  std::vector<Name> also_named;     ///< OCI: names that count for that, in rules that say what the default says.
  CapabilityRules capability_rules;      ///< OCI: if Environment::note_capabilities asks for it.
  std::vector<ListedAbi> architectures;  ///< Empty: the native ABI.
  std::optional<arch::KernelVersion> kernel;
  SourceRange kernel_range;         ///< Where `kernel` is written, if it is.
  bool skip_missing_calls = false;  ///< A call that none of the policy's ABIs has, but another ABI, is no error.
  Flags flags;
};

}  // namespace sandbox::policy
