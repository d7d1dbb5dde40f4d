#!/bin/bash
# Launches under unusual circumstances: with state that exec keeps, under a tracer, in one another, of what cannot be executed.
. "$(dirname "$0")/faults_lib.sh"

state_is_kept() { # [OPTION]...
  run "$TEST_BIN/launch_state" begin lock "$SANDBOX_RUN" "$@" -- "$TEST_BIN/launch_state" check "$PWD/lock" PID DESCRIPTORS
  assert_status 0
  assert_stdout ""
  assert_stderr ""
}
test_state() {
  state_is_kept -p "$PLAIN"
  state_is_kept -p "$TOKEN"
  state_is_kept
  state_is_kept -p "$TOKEN" -p "$PLAIN"
  state_is_kept -p "$TOKEN" --log
}
test_state_many_times() {
  local round
  for round in $(seq 100); do state_is_kept -p "$TOKEN"; done
}
# TSYNC would put the helper of the launcher under the policy.
test_state_with_tsync() {
  sed '1a\  flags: [tsync]' "$TOKEN" >tsync.yml
  state_is_kept -p tsync.yml
}

assert_filtered() {
  assert_status 0
  assert_stdout filtered
}

test_strace() {
  need strace
  local kind
  for kind in plain token default_profile; do
    launch_of $kind
    run strace -f -o trace "${launch[@]}"
    grep -q 'Operation not permitted' err && [ ! -s out ] && skip "nothing can be traced"
    assert_filtered
  done
}

# A policy that denies execve lets nothing start another launcher; one outside of it is in no way.
test_nested() {
  launch_of token
  run "$SANDBOX_RUN" -p "$PLAIN" -- "${launch[@]}"
  assert_filtered
  run "$SANDBOX_RUN" -- "$SANDBOX_RUN" -p "$PLAIN" -- "${launch[@]}"
  assert_filtered
  launch_of report
  run "$SANDBOX_RUN" -p "$PLAIN" -- "${launch[@]}"
  assert_filtered
  launch_of plain
  run "$SANDBOX_RUN" --report -q -p "$PLAIN" -- "${launch[@]}"
  assert_filtered
}

# A process can have one listener only: the inner launcher says so, or does without.
refused_or_filtered() {
  run "$@"
  [ "$status" != 0 ] || { assert_filtered && return; }
  assert_status 125
  assert_stdout ""
  assert_stderr_has "listener"
}
test_token_in_a_report() {
  launch_of token
  refused_or_filtered "$SANDBOX_RUN" --report=outer.json -q -p "$PLAIN" -- "${launch[@]}"
}
test_report_in_a_report() {
  launch_of report
  run "$SANDBOX_RUN" --report=outer.json -q -p "$PLAIN" -- "${launch[@]}"
  assert_status 125
  assert_stdout ""
  assert_stderr_has "listener"
}
test_record_in_a_report() {
  run "$SANDBOX_RUN" --report=outer.json -q -p "$PLAIN" -- "$TEST_BIN/sandbox-policy" record -q -o recorded.yml -- \
    "$TEST_BIN/filtered" mkdirat $EL3HLT
  [ "$status" != 0 ] || report "expected a failure"
  assert_stdout ""
  assert_stderr_has "listener"
}
test_report_in_a_record() {
  launch_of report
  run "$TEST_BIN/sandbox-policy" record -q -o recorded.yml -- "${launch[@]}"
  assert_status 125
  assert_stdout ""
  assert_stderr_has "listener"
}

# ---- What cannot be executed ----

test_targets_that_cannot_be_executed() {
  local options
  printf 'no program\n' >no_program
  chmod 755 no_program
  cp "$TEST_BIN/filtered" busy
  exec 7>>busy
  for options in "-p $PLAIN" "-p $TOKEN" "" "--report -q -p $PLAIN" "--report -q -p $TOKEN"; do
    # shellcheck disable=SC2086 # Words.
    run "$SANDBOX_RUN" $options -- ./missing
    assert_status 127
    assert_stderr_is_one_line
    # shellcheck disable=SC2086
    run "$SANDBOX_RUN" $options -- ./no_program
    assert_status 126
    assert_stderr_is_one_line
    # shellcheck disable=SC2086
    run "$SANDBOX_RUN" $options -- ./busy mkdirat $EL3HLT
    assert_status 126
    assert_stderr_is_one_line
  done
  exec 7>&-
}

run_tests
