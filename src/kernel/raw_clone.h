// clone(2) without the C library, whose fork(2) runs handlers and whose clone(3) wants a stack.
#pragma once

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace sandbox::kernel {

/// As fork(2), with these flags; -1 and errno for an error. Neither a stack nor anything else is passed on. On s390 and
/// s390x the flags are the second argument (CONFIG_CLONE_BACKWARDS2).
inline pid_t raw_clone(unsigned long flags) {
#if defined(__s390__)
  return static_cast<pid_t>(syscall(SYS_clone, 0UL, flags, 0UL, 0UL, 0UL));
#else
  return static_cast<pid_t>(syscall(SYS_clone, flags, 0UL, 0UL, 0UL, 0UL));
#endif
}

}  // namespace sandbox::kernel
