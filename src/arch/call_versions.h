// Which Linux release brought a system call: for `kernel:` in a policy.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/abi.h"

namespace sandbox::arch {

/// A Linux release, by the two numbers that new calls come with. All of 2.6.0 to 2.6.39 is 2.6.
struct KernelVersion {
  uint16_t major = 0;
  uint16_t minor = 0;
  auto operator<=>(const KernelVersion&) const = default;
};

/// The Linux release in which this ABI gained the call, or in which the ABI itself came, whichever is later; none for a
/// name that this ABI does not have. A reserved number that no kernel implements (afs_syscall, break) counts as old.
///
/// A call that an ABI also reaches through a multiplexer (multiplexers.h) counts from when it got a number of its own:
/// x86's socket is 4.3 here, although socketcall is as old as Linux.
std::optional<KernelVersion> introduced(Abi abi, std::string_view name);

/// A call's number, and what introduced() says of it.
struct DatedCall {
  uint32_t number = 0;
  std::optional<KernelVersion> introduced;
};

/// All calls of an ABI, sorted by number. A policy with `kernel:` asks for them, and a recording does so repeatedly.
const std::vector<DatedCall>& dated_calls(Abi abi);

/// The first Linux release that had the call, on whichever ABI; none for an unknown name.
std::optional<KernelVersion> first_introduced(std::string_view name);

/// The newest Linux release of which the tables know a call.
KernelVersion newest_release();

/// Reads "6.1", "5.10.23" and what uname(2) gives, such as "6.1.0-18-amd64" or "5.15.0+". Numbers after the second and
/// a suffix after '-', '+', '_' or '~' are read over; anything else, a leading zero or a number over 65535 is none.
std::optional<KernelVersion> parse_kernel_version(std::string_view text);

/// "6.1".
std::string to_string(KernelVersion version);

}  // namespace sandbox::arch
