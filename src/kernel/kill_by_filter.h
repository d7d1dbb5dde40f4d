// Has the filter itself kill a caller whose call waits for the supervisor: a response to a notification cannot kill,
// and the parent would see another end from a SIGKILL (SIGKILL in place of SIGSYS, no core file, and never a single
// thread).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <stop_token>

#include "bpf/validate.h"
#include "kernel/listener.h"

namespace sandbox::kernel {

enum class Kill : uint8_t { kThread, kProcess };

struct KillResult {
  enum class Outcome : uint8_t {
    kKilledByFilter,
    kKilledBySigkill,  ///< Its code was changed meanwhile, or the filter would not kill for the request: see below.
    kGone,             ///< It no longer waits, or another thread has executed a program meanwhile.
    /// It cannot be traced (Yama, another tracer, a program that may not be read, an ABI that this is not written for),
    /// and must be killed otherwise.
    kAlive,
  };
  Outcome outcome = Outcome::kAlive;
  bool answered = false;  ///< Its call was answered, so it no longer waits.
};

/// What is left to do after an attempt.
enum class AfterKill : uint8_t {
  kNothing,
  kCountAsFilters,  ///< The SIGKILL stands for the filter's kill, and is reported as that.
  kKillProcess,     ///< By SIGKILL: the caller, or its process, lives.
};

/// A process that is to be killed must die even if another of its threads has executed a program after the answer. A
/// caller that was not answered has stopped waiting by itself, and is not killed for a call that it has not made.
AfterKill after_kill(Kill kill, const KillResult& result);

/// Whether the filter kills for the call when the request is in its arguments. A rule that looks at the two arguments
/// decides on another call then, and may allow it.
bool kills_on_request(const bpf::ValidatedProgram& program, bpf::SystemCall call, Kill kill);

/// Stops the caller with ptrace, answers with an errno, rewinds it onto the call with a kill request in two arguments
/// (compile/notify.h), lets it execute this one instruction, and sees it end; it is not reaped here. Waits for that,
/// and for locks that the caller's other threads can hold, so it must run in a BoundedTask: when that was abandoned its
/// thread ends, and the kernel detaches what it still traces. If it was abandoned before the answer, the caller is not
/// touched.
///
/// `program` is the installed filter. If it would answer the call with the request in its arguments in another way than
/// by this kill, the caller gets SIGKILL.
KillResult kill_by_filter(Kill kill, const Notification& notification, const bpf::ValidatedProgram& program,
                          const Listener& listener, const std::stop_token& abandoned);

}  // namespace sandbox::kernel
