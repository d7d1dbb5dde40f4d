// Who lets the launcher's own execve through: a thread that does not outlive it.
//
// Problem: the launcher executes the target when the filter is installed already, and the policy may deny execve. It
// shows the filter a token (compile/token.h). But late in execve a process can be read again while its registers hold
// the token, and /proc/PID/syscall shows them to any process of the same user whenever the kernel waits for a page of
// the target. A neighbour that evicts these pages all the time saw the token in 55 to 88 of 100 launches, and could
// hand it to the program, which then executed what its policy denies.
//
// So the token is not believed by the filter alone. The filter notifies (SECCOMP_RET_USER_NOTIF), and this thread, made
// before the filter and so not under it, answers "continue". execve ends all other threads of its process and closes
// the listener, which is close-on-exec, before the first instruction of the target. From then on a call that shows the
// token is one without a listener: ENOSYS. And the program cannot make a listener (compile/listener_guard.h).
//
// What was rejected: a second filter by execveat with a fixed descriptor (an absolute path gets around it), the
// instruction pointer (the program can map code there), a helper made by vfork (execve does not end it).
//
// The thread shares its memory, thread-local storage included, with a thread that runs on: it makes raw system calls
// only, allocates nothing, and blocks all signals. Cost: 37 to 42 microseconds a launch.
//
// Under a supervisor (supervise.h) the thread is one of the supervisor's, whose first thread waits in vfork meanwhile.
// execve does not end it then: it answers one execve, and no second one, and ends.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "kernel/enter.h"

namespace sandbox::kernel {

enum class Answering : uint8_t {
  kUntilExec,  ///< In the launcher: execve ends the thread.
  kOneExec,    ///< In a supervisor: one execve is answered, and what the launcher calls when that has failed.
};

/// Starts the thread, before the filter is installed. It waits until `progress.listener` is one; both strings of
/// `progress` are borrowed until the process ends or executes a program, or stop_token_answerer() is called. At most
/// once in a process. The value: why there can be none, in a few words; none if it runs.
std::optional<std::string> start_token_answerer(EnterProgress& progress, Answering answering, const char* prefix);

/// Ends it: no listener was made, or (with kOneExec) the program has been executed. Returns when it does not touch the
/// listener any more.
void stop_token_answerer();

}  // namespace sandbox::kernel
