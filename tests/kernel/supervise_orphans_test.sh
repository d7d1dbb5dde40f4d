#!/bin/bash
# Processes that outlive a supervised target: daemons, orphans, zombies, and children that were there before.
. "$(dirname "$0")/supervise_lib.sh"

test_a_daemon_is_supervised_on() {
  supervised_by report
  start "${launch[@]}" sh -c '(echo "$(exec sh -c "echo \$PPID")" >daemon
      while [ ! -e go ]; do sleep 0.05; done
      "$0" mkdirat >answer; "$0" linkat; echo "$?" >kill) >/dev/null 2>&1 &
    while [ ! -s daemon ]; do sleep 0.05; done; exit 3' "$TEST_BIN/call"
  wait_until test -s daemon
  local daemon supervisor
  daemon=$(cat daemon)
  wait_until has_ended "$started" || fail "the launcher waits for processes that outlive the target"
  status=0
  wait "$started" || status=$?
  assert_equal 3 "$status" "exit status"
  is_running "$daemon" || fail "expected the daemon to live on"
  supervisor=$(awk '/^PPid:/ {print $2}' "/proc/$daemon/status")
  grep -qx 'Name:	sandbox-run' "/proc/$supervisor/status" || fail "expected the daemon to be the supervisor's child"
  : >go
  wait_until test -s kill
  assert_equal "mkdirat EACCES" "$(cat answer)" "the answer"
  assert_equal 159 "$(cat kill)" "the status of what was killed"
  wait_until is_gone "$supervisor" || fail "the supervisor stays although all processes have ended"
  assert_equal 2 "$(grep -c '"action":"violated-seccomp-policy"' report.json)" "events"
}

zombies_of() {
  local pid
  for pid in $(children_of "$1"); do ! is_in_state Z "$pid" || echo "$pid"; done
}
has_no_zombies() { [ -z "$(zombies_of "$1")" ]; }

orphans() {
  start "${launch[@]}" sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do sh -c "sleep 0.0$i &"; done; echo "$$" >pid; exec sleep 300'
  wait_until test -s pid
  local target supervisor
  target=$(cat pid)
  supervisor=$(awk '/^PPid:/ {print $2}' "/proc/$target/status")
  wait_until has_one_child "$supervisor" || fail "orphans are not reaped: $(children_of "$supervisor" | xargs)"
  assert_equal "$target" "$(children_of "$supervisor")" "children of the supervisor"
  has_no_zombies "$started" || fail "zombies are not reaped"
  kill "$target"
  wait_until has_ended "$started"
}
has_one_child() { [ "$(children_of "$1" | wc -l)" = 1 ]; }
test_orphans_are_reaped() { each orphans; }

# Children that the shell had before it became the launcher are none of its business.
earlier_children() {
  run bash -c 'sleep 300 & echo "$!" >pid; exec $LAUNCH sh -c "exit 4"'
  assert_status 4
  is_running "$(cat pid)" || fail "a child from before was killed"
  kill "$(cat pid)"
}
test_earlier_children_survive() { each earlier_children; }

run_tests
