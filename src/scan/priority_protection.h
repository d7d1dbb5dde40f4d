// glibc's priority ceilings, which most programs cannot come to.
//
// pthread_mutex_lock(3) can lock a mutex of the protocol PTHREAD_PRIO_PROTECT: then it changes the thread's priority,
// by sched_setscheduler, sched_getparam and three more calls. libc locks its own mutexes everywhere, so nearly all
// programs reach the function, and none of them has such a mutex: a mutex gets the protocol from its attributes, and
// these from pthread_mutexattr_setprotocol alone (nptl/pthread_mutex_init.c; there is no initializer for it). So the
// functions that change the priority are dead as long as
//
//   - nothing but libc can name pthread_mutexattr_setprotocol or the functions that set a ceiling, and
//   - no mutex comes from another program: either nothing but libc locks a mutex, or it maps no shared memory.
//
// In tests/README.md is what that saves.
#pragma once

#include <cstdint>
#include <vector>

#include "scan/exits.h"
#include "scan/image.h"
#include "scan/reachability.h"

namespace sandbox::scan {

/// glibc's functions that change priorities for mutexes, or ask for them; none in another libc, or where the compiler
/// has put them into their callers.
std::vector<uint64_t> priority_functions(const Image& image);

/// Whether the program may have a mutex for which they run. `reach` must be indexed; what is reached later may change
/// it.
bool may_have_priority_ceilings(const Image& image, const Reachability& reach, const Exits& exits);

}  // namespace sandbox::scan
