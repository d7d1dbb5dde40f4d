// What this kernel and this process can do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "arch/call_versions.h"
#include "bpf/validate.h"

namespace sandbox::kernel {

/// How this process installs a filter.
enum class FilterCall : uint8_t {
  kSeccomp,  ///< seccomp(2).
  kPrctl,  ///< prctl(2) with PR_SET_SECCOMP, which takes no flags: an outer filter denies seccomp(2), or kills for it.
};

/// Found out once, then known. Under an outer filter it is a child that tries seccomp(2), since the call may be its
/// last: systemd's SystemCallFilter=@system-service kills for it.
FilterCall filter_call();

/// Whether the kernel takes filters at all and knows every action that the program can return. The message names what
/// is missing and the Linux release that brought it; none when all is well. Asks by SECCOMP_GET_ACTION_AVAIL, see
/// seccomp(2); with FilterCall::kPrctl, by the kernel's release.
std::optional<std::string> missing_support(const bpf::ValidatedProgram& program);

/// Why something that needs seccomp(2) cannot be had with FilterCall::kPrctl.
inline constexpr std::string_view kSeccompDenied =
    "an outer sandbox denies seccomp(2), which that needs; a unit of systemd allows it by SystemCallFilter=seccomp";

/// Whether the kernel knows these flags of seccomp(2), all together, asked for with a program that is not there: a
/// kernel that knows them says EFAULT. Precondition: FilterCall::kSeccomp. A sandbox-run outside denies listeners with
/// EBUSY: then the flag is known, too.
bool knows_flags(uint32_t flags);

/// A call that answering notifications takes, and that an outer sandbox denies or pretends to have done: "ioctl(2)". None
/// if all reach the kernel. Each is made so that the kernel itself answers it with a certain error, which a sandbox that
/// goes by the call's number does not give.
std::optional<std::string> denied_call();

/// What is missing of flags that a policy or the launcher can ask for.
std::optional<std::string> missing_flags(uint32_t flags);

/// The running kernel's release, from uname(2); 0.0 where it cannot be read.
arch::KernelVersion running_kernel();

/// Its whole name, "6.18.44-1"; empty if it cannot be read.
std::string kernel_release();

/// Whether it runs x32 programs (CONFIG_X86_X32_ABI). Makes a call as one.
bool runs_x32();

/// Whether this program was started with more privileges than its caller has (AT_SECURE: set-user-ID, file
/// capabilities), so that its input is not to be trusted.
bool runs_with_borrowed_privileges();

}  // namespace sandbox::kernel
