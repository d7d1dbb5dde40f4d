// What a FILE argument names: a policy, a filter file or raw BPF, told apart by what is in it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "base/diagnostic.h"
#include "base/log.h"
#include "base/result.h"
#include "compile/ready_filter.h"
#include "policy/environment.h"
#include "policy/policy.h"
#include "profiles/profiles.h"
#include "resolve/landlock/ruleset.h"
#include "resolve/rule_set.h"
#include "sandbox-policy/options.h"

namespace sandbox::tool {

/// An input that cannot be used. The reason has been said.
struct Unusable {};

template <typename T>
using Step = Result<T, Unusable>;

/// A policy's landlock section, with its paths as they are here.
struct Section {
  resolve::Ruleset ruleset;
  resolve::PathEnvironment environment;
  /// Errors that the section has here and not elsewhere: by the working directory and by HOME. The paths that they are
  /// about are not in the ruleset.
  std::vector<Diagnostic> unusable;
};

/// A policy's text, read and resolved; there may be errors in it.
struct Text {
  std::shared_ptr<const SourceText> source;
  std::optional<policy::Policy> policy;
  resolve::PolicyRules rules;
  std::optional<Section> section;
  Diagnostics diagnostics;
  std::string path;  ///< Of its file; empty for a built-in profile.
};

struct Input {
  enum class Kind : uint8_t { kPolicy, kFilterFile, kRawBpf };
  Kind kind = Kind::kPolicy;
  std::string name;  ///< As in messages: printable.

  // A policy, without errors.
  std::optional<policy::Policy> policy;
  resolve::PolicyRules rules;
  std::optional<Section> section;
  const profiles::Profile* profile = nullptr;  ///< If it is a built-in one.

  // A filter file, or raw BPF as it stands in the file.
  std::optional<compile::ReadyFilter> filter;

  /// Whether there is a filter.
  [[nodiscard]] bool enabled() const { return !policy || (policy->enabled && policy->has_filter); }
  /// Why a policy has none, and where it says so.
  [[nodiscard]] std::string_view why_no_filter() const {
    return policy->has_filter ? "'enabled' is false" : "there is no seccomp section";
  }
  [[nodiscard]] SourceRange no_filter_range() const {
    return policy->has_filter ? policy->enabled_range : policy->landlock->range;
  }
  /// The ABIs that it covers. For raw BPF those that it asks for, or the machine's if it asks for none.
  [[nodiscard]] std::vector<arch::Abi> abis(arch::Abi machine) const;
};

/// The environment in which policies are read.
policy::Environment environment_of(const Options& options);

/// Reads a policy, of which `name` says where it is. What is wrong with it stands in its diagnostics; that it cannot be
/// opened, or is no policy at all, is said and Unusable.
Step<Text> load_text(const std::string& name, const policy::Environment& environment, const Log& log);

/// A text that is no policy.
Step<std::shared_ptr<const SourceText>> open_source(const std::string& name, const Log& log);

/// Reads the file or profile of this name. Warnings and errors of a policy are shown.
Step<Input> load(const std::string& name, const Options& options, const Log& log);

/// The same, where only a policy will do: `why` says what cannot be done with a filter.
Step<Input> load_policy(const std::string& name, const std::string& why, const Options& options, const Log& log);

/// The filter that a launch would install for the input, without the token's bits.
Step<compile::ReadyFilter> filter_of(const Input& input, const Options& options, const Log& log);

/// What the input says to every call, with no way around it for a launcher; several are policies that apply together.
/// Where no policy is enabled: allow.
Step<bpf::ValidatedProgram> program_of(std::span<const Input> inputs, const Options& options, const Log& log);

}  // namespace sandbox::tool
