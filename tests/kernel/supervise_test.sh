#!/bin/bash
# How a supervised target ends, as seen from outside: as without a supervisor, whether a report or a recording is made.
. "$(dirname "$0")/supervise_lib.sh"

end_as_itself() {
  local code signal
  for code in 0 42 255; do
    run "${launch[@]}" sh -c "exit $code"
    assert_status "$code"
    assert_stdout ""
    assert_stderr ""
  done
  for signal in 1 2 6 9 11 13 15 34 64; do
    run "${launch[@]}" sh -c "kill -$signal \$\$"
    assert_status $((128 + signal))
    assert_stdout ""
    assert_stderr ""
  done
}
test_exit_statuses_and_signals() { each end_as_itself; }

killed_from_outside() {
  local signal
  for signal in TERM KILL SEGV ABRT; do
    rm -f pid
    start "${launch[@]}" sh -c 'echo "$$" >pid; exec sleep 300'
    wait_until test -s pid
    kill -s "$signal" "$(cat pid)"
    wait_until has_ended "$started" || fail "the launcher has not ended"
    status=0
    { wait "$started" || status=$?; } 2>/dev/null
    assert_equal $((128 + $(kill -l "$signal"))) "$status" "exit status"
  done
}
test_a_target_that_is_killed() { each killed_from_outside; }

# Its parents stop with it; they shall not sleep on.
killed_while_stopped() {
  start_target
  kill -s STOP "$target"
  wait_until is_in_state T "$started" || fail "the launcher does not stop with its target"
  kill -s KILL "$target"
  wait_until has_ended "$started" || fail "the launcher has not ended: it is in state $(state_of "$started")"
  status=0
  { wait "$started" || status=$?; } 2>/dev/null
  assert_equal 137 "$status" "exit status"
}
test_a_stopped_target_that_is_killed() { each killed_while_stopped; }

stopped_and_continued() {
  start_target
  for _ in 1 2 3; do
    kill -s STOP "$target"
    wait_until is_in_state T "$started" || fail "the launcher does not stop with its target"
    kill -s CONT "$target"
    wait_until is_in_state S "$started" || fail "the launcher does not go on with its target"
    kill -s STOP "$target"
    wait_until is_in_state T "$started" || fail "the launcher does not stop with its target"
    kill -s CONT "$started"
    wait_until is_in_state S "$target" || fail "the target does not go on with its launcher"
  done
  end_target
}
test_stopped_and_continued() { each stopped_and_continued; }

test_a_kill_by_the_filter() {
  supervised_by report
  run "${launch[@]}" "$TEST_BIN/call" linkat
  assert_status 159
  run "${launch[@]}" sh -c '"$0" linkat; echo "$?"' "$TEST_BIN/call"
  assert_status 0
  assert_stdout 159
}

run_tests
