#!/bin/bash
# What a supervisor needs and is denied: before the start that is an error, and a kill that cannot be done allows
# no call.
. "$(dirname "$0")/supervise_lib.sh"
. "$(dirname "$0")/report_lib.sh"

# ---- Before the start ----

denied_at_once() {
  local call error failed=125
  [ "$kind" = report ] || failed=2
  for call in rt_sigprocmask rt_sigaction rt_sigtimedwait kill signalfd4 waitid pidfd_open pipe2; do
    error="$call(2) failed: Operation not permitted"
    case $call in
      signalfd4) error="signalfd(2) failed: Operation not permitted" ;;
      waitid) error="a supervisor needs waitid(2), which an outer sandbox denies" ;;
    esac
    write_policy outer.yml allow "errno:EPERM $call"
    [ "$call" != kill ] || write_policy outer.yml allow "errno:EPERM kill pidfd_send_signal"
    run "$SANDBOX_RUN" -p outer.yml -- "${launch[@]}" touch started
    assert_no_file started
    assert_status "$failed"
    assert_stderr_has "error: $error"
    assert_stderr_is_one_line
  done
}
# With rt_sigprocmask denied the launcher waited for ever.
test_what_an_outer_sandbox_denies() { each denied_at_once; }

# One was left open that a limit, lowered since, does not reach; and a million were tried where that many may be open.
closed_without_close_range() {
  write_policy outer.yml allow "errno:EPERM close_range"
  mkfifo alive
  start bash -c 'exec 700>alive; ulimit -n 600; exec "$@"' bash "$SANDBOX_RUN" -p outer.yml -- "${launch[@]}" \
    bash -c 'exec 700>&-; echo ready; exec sleep 300'
  timeout "$BOUND" cat alive || fail "the supervisor keeps a descriptor of the target's open"
  wait_until grep -qs ready daemon.log || fail "the target has not started: $(shown daemon.log)"
  is_running "$started" || fail "expected the launcher to go on: $(shown daemon.log)"
  stop TERM
}
test_descriptors_are_closed_where_close_range_is_denied() { each closed_without_close_range; }

# A bystander had the target's number, and got its signals.
another_pid_namespace() {
  local failed=125 enter=(unshare --pid)
  [ "$kind" = report ] || failed=2
  is_root || enter+=(--user --map-current-user)
  "${enter[@]}" --fork true 2>unshare.err || skip "no PID namespace can be made: $(cat unshare.err)"
  run "${enter[@]}" "${launch[@]}" touch started
  assert_no_file started
  assert_status "$failed"
  assert_stderr_has "error: the target would be in another PID namespace than this process, and their numbers would \
differ (unshare(1) needs --fork)"
  assert_stderr_is_one_line
  run bash -c 'sleep 0 & exec "$@"' bash "${enter[@]}" "${launch[@]}" touch started
  assert_no_file started
  assert_status "$failed"
}
test_a_pid_namespace_that_begins_with_the_target() {
  need unshare
  each another_pid_namespace
}

# ---- A kill ----

write_policy kill.yml allow "kill_process rmdir" "kill_thread unlink"
KILL=$PWD/kill.yml

# waits CALL COMMAND...: the launcher, whose target makes the call.
waits() {
  local call=$1
  shift
  start "$@"
  wait_until grep -q "which waits" daemon.log || fail "expected a line: $(shown daemon.log)"
  sleep 0.2
  sed -E 's/pid [0-9]+/pid N/' daemon.log >got
  target_pid=$(sed -nE 's/.*which waits.*pid ([0-9]+).*/\1/p' daemon.log)
  is_in_state S "$target_pid" || fail "expected the caller to wait"
  ! grep -q "^$call" daemon.log || fail "expected no answer: $(shown daemon.log)"
}

test_a_caller_that_has_become_root() {
  is_root || skip "only root can make a set-user-ID program"
  need setpriv
  cp "$CALL" root_call
  chmod 4755 root_call
  chmod 755 . .. 2>/dev/null || true
  grep -qE "^[^ ]+ $(stat -c %m .) [^ ]+ [^ ]*nosuid" /proc/mounts && skip "no set-user-ID programs here"
  local nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=+sys_admin --ambient-caps=+sys_admin)
  waits rmdir "${nobody[@]}" "$SANDBOX_RUN" --report --no-new-privs=false -p "$KILL" -- "$PWD/root_call" \
    setresuid,0,0,0 rmdir,0 getpid
  grep -qxF "sandbox-run: denied rmdir(NULL), which waits: its process could not be killed  [root_call, pid N]  by \
$KILL:6 (kill_process): Operation not permitted" got || fail "expected another line: $(shown got)"
  kill -s KILL "$started" # The launcher. The supervisor keeps the listener until the caller has ended.
  wait_until has_ended "$started"
  sleep 0.5
  is_in_state S "$target_pid" || fail "the caller went on when its launcher was killed: $(shown daemon.log)"
  ! grep -q "^rmdir" daemon.log || fail "expected no answer: $(shown daemon.log)"
  kill -s KILL "$target_pid"
}

test_an_outer_sandbox_that_forbids_kills() {
  cat >outer.yml <<'END_OF_POLICY'
seccomp:
  default_action: allow
  syscalls:
  - action: errno
    names: [ptrace]
    names_with_args:
    - name: kill
      arguments: [{argument: 1, operation: Equal, value: 9}]
    - name: pidfd_send_signal
      arguments: [{argument: 1, operation: Equal, value: 9}]
END_OF_POLICY
  local call
  for call in rmdir unlink; do
    waits "$call" "$SANDBOX_RUN" -p outer.yml -- "$SANDBOX_RUN" --report -p "$KILL" -- "$CALL" "$call,0" getpid
    kill -s KILL "$target_pid"
    wait_until has_ended "$started" || fail "the launcher has not ended"
  done
}

run_tests
