// What Landlock restricts in a launch: from the sections of the policies to rulesets that can be applied.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "kernel/enter.h"
#include "kernel/landlock.h"
#include "kernel/target.h"
#include "policy/policy.h"
#include "resolve/landlock/abi_fit.h"
#include "sandbox-run/options.h"

namespace sandbox::launcher {

/// One of the layers that must all allow an access.
struct LandlockLayer {
  enum class Kind : uint8_t {
    kFile,     ///< The section of a policy file.
    kProfile,  ///< That of a built-in profile, which cannot be edited.
    kOptions,  ///< --ro, --connect-tcp and their kin.
  };
  Kind kind = Kind::kFile;
  std::string name;  ///< Of the policy, as in messages.
  kernel::ReadyRuleset
      ready;  ///< At first its `ruleset` alone, fitted to this kernel; prepare_landlock() does the rest.
};

/// All of them, and what the filter closes beside them.
struct Landlock {
  std::vector<LandlockLayer> layers;
  resolve::Closures closures;

  /// The kernel's rulesets that are to be applied, in order: with --permissive none. Borrowed. Precondition:
  /// prepare_landlock() succeeded.
  [[nodiscard]] std::vector<int> rulesets(const Options& options) const;
  /// LANDLOCK_RESTRICT_SELF_*, for these options.
  [[nodiscard]] static uint32_t flags(const Options& options);
};

/// Adds the layer of a policy's section, if it has one; `name` is the policy's in messages. What is wrong with it is in
/// `diagnostics`.
void add_layer(const policy::Policy& policy, LandlockLayer::Kind kind, const std::string& name, const Options& options,
               Landlock& landlock, Diagnostics& diagnostics);

/// Opens the paths and makes the rulesets. What execve(2) opens to start the program must be in reach: the program
/// itself is added to layers of options and profiles. False after an error, which has been shown.
bool prepare_landlock(const Options& options, const std::optional<kernel::Program>& program, Landlock& landlock,
                      const Log& log);

/// For --dry-run: a line for each rule.
std::string describe_landlock(const Landlock& landlock, const Options& options);

}  // namespace sandbox::launcher
