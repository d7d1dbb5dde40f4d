#!/bin/bash
# However launcher or supervisor ends, and also after attacks by the target, no process is left.
# shellcheck disable=SC2016 # Scripts for other shells.
. "$(dirname "$0")/supervise_lib.sh"

# leaves_none CHILDREN DEPTH ACTION...: see survivors.c. All of them hold the pipe; launcher and supervisor do not.
leaves_none() {
  mkfifo alive
  start bash -c 'exec $LAUNCH "$0" "$$" "$@" 7>alive' "$TEST_BIN/survivors" "$@"
  timeout "$BOUND" cat alive || fail "after $*: processes are left"
  wait_until has_ended "$started" || fail "after $*: the launcher has not ended"
  { wait "$started" || true; } 2>/dev/null
  assert_no_file made
  rm alive
}

# Without memory the launcher ended with an exception, and 4,000 processes lived on.
limits() {
  leaves_none 4000 1 launcher=as supervisor=as supervisor=kill
  leaves_none 200 1 launcher=as supervisor=as launcher=kill
  leaves_none 20 10 launcher=nofile supervisor=nofile supervisor=kill
  leaves_none 20 10 launcher=nofile supervisor=nofile launcher=kill
  leaves_none 20 10 launcher=stack supervisor=stack launcher=nproc supervisor=nproc supervisor=kill
  leaves_none 20 10 launcher=stack supervisor=stack launcher=as supervisor=as launcher=kill
}
test_limits() { each limits; }

# It was gone when the other one, which had been stopped, went on.
one_stopped() {
  leaves_none 20 10 launcher=stop supervisor=kill
  # Where every call waits for the supervisor, one that has stopped it does nothing more.
  [ "$kind" = record ] || leaves_none 20 10 supervisor=stop launcher=kill
  leaves_none 20 10 launcher=stop launcher=as launcher=nofile supervisor=kill
}
test_one_is_stopped_and_the_other_killed() { each one_stopped; }

deep() {
  leaves_none 2 150 supervisor=kill
  leaves_none 2 150 launcher=kill
}
test_a_long_chain() { each deep; }

# Children that the shell had before it became the launcher, and theirs, which come to no launcher when their parents
# end. They were killed with the target.
earlier() {
  local who
  for who in supervisor=kill launcher=kill "launcher=stop supervisor=kill" "supervisor=stop launcher=kill"; do
    [ "$kind $who" != "record supervisor=stop launcher=kill" ] || continue
    rm -f orphan
    mkfifo alive
    # shellcheck disable=SC2086 # Words.
    start bash -c 'sh -c "sleep 300 & echo \$! >orphan.new; mv orphan.new orphan; sleep 0.2" & echo $! >earlier
      sleep 300 & echo $! >child
      exec $LAUNCH sh -c "while kill -s 0 $(cat earlier) 2>/dev/null && ! grep -q Z /proc/$(cat earlier)/stat; do sleep 0.05; done; exec \"\$0\" \"\$@\"" \
        "$0" "$$" 5 2 "$@" 7>alive' "$TEST_BIN/survivors" $who
    timeout "$BOUND" cat alive || fail "after $who: processes are left"
    wait_until has_ended "$started" || fail "after $who: the launcher has not ended"
    { wait "$started" || true; } 2>/dev/null
    is_running "$(cat orphan)" || fail "after $who: an orphan of an earlier child was killed"
    is_running "$(cat child)" || fail "after $who: an earlier child was killed"
    kill "$(cat orphan)" "$(cat child)"
    assert_no_file made
    rm alive
  done
}
test_earlier_children_survive() { each earlier; }

run_tests
