// Attempts to get out of the sandbox, from inside. Each is a function that makes one attempt and returns what came of
// it: the name of an errno, "ok", or a word of its own. It runs in a process of its own; what kills that is "signal N".
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

struct Attempt {
  const char* name;
  const char* (*make)(void);
};

/// Ended by an entry without a name.
extern const struct Attempt kCallAttempts[];
extern const struct Attempt kFilterAttempts[];
extern const struct Attempt kListenerAttempts[];
extern const struct Attempt kSupervisorAttempts[];

/// The folder that the policy does not allow to be made; "unshare" if the denied call is that for a user namespace.
extern const char* escape_folder;

/// "ok", or the name of errno if the result is negative.
const char* name_of(long result);
/// For results that hold the negative errno.
const char* name_of_raw(long result);

/// The denied call, and its number.
long make_folder(void);
unsigned denied_number(void);

/// By the gate of 32-bit code. Pointers are to be below 4 GiB.
long call_as_i386(long number, unsigned long a, unsigned long b, unsigned long c);

/// The memory below 4 GiB, zeroed.
void* low_memory(size_t size);

/// What the attempt gives in a child.
const char* in_child(const char* (*make)(void));

/// One that answers `action` for one call, and allows all others; four instructions.
void fill_filter(struct sock_filter* filter, unsigned number, unsigned action);

pid_t parent_of(pid_t pid);
