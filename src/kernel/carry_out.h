// How a supervisor has the kernel carry out a kill: a response to a notification cannot kill, and SIGKILL is another
// end than the one that a filter makes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <stop_token>

#include "bpf/validate.h"
#include "kernel/listener.h"

namespace sandbox::kernel {

enum class Kill : uint8_t { kThread, kProcess };

struct CarriedOut {
  enum class Fate : uint8_t {
    kDead,  ///< By the filter.
    /// By SIGKILL, without its call: somebody has changed its code, or with the marks the filter would not kill.
    kKilled,
    kGone,  ///< It does not wait any more, or another thread has executed a program meanwhile.
    /// It cannot be traced here (Yama, another tracer, a program that may not be read, an ABI that this is not written
    /// for), and is to be killed in another way.
    kAlive,
  };
  Fate fate = Fate::kAlive;
  bool answered = false;  ///< Its call has got an answer, so that it does not wait any more.
};

/// Stops the caller with ptrace, answers with an errno, winds it back onto the call with the marks for which the filter
/// kills (compile/notify.h), has it take this one step, and sees it dead; to reap it is left to others. Waits for that,
/// and for locks that the caller's other threads can hold: a BoundedTask, whose thread ends when it was abandoned, with
/// which the kernel gives up whatever is still traced. If it was abandoned before the answer, the caller is not touched
/// any more.
///
/// `program` is the installed filter: where the marks, in place of two arguments, would have it answer something else,
/// it is not asked.
CarriedOut carry_out(Kill kill, const Notification& notification, const bpf::ValidatedProgram& program,
                     const Listener& listener, const std::stop_token& abandoned);

}  // namespace sandbox::kernel
