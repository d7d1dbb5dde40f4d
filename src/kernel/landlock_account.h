// What Landlock makes of a call of a supervised process: our account of it, for reports. The kernel decides by itself.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernel/caller_path.h"
#include "report/landlock_call.h"
#include "report/landlock_reason.h"
#include "resolve/landlock/evaluate.h"

namespace sandbox::kernel {

/// Why a call is denied.
struct LandlockDenial {
  size_t layer = 0;
  int error = 0;  ///< The errno that the kernel gives.
  report::LandlockReason reason;
};

/// A path that a call reached, and with which access: for recordings.
struct LandlockUse {
  std::string path;
  arch::FileRights rights = 0;
  uint32_t mode = 0;  ///< Of what is there, as in struct stat.
  std::string made;   ///< The path of the entry that is made there; empty for none.
};

/// A TCP port that a call connects to or binds: for recordings. MPTCP counts as TCP, which programs use where it is
/// denied.
struct LandlockPortUse {
  arch::PortRights right = 0;  ///< kConnectTcp or kBindTcp.
  uint16_t port = 0;
};

/// The account of one call.
struct LandlockAccount {
  std::optional<LandlockDenial> denial;
  std::optional<LandlockPortUse> port;
  std::vector<LandlockUse> uses;  ///< What was to be done where; empty where the call fails before Landlock is asked.
};

/// Whether an open(2) of an absolute path is allowed, found out with one system call for each component: most calls are
/// such, and are allowed. False: account_of() knows.
bool is_plainly_allowed(const CallerFiles& caller, const report::LandlockCall& call,
                        std::span<const resolve::PlacedRuleset> layers);

/// What comes of the call. The error is an errno: the account cannot be given (a caller that is gone, a directory whose
/// way up is hidden, kTooFar). It can block where a file system does.
Result<LandlockAccount, int> account_of(const CallerFiles& caller, const report::LandlockCall& call,
                                        std::span<const resolve::PlacedRuleset> layers);

}  // namespace sandbox::kernel
