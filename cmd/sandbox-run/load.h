// The launcher's first steps: from the options to a checked filter.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/abi.h"
#include "base/log.h"
#include "base/result.h"
#include "compile/notify.h"
#include "compile/ready_filter.h"
#include "policy/environment.h"
#include "policy/policy.h"
#include "profiles/profiles.h"
#include "resolve/rule_set.h"
#include "sandbox-run/landlock.h"
#include "sandbox-run/options.h"

namespace sandbox::launcher {

inline constexpr int kExitFailed = 125;  // As env(1), timeout(1) and others that exec a program have it.

/// A launch that ends before anything was started. The reason has been said.
struct Stop {
  int exit_status = kExitFailed;
};

template <typename T>
using Step = Result<T, Stop>;

/// One of the policies that are to apply together, or a filter from a file: what there is to say about it.
struct Part {
  enum class Kind : uint8_t {
    kBeats,          ///< A policy that lists no ABIs.
    kBeatsWithAbis,  ///< A policy with `architectures`.
    kOci,            ///< A container profile.
    kSystemd,        ///< A systemd unit.
    kProfile,        ///< A built-in policy, or what an option stands for: it cannot be edited.
    kFilterFile,     ///< A compiled filter.
    kNoFilter,       ///< A policy with a `landlock` section alone: it says nothing of system calls.
    kRawBpf,         ///< A filter of another tool; which ABIs it is for is not known.
  };
  Kind kind = Kind::kProfile;
  std::string name;                ///< As in messages: printable.
  std::string description;         ///< For --dry-run: "by default errno EPERM", "compiled from beat.yml".
  std::vector<arch::Abi> covered;  ///< Empty for raw BPF.
  std::string option;              ///< "--no-network", where an option stands for the policy; else empty.
  std::string disabled;            ///< "beat.yml:2:3: 'enabled' is false"; empty for what applies.

  [[nodiscard]] bool applies() const { return disabled.empty(); }
  [[nodiscard]] bool has_filter() const { return kind != Kind::kNoFilter; }
  [[nodiscard]] bool covers(arch::Abi abi) const;
};

/// What was asked for.
struct Loaded {
  std::vector<Part> parts;  ///< In order.
  /// The policies that apply and their rules, parallel and in order; empty where a filter was ready-made.
  std::vector<policy::Policy> policies;
  std::vector<resolve::PolicyRules> rules;
  policy::Environment environment;  ///< In which the policies were read.
  Landlock landlock;                ///< Of the sections of these policies, and of the options. Not prepared yet.
  /// Calls that are notified because Landlock judges them: only with --report.
  std::vector<compile::NotifiedCall> notified;
  /// The profile whose filter was ready-made; null where policies were read, or a filter file.
  const profiles::Profile* built_in = nullptr;
  /// What they come to together. None: no policy is enabled, and there is no filter.
  std::optional<compile::ReadyFilter> ready;
  /// That filter as it was compiled, where something was added to it for the launch: before its denials became
  /// notifications, with --report, and before the guard of compile/listener_guard.h.
  std::optional<compile::Filter> judge;

  /// "beat.yml and profile default".
  [[nodiscard]] std::string names() const;
};

/// Loads the filter that the options ask for: from a filter file; ready-made, for one profile alone; or from policies,
/// which are read, resolved and compiled. All problems of all policies are shown, not the first one alone.
Step<Loaded> load(const Options& options, const Log& log);

/// Reads and resolves what a ready-made filter was compiled from, and makes no filter of it. No name is looked up
/// again: the program that runs by then may have put a file there. Precondition: `ready.built_in` is set.
Step<Loaded> load_texts(const Loaded& ready, const Options& options, const Log& log);

}  // namespace sandbox::launcher
