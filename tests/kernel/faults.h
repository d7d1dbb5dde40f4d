// Launches of a command in which one thing goes wrong, and what came of each.
#pragma once

#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

enum { kMaxRoles = 8, kMaxNumber = 512 };

enum FaultKind { kNone, kCall, kFilter, kLimit };

/// What goes wrong.
struct Fault {
  enum FaultKind kind;
  int role;      ///< kCall: of which thread, in the order in which they are made; 0 is the command itself.
  int index;     ///< kCall: its which call, from 0 on.
  long number;   ///< kFilter: this call, of any process. The execve that starts the command is left out.
  int answer;    ///< An errno; 0 is a pretended success.
  int resource;  ///< kLimit.
  rlim_t limit;
};

struct Outcome {
  int reached;  ///< kCall: there was such a call; its number is in `number`.
  long number;
  int hung;          ///< Not all has ended in time; it was killed.
  int started;       ///< A program other than the command was executed.
  int seen_filters;  ///< Of it when it was executed, as the kernel tells; -1 if it does not.
  int status;        ///< As of waitpid(2), of the command.
  char out[1024];
  char err[4096];
  uint8_t made[kMaxNumber];  ///< The calls before the program was executed, by number.
  int calls[kMaxRoles];      ///< How many, by role.
};

/// Seconds until a launch counts as hung.
extern int timeout;

/// Runs the command, with nothing on standard input, in a session of its own, under ptrace.
struct Outcome launch_with(const struct Fault* fault, char** command);

/// Filters of this process.
int own_filters(void);
