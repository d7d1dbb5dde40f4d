#!/bin/bash
# A supervisor under load, and beside tracers: no caller hangs, and every call gets its answer.
. "$(dirname "$0")/supervise_lib.sh"

# ---- Under load ----

# busy MODE [POLICY]: no caller hangs, and every call gets its answer.
busy() {
  run "$SANDBOX_RUN" --report=report.json -q -p "$FOLDER/${2:-policy}.yml" -- "$MANY_CALLERS" "$1" 13
  assert_stdout ""
  assert_status 0
}
# Recorded, the call is made: ENOENT.
busy_recorded() {
  run "$SANDBOX_POLICY" record -q -o recorded.yml -- "$MANY_CALLERS" "$1" 2
  assert_stdout ""
  assert_status 0
}
test_load_of_threads() {
  busy threads
  busy_recorded threads
}
test_load_of_forks() {
  busy forks
  busy_recorded forks
}
test_an_exec_by_a_thread_while_calls_wait() {
  busy exec_in_thread
  busy_recorded exec_in_thread
}
test_a_kill_and_an_exec_at_once() { busy kill_and_exec; }
# The kernel kills a thread at most; the program that another has begun to execute lives.
test_a_kill_of_a_thread_and_an_exec_at_once() { busy kill_thread_and_exec; }
test_kills_of_threads() { busy kill_threads; }
test_calls_that_a_timer_interrupts() {
  busy timer
  busy_recorded timer
}
test_stopped_while_calls_wait() {
  busy stops
  busy_recorded stops
}
test_vfork_and_an_exec_that_is_denied() { busy vforks no_exec; }

# ---- Tracers ----

test_a_tracer_inside() {
  need strace
  supervised_by report
  run "${launch[@]}" strace -f -o trace "$TEST_BIN/call" mkdirat getppid
  assert_status 0
  assert_stdout "mkdirat EACCES
getppid ok"
  grep -q '^[0-9]* *mkdirat(.*EACCES' trace || fail "expected the denied call in the trace: $(cat trace)"
  run "${launch[@]}" strace -f -o trace "$MANY_CALLERS" forks 13
  assert_status 0
  # Who is traced already cannot be traced by the supervisor; it dies nevertheless.
  run "${launch[@]}" strace -f -o trace "$TEST_BIN/call" linkat getppid
  assert_stdout ""
  [ "$status" = 137 ] || [ "$status" = 159 ] || report "expected the call to kill"
  supervised_by record
  run "${launch[@]}" strace -f -o trace "$TEST_BIN/call" getppid
  assert_status 0
  assert_allows getppid recorded.yml
}

test_a_tracer_outside() {
  need strace
  supervised_by report
  run strace -f -o trace "${launch[@]}" "$TEST_BIN/call" mkdirat getppid
  assert_status 0
  assert_stdout "mkdirat EACCES
getppid ok"
  run strace -f -o trace "${launch[@]}" "$TEST_BIN/call" linkat getppid
  assert_status 159
  assert_stdout ""
  run strace -f -o trace "${launch[@]}" "$MANY_CALLERS" forks 13
  assert_status 0
  supervised_by record
  run strace -f -o trace "${launch[@]}" "$TEST_BIN/call" getppid
  assert_status 0
  assert_allows getppid recorded.yml
}

run_tests
