// Who made a call, and what its pointers point to.
#pragma once

#include <sys/types.h>

#include "report/arguments.h"
#include "report/event.h"

namespace sandbox::kernel {

/// The process of a thread, out of /proc. What cannot be read is left out; the thread's own id is there in any case.
report::Process describe_caller(pid_t thread);

/// The name of a thread alone (comm), which is cheap; empty if it cannot be read.
std::string name_of_thread(pid_t thread);

/// Reads the memory of the thread's process. Nothing can be read of a process that is gone, or that the kernel keeps
/// from us (another user's, or one that is not dumpable).
report::MemoryReader memory_of(pid_t thread);

}  // namespace sandbox::kernel
