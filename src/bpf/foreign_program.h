// What there is to know of a program that comes out of a file, beyond what `validate` says.
#pragma once

#include <optional>

#include "bpf/validate.h"

namespace sandbox::bpf {

/// The largest errno that a filter can give: the kernel makes every larger one this (MAX_ERRNO).
inline constexpr uint32_t kMaxErrno = 4095;

/// The first return that the kernel takes and a launch must not: one whose value is in A, so that it cannot be told;
/// errno 0, under which a call looks done that was not; an errno over 4095; a user notification, for which nothing
/// listens; and actions that seccomp(2) does not have. None: there is none.
///
/// `token`: the program has checks of the exec token, which end in user notifications. That nothing else does is for
/// others to see (compile/token_sites.h). `errno_zero`: it was compiled from a policy, which may have said errno 0.
std::optional<InvalidProgram> unusable_return(const ValidatedProgram& program, bool token = false,
                                              bool errno_zero = false);

/// Which registers some path reads before it has written them. The kernel sets both to 0 at the start.
struct EntryReads {
  bool a = false;
  bool x = false;
};
EntryReads entry_reads(const ValidatedProgram& program);

}  // namespace sandbox::bpf
