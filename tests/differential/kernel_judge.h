// What the kernel does with calls under a filter.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bpf/program.h"
#include "bpf/validate.h"

namespace sandbox::differential {

/// What became of a call and of the thread that made it.
struct KernelAnswer {
  enum class Kind : uint8_t {
    kReturned,       ///< `error` is 0 or the errno.
    kTrapped,        ///< SIGSYS was delivered; `trap_matches` says whether its siginfo names the call.
    kThreadKilled,   ///< The process's other thread lived on.
    kProcessKilled,  ///< By SIGSYS.
    kLost,           ///< Anything else: the test is wrong, or the kernel.
  };
  Kind kind = Kind::kLost;
  int error = 0;
  bool trap_matches = false;
  bool dumped_core = false;
  bool operator==(const KernelAnswer&) const = default;
};

std::string describe(const KernelAnswer& answer);

/// Makes the calls one after the other in forked children, each in a thread of its own under the program (null: under
/// none) beside an unfiltered thread. The calls must be harmless: they are made.
std::vector<KernelAnswer> make_calls(const bpf::ValidatedProgram* program, const std::vector<bpf::SystemCall>& calls);

}  // namespace sandbox::differential
