// What one kernel's Landlock can enforce of a ruleset, and what the filter denies where Landlock leaves a way around.
//
// What a policy names and this kernel lacks is an error; with best_effort a warning says what stays open. What is only
// handled because `files` is given is left out, and closed by the filter as far as a filter can.
#pragma once

#include <string_view>

#include "base/diagnostic.h"
#include "resolve/landlock/ruleset.h"

namespace sandbox::resolve {

/// Ways around a ruleset that the filter has to close.
struct Closures {
  bool truncate = false;        ///< Below ABI 3: truncation by a call that needs no right to write.
  bool open_for_ioctl = false;  ///< Below ABI 5: access mode 3 of open(2), which needs no right and gives ioctl(2).
  bool tcp_lookalikes = false;  ///< TCP that Landlock does not take for it: MPTCP, SMC, SCTP, TCP Fast Open.
  bool tcp_sockets = false;     ///< Below ABI 4: all of TCP, where no port is allowed.
  bool udp_sockets = false;     ///< Below ABI 10: all of UDP, where no port is allowed.

  [[nodiscard]] bool any() const { return truncate || open_for_ioctl || tcp_lookalikes || tcp_sockets || udp_sockets; }
  Closures& operator|=(const Closures& other);
  bool operator==(const Closures&) const = default;
};

/// What a kernel has of Landlock.
struct LandlockSupport {
  int abi = 0;                ///< 0: nothing.
  std::string_view why_none;  ///< With ABI 0: a sentence without its end that says why, and what to do.
};

/// Takes from the ruleset what this kernel lacks, and answers with what the filter has to close beside it. Errors and
/// warnings are about the place of the section.
Closures fit_to_abi(Ruleset& ruleset, const LandlockSupport& support, Diagnostics& diagnostics);

/// Whether anything is left that a kernel can be asked to enforce.
bool enforces_anything(const Ruleset& ruleset);

}  // namespace sandbox::resolve
