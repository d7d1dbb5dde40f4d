#!/bin/bash
# The target finds the process as the caller left it: only the filter and no_new_privs are new.
. "$(dirname "$0")/lib.sh"

write_policy allow_list.yml allow "errno reboot"
write_policy deny_exec.yml allow "kill_process execve execveat"
POLICY_FOLDER=$PWD
STATE=$TEST_BIN/inherited_state

# same_state [COMMAND...]: what `inherited_state` prints, started by COMMAND, is the same with the launcher in between. It stays
# one process: each is started by a shell that execs, and which prints its own pid.
same_state() {
  local policy
  run "$@" "$STATE" direct
  assert_status 0
  for policy in allow_list deny_exec; do
    run "$@" "$SANDBOX_RUN" -p "$POLICY_FOLDER/$policy.yml" "$STATE" "launched_$policy"
    assert_status 0
    assert_stderr ""
    compare direct "launched_$policy"
  done
  [ "$(wc -l <direct)" -gt 90 ] || fail "expected a full report, got: $(shown direct)"
}

# The pids differ, and `_` names what the shell started.
compare() {
  local each
  for each in "$@"; do
    sed -E 's/^pid [0-9]+ ppid [0-9]+ pgrp [0-9]+ session [0-9]+$/pids/; s/(foreground group) [0-9]+/\1 G/
      /^environment .(_|OUTPUT)=/d; s/pipe:\[[0-9]+\]|\/dev\/pts\/[0-9]+/X/; s/(descriptor [12]: ).*\/(out|err)/\1\2/' \
      "$each" >"$each.normal"
  done
  diff "$1.normal" "$2.normal" >difference || report "expected the same state (<) with the launcher (>): $(cat difference)"
}

test_ordinary_state() { same_state env; }

test_unusual_state() {
  same_state "$TEST_BIN/inherit"
  grep -q '^signal 10: default blocked pending' direct || fail "expected an unusual state to compare"
  grep -q '^signal 17: ignored' direct || fail "expected an unusual state to compare"
  grep -q '^descriptor 299: /etc/passwd' direct || fail "expected an unusual state to compare"
  grep -q '^timer: armed' direct || fail "expected an unusual state to compare"
  grep -q '^dumpable 1 ' direct || fail "expected a process that is dumpable"
}

test_unusual_environment() {
  same_state env -i A=1 A=2 'PATH=' SANDBOX_RUN=x LD_LIBRARY_PATH=/nowhere MALLOC_CHECK_=3
}

test_empty_environment() { same_state env -i; }

test_closed_descriptors_stay_closed() {
  local closed
  for closed in "-c 0" "-c 1" "-c 2" "-c 0 -c 1 -c 2"; do
    same_state "$TEST_BIN/inherit" $closed
    case $closed in *0*) ! grep -q '^descriptor 0:' direct || fail "expected descriptor 0 to be closed" ;; esac
    rm -f direct launched_*
  done
}

descriptors() { sed -n 's/^descriptor \([0-9]*\):.*/\1/p' "$1" | sort -n; }

test_no_descriptor_is_left_open() {
  run "$STATE" direct
  sandboxed "$POLICY_FOLDER/deny_exec.yml" "$STATE" launched
  assert_status 0
  assert_equal "$(descriptors direct)" "$(descriptors launched)" "descriptors"
}

test_no_descriptor_of_a_piped_policy_is_left_open() {
  run "$STATE" direct
  # The shell leaves its end of the pipe to its child as descriptor 63; the launcher opens that a second time.
  run bash -c '"$0" -p <(cat "$1") -- "$2" launched; exit $?' "$SANDBOX_RUN" "$POLICY_FOLDER/deny_exec.yml" "$STATE"
  assert_status 0
  assert_equal "$({ descriptors direct; echo 63; } | sort -n)" "$(descriptors launched)" "descriptors"
}

test_a_terminal_and_its_session() {
  need setpriv
  run "$TEST_BIN/on_terminal" "$STATE" direct
  assert_status 0
  run "$TEST_BIN/on_terminal" "$SANDBOX_RUN" -p "$POLICY_FOLDER/deny_exec.yml" "$STATE" launched
  assert_status 0
  assert_stdout ""
  compare direct launched
  grep -q '^controlling terminal: yes' launched || fail "expected a controlling terminal: $(shown launched)"
  local pid pgrp session foreground
  read -r pid pgrp session < <(sed -n 's/^pid \([0-9]*\) ppid [0-9]* pgrp \([0-9]*\) session \([0-9]*\)$/\1 \2 \3/p' launched)
  foreground=$(sed -n 's/.*foreground group //p' launched)
  assert_equal "$pid" "$session" "session of the leader"
  assert_equal "$pid" "$pgrp" "process group of the leader"
  assert_equal "$pid" "$foreground" "foreground group of the terminal"
}

test_without_a_terminal() {
  need setsid
  run setsid -w "$SANDBOX_RUN" -p "$POLICY_FOLDER/deny_exec.yml" "$STATE" launched
  assert_status 0
  grep -q '^controlling terminal: no' launched || fail "expected no controlling terminal: $(shown launched)"
}

test_same_pid() {
  run bash -c 'echo $$; exec "$0" -p "$1" bash -c "echo \$\$ \$PPID"' "$SANDBOX_RUN" "$POLICY_FOLDER/allow_list.yml"
  assert_status 0
  local before after parent
  { read -r before; read -r after parent; } <out
  assert_equal "$before" "$after" "pid"
  [ "$parent" != "$before" ] || fail "expected the parent to be another process"
}

test_the_same_process_when_started_in_the_background() {
  start "$SANDBOX_RUN" -p "$POLICY_FOLDER/allow_list.yml" -- sh -c 'echo $$; exec sleep 300'
  wait_until test -s daemon.log || fail "expected the target to start"
  assert_equal "$started" "$(cat daemon.log)" "pid of the target"
  stop TERM
  assert_status 143
}

test_standard_streams_are_passed_on() {
  run sh -c 'echo given | "$0" -p "$1" -- sh -c "cat; echo to standard error >&2"' "$SANDBOX_RUN" \
    "$POLICY_FOLDER/allow_list.yml"
  assert_status 0
  assert_stdout given
  assert_stderr "to standard error"
}

test_arguments_are_passed_on() {
  sandboxed "$POLICY_FOLDER/allow_list.yml" printf '<%s>' -p --policy "" -- 'a b' "$(printf '\377\001')" '*'
  assert_status 0
  assert_stdout "$(printf '<-p><--policy><><--><a b><\377\001><*>')"
}

test_the_target_keeps_its_name() {
  sandboxed "$POLICY_FOLDER/allow_list.yml" sh -c 'echo "$0"; cat /proc/$$/comm'
  assert_status 0
  assert_stdout "sh
sh"
}

test_an_unreadable_target_stays_undumpable() {
  is_root && skip "root may read everything"
  cp "$STATE" program
  chmod 111 program
  run ./program direct
  [ "$status" = 0 ] || skip "this system does not run what cannot be read"
  sandboxed "$POLICY_FOLDER/allow_list.yml" ./program launched
  assert_status 0
  assert_equal "$(sed -n 's/^dumpable \([0-9]\).*/\1/p' direct)" "$(sed -n 's/^dumpable \([0-9]\).*/\1/p' launched)" dumpable
}

# Also where a thread of the launcher has been there meanwhile.
test_posix_locks() {
  need python3
  write_policy policy.yml allow "errno execve"
  cat >lock.py <<'END'
import fcntl, os, sys
locked = open("locked", "w")
os.set_inheritable(locked.fileno(), True)
fcntl.lockf(locked, fcntl.LOCK_EX)
os.execv(sys.argv[1], sys.argv[1:])
END
  cat >try_lock.py <<'END'
import fcntl
try:
    fcntl.lockf(open("locked", "w"), fcntl.LOCK_EX | fcntl.LOCK_NB)
    print("free")
except OSError:
    print("locked")
END
  start python3 lock.py "$SANDBOX_RUN" -p policy.yml -- sleep 60
  wait_until grep -qx sleep "/proc/$started/comm" || fail "the program did not start: $(cat daemon.log)"
  assert_equal locked "$(python3 try_lock.py)"
  assert_equal "" "$(cat daemon.log)" "messages of the launch"
}

run_tests
