#!/bin/bash
# Places where a supervised target may be started: under timeout and systemd, with few descriptors, as first process.
. "$(dirname "$0")/supervise_lib.sh"

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
  ordinary prlimit --nofile=12:12
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

run_tests
