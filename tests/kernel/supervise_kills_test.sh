#!/bin/bash
# Whichever of launcher, supervisor and target is killed, and whenever: nothing goes on without a supervisor, nothing
# hangs, and nothing is ever without its filter.
. "$(dirname "$0")/record_lib.sh"

cat >policy.yml <<'END_OF_POLICY'
seccomp:
  default_action: allow
  syscalls:
  - action: errno
    errno: EACCES
    names: [mkdirat]
  - action: kill_process
    names: [linkat]
END_OF_POLICY
FOLDER=$PWD
SEED=${SANDBOX_RUN_TEST_SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}

# kills ROUNDS KIND COMMAND...: what starts a target.
kills() {
  local rounds=$1 kind=$2
  shift 2
  need python3
  status=0
  command_line=$*
  BOUND=$BOUND python3 "$KERNEL_TESTS/supervise_kills.py" "$rounds" "$SEED" "$TEST_BIN/many_callers" "$kind" "$@" >out 2>err || status=$?
  assert_stdout ""
  assert_stderr ""
  assert_status 0
}

test_kills_with_reports() {
  kills 140 report "$SANDBOX_RUN" --report=report.json -q -p "$FOLDER/policy.yml" --
}

test_kills_with_recordings() {
  kills 60 record "$SANDBOX_POLICY" record -q -o recorded.yml --
}

# killed_early COMMAND...: the target is killed at each call that it makes up to its execve. Until then it shares the
# supervisor's memory: a supervisor that went on with a heap that was left half changed crashed, and ended with its own
# signal in place of the target's.
killed_early() {
  run "$TEST_BIN/kill_before_exec" "$@"
  grep -q 'PTRACE_SEIZE' err && skip "nothing can be traced: $(shown err)"
  assert_status 0
  grep -qE "^[0-9]{2} launches, 1 of them killed in execve$" out || report "expected 10 launches or more"
}
test_a_target_that_is_killed_before_it_is_executed() {
  is_root || skip "only root can write to the memory of a launcher"
  killed_early "$SANDBOX_RUN" --report -q -p "$FOLDER/policy.yml" -- /bin/true
  killed_early "$SANDBOX_RUN" --report=report.json -q -p "$FOLDER/policy.yml" --ro / -- /bin/true
  killed_early "$SANDBOX_POLICY" record -q -o recorded.yml -- /bin/true
}

# The supervisor has enough descriptors to find those whom it has to kill.
test_kills_with_few_descriptors() {
  need prlimit
  local limit child began=0
  for limit in 6 7 8 9 10 11 12; do
    start prlimit --nofile="$limit:$limit" "$SANDBOX_RUN" --report -q -p "$FOLDER/policy.yml" -- \
      sh -c 'sleep 300 & echo "child $!"; exec sleep 300' # A redirection would take descriptors above 10.
    wait_until has_begun_or_ended || fail "nothing happens with $limit descriptors: $(shown daemon.log)"
    child=$(sed -n 's/^child //p' daemon.log)
    [ -n "$child" ] || continue # Too few to begin with; see supervise_places_test.sh.
    began=$((began + 1))
    kill -s KILL "$started"
    if ! wait_until has_ended "$child"; then
      kill "$child"
      fail "with $limit descriptors a child of the target is left when the launcher is killed"
    fi
  done
  [ "$began" -ge 3 ] || fail "expected that so many descriptors are enough"
}
has_begun_or_ended() { grep -qs '^child ' daemon.log || has_ended "$started"; }

# Where /proc is another PID namespace's, what it shows are others' numbers.
test_kills_below_the_proc_of_another_namespace() {
  need unshare
  local enter=(unshare --pid --fork --kill-child)
  is_root || enter+=(--user --map-current-user)
  "${enter[@]}" true 2>unshare.err || skip "no PID namespace can be made: $(cat unshare.err)"
  run "${enter[@]}" bash -c 'sleep 300 & bystander=$!
    "$0" --report -q -p "$1" -- sh -c "sleep 300 & echo \$! \$PPID >pids.new; mv pids.new pids; exec sleep 300" &
    proxy=$!
    while [ ! -e pids ]; do sleep 0.05; done
    read -r child supervisor <pids
    kill -s KILL "$supervisor"
    wait "$proxy"
    echo "$?"
    sleep 0.2
    kill -s 0 "$child" 2>/dev/null && echo "a child of the target is left"
    kill -s 0 "$bystander" 2>/dev/null || echo "a bystander was killed"' "$SANDBOX_RUN" "$FOLDER/policy.yml"
  assert_stdout 137
}

run_tests
