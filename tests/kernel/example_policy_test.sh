#!/bin/bash
# The example in the documentation of Beats: all is allowed but execve, execveat, fork and vfork. It starts any target,
# once.
. "$(dirname "$0")/lib.sh"

EXAMPLE=$POLICIES/beats-example.yml
case $(uname -m) in
  x86_64) START_CALLS="execve execveat fork vfork" ;;
  *) # ARM came without fork and vfork.
    START_CALLS="execve execveat"
    EXAMPLE=$PWD/example.yml
    write_policy "$EXAMPLE" allow "errno $START_CALLS"
    ;;
esac
KILLING=$PWD/killing.yml
write_policy "$KILLING" allow "kill_process $START_CALLS"

test_starts_echo() {
  local policy
  for policy in "$EXAMPLE" "$KILLING"; do
    sandboxed "$policy" /bin/echo one 'two  words' ''
    assert_status 0
    assert_stdout "one two  words "
    assert_stderr ""
  done
}

test_finds_the_target_in_the_search_path() {
  sandboxed "$EXAMPLE" echo found
  assert_status 0
  assert_stdout found
}

test_starts_a_static_program_that_then_cannot_start_others() {
  sandboxed "$EXAMPLE" "$TEST_BIN/call" getpid $START_CALLS getppid
  assert_status 0
  assert_stdout "getpid ok$(printf '\n%s EPERM' $START_CALLS)
getppid ok"
  assert_stderr ""
}

test_starts_a_go_daemon() {
  need prometheus-node-exporter curl python3
  serve /metrics "$SANDBOX_RUN" --policy "$EXAMPLE" -- prometheus-node-exporter --web.listen-address=127.0.0.1:@PORT@
  run curl -s -f "http://127.0.0.1:$port/metrics"
  assert_status 0
  grep -q '^process_cpu_seconds_total ' out || report "expected metrics of the process"
  stop TERM
  assert_status 143
}

test_starts_python_which_cannot_start_programs() {
  need python3
  sandboxed "$EXAMPLE" python3 -c '
import os
try:
    os.execv("/bin/echo", ["echo", "started"])
except PermissionError as error:
    print("errno", error.errno)'
  assert_status 0
  assert_stdout "errno 1"
  assert_stderr ""
}

test_no_guess_at_the_token_starts_a_program() {
  need python3
  sandboxed "$EXAMPLE" python3 "$KERNEL_TESTS/guess_token.py"
  assert_status 0
  assert_stdout "-1 EPERM"
}

test_kills_a_static_program_when_it_tries() {
  local call
  for call in $START_CALLS; do
    sandboxed "$KILLING" "$TEST_BIN/call" getpid "$call" getppid
    assert_status 159  # 128 + SIGSYS
    assert_stdout "getpid ok"
    assert_stderr ""
  done
}

test_kills_python_when_it_tries() {
  need python3
  sandboxed "$KILLING" python3 -c '
import os
print("running", flush=True)
os.execv("/bin/echo", ["echo", "started"])'
  assert_status 159
  assert_stdout running
}

test_kills_on_a_guess_at_the_token() {
  local guess
  for guess in 0,0,0 -1,-1,-1 1,2,3 0xdeadbeef,0xdeadbeef,0xdeadbeef; do
    sandboxed "$KILLING" "$TEST_BIN/call" getpid "execve,0,0,0,$guess" getppid
    assert_status 159
    assert_stdout "getpid ok"
  done
}

test_a_shell_runs_until_it_starts_a_program() {
  sandboxed "$EXAMPLE" sh -c 'echo before; exec /bin/echo started'
  assert_status 126
  assert_stdout before
  sandboxed "$KILLING" sh -c 'echo before; exec /bin/echo started'
  assert_status 159
  assert_stdout before
}

run_tests
