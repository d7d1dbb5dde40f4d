// Only sandbox-run answers notifications.
//
// A filter that a program installs for itself is asked too, and of two answers that wait for a supervisor the newer
// filter's wins; a notification also outranks a trace. So a program under a filter that notifies, or traces, could make
// a listener of its own, answer its own calls with "continue", and would have left the sandbox. (Seen: by an
// unprivileged program under --report, once its supervisor was gone or out of descriptors, and under any policy with
// the action trace.) Such a filter therefore denies the one call that makes a listener, seccomp(2) with the flag
// SECCOMP_FILTER_FLAG_NEW_LISTENER, through every ABI of the machine. prctl(2) takes no flags; and a listener that was
// made outside and is handed in answers for the filter that it was made with, no other.
//
// It is one more policy, laid over the others: a call gets what it got before or EBUSY, whichever is more restrictive.
// Laid over the compiled program, because a filter file and raw BPF are to be guarded like a policy, and what a report
// makes of a filter is to be guarded as it is installed.
#pragma once

#include <optional>

#include "arch/abi.h"
#include "base/result.h"
#include "bpf/program.h"
#include "compile/compile.h"
#include "compile/notify.h"

namespace sandbox::compile {

/// Whether a program could answer for the filter: it has a trace, or a notification, which the exec token is too.
bool needs_listener_guard(const Filter& filter);

/// The filter with the guard in front of it. `machine` is the ABI of the kernel: which others its processes may use.
/// `notify`: what of the filter is notified (compile/notify.h). With kDenials the guard's denial is too, and the
/// supervisor answers EBUSY; with kEverything, where calls are allowed, the guard answers EBUSY itself. The error:
/// there is no room for the guard.
Result<Filter, CompileError> with_listener_guard(const Filter& filter, arch::Abi machine,
                                                 std::optional<Notify> notify = std::nullopt);

/// Whether a call asks for a listener of its own, as the kernel reads it: the low words of seccomp(2)'s operation and
/// flags.
bool asks_for_listener(const bpf::SystemCall& call, arch::Abi machine);

}  // namespace sandbox::compile
