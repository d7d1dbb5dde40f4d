// Who made a call, and what its pointers point to.
#pragma once

#include <sys/types.h>

#include "kernel/bounded_task.h"
#include "report/arguments.h"
#include "report/event.h"

namespace sandbox::kernel {

/// The process of a thread, out of /proc. What cannot be read is left out; the thread's own id is there in any case.
report::Process describe_caller(pid_t thread);

/// The name of a thread alone (comm), which is cheap; empty if it cannot be read.
std::string name_of_thread(pid_t thread);

/// Whether there is such a thread in the process, asked of the kernel itself.
bool belongs_to(pid_t thread, pid_t process);

/// The process that the thread belongs to; 0 if it cannot be found out.
pid_t process_of(pid_t thread);

/// Whether the thread has ended and was not reaped.
bool is_zombie(pid_t thread);

/// Whether this thread of ours traces it; true too if that cannot be read.
bool is_traced_here(pid_t thread);

/// Whether the process is writing a core file, which can take long.
bool dumps_core(pid_t process);

/// Reads the memory of the thread's process. Nothing can be read of a process that is gone, or that the kernel keeps
/// from us (another user's, or one that is not dumpable). A page can be one that another program fills when it likes
/// (userfaultfd(2), FUSE): what does not come in time is not there, and neither is anything behind it. `task` is
/// borrowed.
report::MemoryReader memory_of(pid_t thread, BoundedTask& task);

/// The same for work that is in a BoundedTask already: it may block.
report::MemoryReader blocking_memory_of(pid_t thread);

}  // namespace sandbox::kernel
