#!/bin/bash
# A supervisor holds no pipe open, and neither a full disk nor a closed pipe holds the target up.
. "$(dirname "$0")/supervise_lib.sh"

pipes() {
  run bash -c 'set -o pipefail; yes | $LAUNCH head -n 1'
  assert_stdout y
  run bash -c '$LAUNCH yes | head -n 1; echo "${PIPESTATUS[0]}"'
  assert_stdout "y
141"
  run bash -c 'echo given | $LAUNCH sh -c "cat; echo to standard error >&2"'
  assert_stdout given
  assert_stderr "to standard error"
}
test_pipes() { each pipes; }

# A reader sees the end when the target has closed the pipe, be the target still there.
end_of_output() {
  start bash -c '$LAUNCH sh -c "echo output; echo \$\$ >pid; exec sleep 300 >&-" | { cat; echo end; }'
  wait_until grep -qsx end daemon.log || fail "expected the end of the pipe: $(shown daemon.log)"
  assert_equal "output end" "$(xargs <daemon.log)" "what the reader has seen"
  is_running "$(cat pid)" || fail "expected the target to go on"
  kill "$(cat pid)"
  wait_until has_ended "$started"
}

end_of_input() {
  mkfifo pipe
  start bash -c '$LAUNCH sh -c "echo \$\$ >pid; head -n 1; exec sleep 300 <&-" <pipe'
  bash -c 'yes >pipe 2>/dev/null; echo "$?" >writer' &
  wait_until test -s writer || fail "the writer goes on although the target has closed the pipe"
  kill "$(cat pid)"
  wait_until has_ended "$started"
}

end_of_another_descriptor() {
  start bash -c '{ exec $LAUNCH sh -c "echo output >&7; echo \$\$ >pid; exec sleep 300 7>&-" 7>&1 >/dev/null; } | { cat; echo end; }'
  wait_until grep -qsx end daemon.log || fail "expected the end of the pipe: $(shown daemon.log)"
  kill "$(cat pid)"
  wait_until has_ended "$started"
}
test_nobody_holds_the_output_open() { each end_of_output; }
test_nobody_holds_the_input_open() { each end_of_input; }
test_nobody_holds_descriptors_open() { each end_of_another_descriptor; }

# The daemon has closed standard error; its reader waits for no other process.
test_a_daemon_holds_no_output_open() {
  supervised_by report
  start bash -c '$LAUNCH sh -c "sleep 300 >/dev/null 2>&1 & echo \$! >pid; echo started" 2>&1 | { cat; echo end; }'
  wait_until test -s pid
  if ! wait_until grep -qsx end daemon.log; then
    kill "$(cat pid)"
    fail "expected the end of the pipe when the program has ended: $(shown daemon.log)"
  fi
  kill "$(cat pid)"
}

# Neither a full disk nor a pipe without a reader or that is closed holds the target up, or ends it.
test_a_report_that_cannot_be_written() {
  local program=(sh -c '"$0" mkdirat; "$0" mkdirat; echo done; exit 5' "$TEST_BIN/call")
  local expected="mkdirat EACCES
mkdirat EACCES
done"
  run "$SANDBOX_RUN" --report=/dev/full -q -p "$FOLDER/policy.yml" -- "${program[@]}"
  assert_status 5
  assert_stdout "$expected"
  run bash -c '"$0" --report -p "$1" -- "${@:2}" 2>/dev/full' "$SANDBOX_RUN" "$FOLDER/policy.yml" "${program[@]}"
  assert_status 5
  assert_stdout "$expected"
  run bash -c '"$0" --report -p "$1" -- "${@:2}" 2>&-' "$SANDBOX_RUN" "$FOLDER/policy.yml" "${program[@]}"
  assert_status 5
  assert_stdout "$expected"
  run bash -c '"$0" --report -p "$1" -- "${@:2}" 2> >(exec true)' "$SANDBOX_RUN" "$FOLDER/policy.yml" "${program[@]}"
  assert_status 5
  assert_stdout "$expected"
  mkfifo pipe
  sleep 300 <>pipe & # Never reads.
  STARTED="$STARTED $!"
  local words=()
  for number in $(seq 2000 2999); do words+=("mkdirat,$number"); done
  run bash -c '"$0" --report -p "$1" -- "$2" "${@:3}" 2>pipe' "$SANDBOX_RUN" "$FOLDER/policy.yml" "$TEST_BIN/call" "${words[@]}"
  assert_status 0
  assert_equal 1000 "$(grep -cx 'mkdirat EACCES' out)" "answers"
  run "$SANDBOX_RUN" --report=pipe -p "$FOLDER/policy.yml" -- "$TEST_BIN/call" "${words[@]}"
  assert_status 0
}

run_tests
