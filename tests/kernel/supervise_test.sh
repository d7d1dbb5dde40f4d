#!/bin/bash
# A target that runs under a supervisor ('sandbox-run --report', 'sandbox-policy record') finds everything, and is seen
# by everybody, as without one: signals, the terminal, pipes, inherited state, its end.
. "$(dirname "$0")/supervise_lib.sh"

# ---- The end ----

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

# ---- Signals ----

# All but those that cannot be caught, SIGCHLD, which the launcher needs itself, and two of the C library's own.
passes_all_on() {
  start_target
  local number count=0
  : >expected
  for number in 1 2 3 4 5 6 7 8 10 11 12 13 14 15 16 18 20 21 22 23 24 25 26 27 28 29 30 31 $(seq 34 63); do
    if [ "$number" -lt 34 ]; then
      case $number in
        16) echo STKFLT ;;
        29) echo POLL ;;
        *) kill -l "$number" ;;
      esac
    else
      echo "RTMIN+$((number - 34))"
    fi >>expected
    kill -s "$number" "$started"
    count=$((count + 1))
    wait_until has_caught "$count" || fail "signal $number does not arrive; caught: $(caught | xargs)"
  done
  end_target
  caught | diff expected - >difference || fail "expected each signal once (<): $(cat difference)"
}
test_every_signal_is_passed_on_once() { each passes_all_on; }

queues_all() {
  start_target
  local value number
  : >expected
  for value in 1 2147483647 -1 0; do
    for number in 34 63; do
      "$PRINT_SIGNALS" send "$started" "$number" "$value"
      echo "RTMIN+$((number - 34))=$value" >>expected
    done
  done
  "$PRINT_SIGNALS" send "$started" 10 5
  echo "USR1=5" >>expected
  wait_until has_caught 9 || fail "not all arrive; caught: $(caught | xargs)"
  end_target
  # Those of a smaller number come first.
  caught | sort | diff <(sort expected) - >difference || fail "expected each signal once (<): $(cat difference)"
}
test_queued_signals_keep_their_values() { each queues_all; }

# A burst of one signal arrives in its order, as often as it was sent.
queues_many() {
  start_target
  local value
  for value in $(seq 1 100); do
    "$PRINT_SIGNALS" send "$started" 40 "$value"
    echo "RTMIN+6=$value"
  done >expected
  wait_until has_caught 100 || fail "not all arrive: $(caught | wc -l)"
  end_target
  caught | diff expected - >difference || fail "expected each signal once (<): $(cat difference)"
}
test_many_queued_signals() { each queues_many; }

# What a program sends its own process group, as 'kill 0' does in scripts, comes back to no process.
signals_its_group() {
  run setsid -w "${launch[@]}" bash -c 'count=0
    trap "count=\$((count + 1))" USR1
    for i in 1 2 3 4 5; do kill -s USR1 0; sleep 0.05; done
    echo "$count"'
  assert_status 0
  assert_stdout 5
}
test_a_signal_of_the_target_to_its_group_comes_once() { each signals_its_group; }

group_of() { ps -o pgid= -p "$1" | tr -d ' '; }

# As 'kill -- -PGID', timeout(1) and supervisors of services do. Nothing tells such a signal from one that was sent to the
# launcher alone, so it is passed on, and the target may get it twice. But none is lost.
signalled_as_a_group() {
  start_target setsid
  local group signal count=0
  group=$(group_of "$target")
  for signal in TERM INT USR1 HUP CONT WINCH; do
    kill -s "$signal" -- "-$group"
    echo "$signal" >>expected
    count=$((count + 1))
    wait_until has_caught "$count" || fail "$signal does not arrive; caught: $(caught | xargs)"
    sleep 0.1 # It may come again.
    count=$(caught | wc -l)
  done
  kill -s RTMAX "$target"
  wait_until has_ended "$target"
  caught | uniq | diff expected - >difference || fail "expected each signal (<): $(cat difference)"
}
test_a_signal_to_the_whole_group() { each signalled_as_a_group; }

# One that comes when the target has hardly begun is not lost.
signalled_early() {
  local pause
  for pause in 0 0.001 0.002 0.005 0.01 0.02; do
    : >daemon.log # The shell may be ended before it makes it.
    start "${launch[@]}" sleep 60
    sleep "$pause"
    stop TERM
    assert_status 143
  done
}
test_a_signal_at_the_start() { each signalled_early; }

# ---- What the target inherits ----

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

# ---- Pipes ----

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

# ---- What the target leaves behind ----

test_a_daemon_is_supervised_on() {
  supervised_by report
  start "${launch[@]}" sh -c '(echo "$(exec sh -c "echo \$PPID")" >daemon
      while [ ! -e go ]; do sleep 0.05; done
      "$0" mkdirat >answer; "$0" linkat; echo "$?" >kill) >/dev/null 2>&1 &
    while [ ! -s daemon ]; do sleep 0.05; done; exit 3' "$TEST_BIN/call"
  wait_until test -s daemon
  local daemon supervisor
  daemon=$(cat daemon)
  wait_until has_ended "$started" || fail "the launcher waits for what the target has left behind"
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

# ---- Places where it may be started ----

ordinary() {
  rm -f recorded.yml
  run "$@" "${launch[@]}" sh -c '"$0" getppid; exit 5' "$TEST_BIN/call"
  assert_status 5
  assert_stdout "getppid ok"
  assert_stderr ""
}

places() {
  ordinary setsid -w
  ordinary nohup
  ordinary timeout 20
  ordinary timeout --foreground 20
  ordinary env -i PATH=/usr/bin:/bin HOME=/ SHELL=/bin/sh setsid -w
  ordinary prlimit --nofile=10:10
}
test_places() {
  need setsid nohup timeout prlimit
  each places
}

test_timeout() {
  need timeout
  local kind
  for kind in report record; do
    supervised_by "$kind"
    run timeout 0.5 "${launch[@]}" sleep 300
    assert_status 124
    run timeout --preserve-status 0.5 "${launch[@]}" sleep 300
    assert_status 143
    run timeout -s KILL 0.5 "${launch[@]}" sh -c 'echo "$$" >pid; exec sleep 300'
    assert_status 137
    wait_until has_ended "$(cat pid)" || fail "the target goes on without its launcher"
  done
}

# Few descriptors are not enough; then nothing is started, and it is said why.
few_descriptors() {
  local limit
  for limit in 3 4 5 6 7 8; do
    rm -f recorded.yml started
    run prlimit --nofile="$limit:$limit" "${launch[@]}" touch started
    case $status in
      0) [ -e started ] || report "expected that the program has run" ;;
      2) [ ! -e started ] || assert_stderr "sandbox-policy: error: $PWD/recorded.yml: cannot be written: Too many open files" ;;
      125) assert_no_file started ;;
      127) assert_stderr_has "error while loading shared libraries" ;; # Few for the program itself.
      *) report "expected a failure of the launcher" ;;
    esac
    [ "$status" = 0 ] || grep -q '[^ ]*: error.*: Too many open files\|Error 24$' err || report "expected a line that says why"
  done
}
test_few_descriptors() {
  need prlimit
  each few_descriptors
}

test_no_more_processes() {
  need prlimit
  local kind command=()
  is_root && command=(setpriv --reuid=65533 --regid=65533 --clear-groups --)
  chmod 777 .
  for kind in report record; do
    supervised_by "$kind"
    run "${command[@]}" prlimit --nproc=0:0 "${launch[@]}" touch started
    assert_no_file started
    case $kind in
      report) assert_status 125 ;;
      record) assert_status 2 ;;
    esac
    assert_stderr_is_one_line
    assert_stderr_has "error: fork(2) failed: Resource temporarily unavailable"
  done
}

# new_pid_namespace COMMAND...: as its first process.
new_pid_namespace() {
  if is_root; then
    unshare --pid --fork --kill-child --mount-proc -- "$@"
  else
    unshare --user --map-current-user --pid --fork --kill-child --mount-proc -- "$@"
  fi
}
need_pid_namespaces() {
  need unshare
  new_pid_namespace true 2>unshare.err || skip "no PID namespace can be made: $(cat unshare.err)"
}

first_process() {
  run timeout -s KILL "$BOUND" bash -c "$(declare -f is_root new_pid_namespace)"'; new_pid_namespace "$@"' bash \
    "${launch[@]}" sh -c '"$0" getppid; sh -c "sleep 0 &"; exit 5' "$TEST_BIN/call"
  assert_status 5
  assert_stdout "getppid ok"
  assert_stderr ""
  rm -f recorded.yml
  start bash -c "$(declare -f is_root new_pid_namespace | sed 's/^ *unshare/exec unshare/')"'; new_pid_namespace "$@"' bash \
    "${launch[@]}" "$PRINT_SIGNALS"
  wait_until grep -qs ready daemon.log || fail "print_signals does not start: $(shown daemon.log)"
  local first signal
  first=$(children_of "$started")
  for signal in TERM INT USR1; do
    kill -s "$signal" "$first"
    wait_until grep -qsx "$signal" daemon.log || fail "$signal does not reach the target: $(shown daemon.log)"
  done
  kill -s RTMAX "$first"
  wait_until has_ended "$started" || fail "the launcher has not ended"
}
test_first_process_of_a_pid_namespace() {
  need_pid_namespaces
  each first_process
}

test_in_a_unit_of_systemd() {
  need systemd-run
  is_root || skip "only root may start a unit"
  systemd-run --quiet --wait --collect true >/dev/null 2>&1 || skip "systemd is not running"
  supervised_by report
  run systemd-run --quiet --wait --collect --pipe "${launch[@]}" sh -c '"$0" mkdirat; exit 5' "$TEST_BIN/call"
  assert_status 5
  assert_stdout "mkdirat EACCES"
}

# ---- What is reported goes nowhere ----

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
