#!/bin/bash
# What a supervised target inherits: signal masks, descriptors, timers, limits, as without a supervisor.
. "$(dirname "$0")/supervise_lib.sh"

# By design: its parent; what a child does not inherit from its parent, though a process keeps it when it executes: the
# attribute of a subreaper, and pending signals and timers, which are passed on when they come; the parent-death signal.
normal_state() {
  sed -E 's/^pid [0-9]+ ppid [0-9]+ pgrp [0-9]+ session [0-9]+$/pids/; s/(foreground group) [0-9]+/\1 G/
    /^environment .(_|OUTPUT)=/d; s/pipe:\[[0-9]+\]|\/dev\/pts\/[0-9]+/X/; s/(descriptor [12]: ).*\/(out|err)/\1\2/
    s/^(signal .*) pending$/\1/; s/^timer: .*/timer/; s/pdeathsig [0-9]+ subreaper [0-9]/P/' "$1"
}

# without_ptrace: the same but for CAP_SYS_PTRACE, which a report takes away: with it a program of root could write to the
# memory of the launcher.
without_ptrace() {
  local line set
  while IFS= read -r line; do
    case $line in
      Cap*)
        set=${line##*[[:space:]]}
        printf '%s\t%016x\n' "${line%%:*}:" $((0x$set & ~(1 << 19)))
        ;;
      *) printf '%s\n' "$line" ;;
    esac
  done
}

# same_state COMMAND...: what `inherited_state` prints, started by COMMAND, is the same with the launcher in between.
same_state() {
  run "$@" "$TEST_BIN/inherited_state" direct
  assert_status 0
  run "$@" "${launch[@]}" "$TEST_BIN/inherited_state" launched
  assert_status 0
  assert_stderr ""
  [ "$(wc -l <direct)" -gt 90 ] || fail "expected a full report, got: $(shown direct)"
  if [ "$kind" = report ] && is_root; then
    normal_state direct | without_ptrace >direct.normal
  else
    normal_state direct >direct.normal
  fi
  normal_state launched >launched.normal
  diff direct.normal launched.normal >difference ||
    report "expected the same state (<) with the launcher (>): $(cat difference)"
}

unusual_states() {
  same_state env
  same_state "$TEST_BIN/inherit"
  grep -q '^signal 17: ignored' launched || fail "expected an unusual state to compare"
  grep -q '^descriptor 299: /etc/passwd' launched || fail "expected an unusual state to compare"
  same_state env -i A=1 A=2 'PATH=' SANDBOX_RUN=x LD_LIBRARY_PATH=/nowhere MALLOC_CHECK_=3
  same_state env --block-signal=CHLD --block-signal=USR1 --ignore-signal=INT
  grep -q '^signal 17: default blocked' launched || fail "expected an unusual state to compare"
  same_state nohup
  grep -q '^signal 1: ignored' launched || fail "expected an unusual state to compare"
  same_state nice -n 5
  same_state prlimit --nofile=300:400 --nproc=3000:3000 --core=0:0 --fsize=1000000:1000000
}
test_inherited_state() {
  need nohup nice prlimit
  each unusual_states
}

closed_descriptors() {
  local closed
  for closed in "0" "1" "2" "0 1" "0 2" "1 2" "0 1 2"; do
    same_state "$TEST_BIN/inherit" ${closed//[0-2]/-c &}
    ! grep -Eq "^descriptor [${closed// /}]:" launched || fail "expected descriptors to be closed: $closed"
  done
}
# What '&' stands for in a replacement is so since bash 5.2; before, it is a '&'.
test_closed_descriptors_stay_closed() {
  shopt -s patsub_replacement 2>/dev/null || skip "bash is older than 5.2"
  each closed_descriptors
}

test_pids() {
  need setsid
  local kind pid parent group session
  for kind in report record; do
    supervised_by "$kind"
    start setsid bash -c 'echo "$$"; exec $LAUNCH bash -c '\''echo "$$ $PPID"; ps -o pgid=,sid= -p "$$"'\'
    wait_until has_ended "$started"
    { read -r started && read -r pid parent && read -r group session; } <daemon.log || fail "$(shown daemon.log)"
    [ "$pid" != "$started" ] && [ "$parent" != "$started" ] || fail "expected three processes"
    assert_equal "$started $started" "$group $session" "process group and session"
  done
}

fires_timer() {
  start python3 -c 'import os, signal, sys
signal.setitimer(signal.ITIMER_REAL, 0.3)
os.execv(sys.argv[1], sys.argv[1:])' "${launch[@]}" "$PRINT_SIGNALS"
  wait_until grep -qsx ALRM daemon.log || fail "the timer's signal does not arrive: $(shown daemon.log)"
  target=$(sed -n 's/^ready //p' daemon.log)
  end_target
  assert_equal ALRM "$(caught)" "signals"
}
test_a_timer_that_was_set_before() {
  need python3
  each fires_timer
}

pending_signal() {
  start "$TEST_BIN/inherit" "${launch[@]}" "$PRINT_SIGNALS"
  wait_until grep -qsx USR1 daemon.log || fail "the pending signal does not arrive: $(shown daemon.log)"
  target=$(sed -n 's/^ready //p' daemon.log)
  end_target
  assert_equal USR1 "$(caught)" "signals"
}
test_a_signal_that_was_pending_before() { each pending_signal; }

run_tests
