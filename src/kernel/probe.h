// What this kernel and this process can do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "arch/call_versions.h"
#include "bpf/validate.h"

namespace sandbox::kernel {

/// Whether the kernel takes filters at all and knows every action that the program can return. The message names what
/// is missing and the Linux release that brought it; none when all is well. Asks by SECCOMP_GET_ACTION_AVAIL, see
/// seccomp(2).
std::optional<std::string> missing_support(const bpf::ValidatedProgram& program);

/// Whether the kernel knows these flags of seccomp(2), all together, asked for with a program that is not there: a
/// kernel that knows them says EFAULT. A sandbox-run outside denies listeners with EBUSY: then the flag is known, too.
bool knows_flags(uint32_t flags);

/// What is missing of flags that a policy or the launcher can ask for.
std::optional<std::string> missing_flags(uint32_t flags);

/// The running kernel's release, from uname(2); 0.0 where it cannot be read.
arch::KernelVersion running_kernel();

/// Whether this program was started with more privileges than its caller has (AT_SECURE: set-user-ID, file
/// capabilities), so that its input is not to be trusted.
bool runs_with_borrowed_privileges();

}  // namespace sandbox::kernel
