// Launches a command again and again, each time with another fault, and judges what comes of it.
//
//   inject_faults [--full] calls COMMAND...     each call before the target starts fails once
//   inject_faults [--full] filters COMMAND...   an outer filter answers one call, each time it is made
//   inject_faults [--full] limits COMMAND...    with a limit on resources
//   inject_faults list COMMAND...               the calls that are made before the target starts
//
// COMMAND launches `filtered`. What may come of a fault:
//
//   failed    125, 126 or 127 with a line on standard error, and the target was not started
//   filtered  the target was started, under a filter, by its own word and by the kernel's
//   ended     the target was started under a filter, and then all was ended with a line (by a supervisor)
//   died      under limits, or what is answered is a success, or a futex, for which libc aborts with a line: the
//   launcher
//             died of a signal, and nothing was started
//   lost      any other end, but with a filter: a single call was answered with a success that it did not have (nobody
//   can
//             tell; only the last line of defence is to hold), or a futex with an error that the kernel never gives
//   mute      the call that was answered is the one that prints, or ends the process
//
// All else is printed: UNFILTERED; ABANDONED (the target was told ENOSYS before it was killed); HUNG; SILENT; STATUS;
// SIGNAL. Prints a summary; exit 0 if nothing else came, 1 if something did.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"

enum Verdict {
  kFailed,
  kFiltered,
  kEnded,
  kDied,
  kLost,
  kMute,
  kUnfiltered,
  kAbandoned,
  kHung,
  kSilent,
  kStatus,
  kSignal,
  kVerdicts
};
static const char* const kNames[] = {"failed",     "filtered",  "ended", "died",   "lost",   "mute",
                                     "UNFILTERED", "ABANDONED", "HUNG",  "SILENT", "STATUS", "SIGNAL"};

static int counts[kVerdicts];
static int full;   ///< All errnos, finer steps.
static int outer;  ///< Filters that the launcher starts under.

static const struct {
  const char* name;
  long number;
} kCalls[] = {
#include "call_names.inc"
};

static const char* call_name(long number) {
  for (size_t i = 0; i < sizeof kCalls / sizeof *kCalls; ++i) {
    if (kCalls[i].number == number) return kCalls[i].name;
  }
  return "?";
}

static const char* answer_name(int answer) {
  return answer == 0 ? "0" : strerrorname_np(answer);
}

static enum Verdict judge_end(const struct Fault* fault, const struct Outcome* outcome, long number) {
  const int exited = WIFEXITED(outcome->status);
  const int status = exited ? WEXITSTATUS(outcome->status) : -1;
  const int has_line = outcome->err[0] != '\0';
  const int is_mute =
      fault->kind != kLimit && (number == SYS_write || number == SYS_writev || number == SYS_exit_group);
  if (outcome->hung) return number == SYS_exit_group && fault->kind == kFilter ? kMute : kHung;
  if (strstr(outcome->out, "abandoned") != NULL || status == 4) {
    // A process that was killed could do nothing first.
    return strstr(outcome->err, "was killed by signal") != NULL ? kEnded : kAbandoned;
  }
  if (outcome->started) {
    if (status == 0 && (fault->kind == kFilter || strcmp(outcome->out, "filtered\n") == 0)) return kFiltered;
    if (fault->kind == kLimit) return kFiltered;  // What becomes of the target under it is its own affair.
    if (has_line) return !exited ? kSignal : status >= 125 ? kEnded : kStatus;
  } else {
    if (exited && status >= 125 && status <= 127 && has_line) return kFailed;
    const int is_of_libc = number == SYS_futex && !exited && WTERMSIG(outcome->status) == SIGABRT && has_line;
    if (!exited && (fault->answer == 0 || fault->kind == kLimit || is_of_libc)) return kDied;
  }
  if (is_mute) return kMute;
  if (exited && status >= 125) return kSilent;
  return exited ? kStatus : kSignal;
}

static enum Verdict judge(const struct Fault* fault, const struct Outcome* outcome, long number) {
  const int outside = outer + (fault->kind == kFilter);
  if (outcome->started && outcome->seen_filters != -1 && outcome->seen_filters <= outside) return kUnfiltered;
  if (strstr(outcome->out, "UNFILTERED") != NULL) return kUnfiltered;
  if (WIFEXITED(outcome->status) && WEXITSTATUS(outcome->status) == 3) return kUnfiltered;
  const enum Verdict verdict = judge_end(fault, outcome, number);
  const int cannot_be_told = fault->kind == kCall && (fault->answer == 0 || number == SYS_futex);
  return verdict > kUnfiltered && cannot_be_told ? kLost : verdict;
}

static void print_text(const char* name, const char* text) {
  if (text[0] != '\0') fprintf(stderr, "    %s: %.300s%s", name, text, text[strlen(text) - 1] == '\n' ? "" : "\n");
}

static void count(const struct Fault* fault, const struct Outcome* outcome, long number, const char* what) {
  const enum Verdict verdict = judge(fault, outcome, number);
  ++counts[verdict];
  if (verdict < kUnfiltered) return;
  fprintf(stderr, "%s: %s: %s %d%s\n", kNames[verdict], what, WIFEXITED(outcome->status) ? "status" : "signal",
          WIFEXITED(outcome->status) ? WEXITSTATUS(outcome->status) : WTERMSIG(outcome->status),
          outcome->started ? ", target started" : "");
  print_text("out", outcome->out);
  print_text("err", outcome->err);
}

// ---- Each call fails once ----

static const int kErrors[] = {EPERM, EAGAIN, EINTR, EINVAL, ENOMEM, ENOSYS, EMFILE};
enum { kErrorCount = sizeof kErrors / sizeof *kErrors };

/// False if there is no such call.
static int inject(int role, int index, int error, char** command) {
  char what[100];
  const struct Fault fault = {.kind = kCall, .role = role, .index = index, .answer = error};
  const struct Outcome outcome = launch_with(&fault, command);
  if (!outcome.reached) return 0;
  snprintf(what, sizeof what, "thread %d, call %d (%s) gives %s", role, index, call_name(outcome.number),
           answer_name(error));
  count(&fault, &outcome, outcome.number, what);
  return 1;
}

/// A pretended success and all errnos with --full, else two of them in turn.
static void sweep_calls(char** command) {
  for (int role = 0; role < kMaxRoles; ++role) {
    for (int index = 0;; ++index) {
      if (!inject(role, index, 0, command)) {
        if (!inject(role, index, 0, command)) break;  // The order of threads may have been another one.
      }
      const int errors = full ? kErrorCount : 2;
      for (int i = 0; i < errors; ++i) inject(role, index, kErrors[(index + 3 * i) % kErrorCount], command);
    }
  }
}

// ---- An outer filter answers ----

static struct Outcome plain_launch(char** command) {
  const struct Fault none = {.kind = kNone};
  const struct Outcome outcome = launch_with(&none, command);
  if (judge(&none, &outcome, -1) != kFiltered) {
    fprintf(stderr, "without a fault: status %d\n", outcome.status);
    print_text("out", outcome.out);
    print_text("err", outcome.err);
    exit(2);
  }
  return outcome;
}

static void sweep_filters(char** command) {
  static const int kAnswers[] = {0, EPERM, EAGAIN, EINVAL, ENOSYS};
  const struct Outcome plain = plain_launch(command);
  for (int number = 0; number < kMaxNumber; ++number) {
    if (!plain.made[number] && number != SYS_write && number != SYS_exit_group) continue;
    for (size_t i = 0; i < sizeof kAnswers / sizeof *kAnswers; ++i) {
      char what[100];
      const struct Fault fault = {.kind = kFilter, .number = number, .answer = kAnswers[i]};
      const struct Outcome outcome = launch_with(&fault, command);
      snprintf(what, sizeof what, "an outer filter answers %s with %s", call_name(number), answer_name(kAnswers[i]));
      count(&fault, &outcome, number, what);
    }
  }
}

// ---- Limits ----

static void limited(int resource, const char* name, rlim_t limit, char** command) {
  char what[100];
  const struct Fault fault = {.kind = kLimit, .resource = resource, .limit = limit};
  const struct Outcome outcome = launch_with(&fault, command);
  snprintf(what, sizeof what, "RLIMIT_%s %lu", name, (unsigned long)limit);
  count(&fault, &outcome, -1, what);
}

static void sweep_limits(char** command) {
  const rlim_t kilo = 1024;
  const rlim_t step = full ? 64 * kilo : 512 * kilo;
  for (rlim_t i = 0; i <= 16; ++i) limited(RLIMIT_NOFILE, "NOFILE", i, command);
  for (rlim_t i = 0; i <= 6; ++i) limited(RLIMIT_NPROC, "NPROC", i, command);
  for (rlim_t size = 0; size <= 24 * kilo * kilo; size += step) limited(RLIMIT_AS, "AS", size, command);
  for (rlim_t size = 0; size <= 4 * kilo * kilo; size += step / 8) limited(RLIMIT_DATA, "DATA", size, command);
  for (rlim_t size = 0; size <= 512 * kilo; size += full ? 4 * kilo : 32 * kilo)
    limited(RLIMIT_STACK, "STACK", size, command);
  limited(RLIMIT_CORE, "CORE", 0, command);
  for (rlim_t size = 0; size <= 2; ++size) {
    limited(RLIMIT_FSIZE, "FSIZE", size, command);
    limited(RLIMIT_MEMLOCK, "MEMLOCK", size, command);
    limited(RLIMIT_SIGPENDING, "SIGPENDING", size, command);
    limited(RLIMIT_MSGQUEUE, "MSGQUEUE", size, command);
    limited(RLIMIT_LOCKS, "LOCKS", size, command);
  }
}

static void list(char** command) {
  const struct Outcome plain = plain_launch(command);
  for (int role = 0; role < kMaxRoles && plain.calls[role] > 0; ++role) {
    printf("thread %d: %d calls\n", role, plain.calls[role]);
  }
  for (int number = 0; number < kMaxNumber; ++number) {
    if (plain.made[number]) printf("%s ", call_name(number));
  }
  printf("\n");
}

static int summary(const char* mode) {
  int all = 0;
  int bad = 0;
  for (int i = 0; i < kVerdicts; ++i) {
    all += counts[i];
    if (i >= kUnfiltered) bad += counts[i];
  }
  printf("%s: %d launches:", mode, all);
  for (int i = 0; i < kVerdicts; ++i) {
    if (counts[i] > 0) printf(" %d %s", counts[i], kNames[i]);
  }
  printf("\n");
  return bad == 0 && all > 0 ? 0 : 1;
}

int main(int argc, char** argv) {
  int next = 1;
  if (next < argc && strcmp(argv[next], "--full") == 0) full = next++;
  if (argc - next < 2) return 2;
  const char* mode = argv[next];
  char** command = argv + next + 1;
  const char* bound = getenv("SANDBOX_RUN_FAULT_BOUND");
  if (bound != NULL) timeout = atoi(bound);
  outer = own_filters();
  if (outer < 0) outer = 0;
  if (strcmp(mode, "list") == 0) {
    list(command);
    return 0;
  }
  if (strcmp(mode, "calls") == 0) {
    plain_launch(command);
    sweep_calls(command);
  } else if (strcmp(mode, "filters") == 0) {
    sweep_filters(command);
  } else if (strcmp(mode, "limits") == 0) {
    plain_launch(command);
    sweep_limits(command);
  } else {
    return 2;
  }
  return summary(mode);
}
