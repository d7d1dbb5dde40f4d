#!/bin/bash
# Programs that hold up the supervisor, starve it, flood it or take another one's number: each call gets its answer.
. "$(dirname "$0")/report_hostile_lib.sh"

# To trace the caller, the supervisor waited for a lock of its process. A lease held that for 45 seconds, in which no call
# was answered and no process killed. Later the thread that was abandoned with it reaped the target at times: how that
# had ended was lost, and the supervisor said to have failed.
test_a_caller_that_cannot_be_traced() {
  local round
  for round in $(seq 10); do killed_at_once "$TEST_BIN/hold_exec"; done
}

# The supervisor read the memory of callers itself, and waited for a page that never came; the launcher did not end.
test_memory_that_is_not_delivered() {
  allow_userfaultfd
  trap forbid_userfaultfd EXIT
  sandboxed "$POLICY" "$TEST_BIN/hold_page" mkdir 5
  [ "$status" != 77 ] || skip "memory cannot be held back: $(cat err)"
  reported "$POLICY" "$TEST_BIN/hold_page" mkdir 5
  [ "$status" != 77 ] || skip "memory cannot be held back: $(cat err)"
  assert_status 7
  assert_stdout "mkdir EPERM
mkdir EPERM
mkdir EPERM
mkdir EPERM
mkdir EPERM"
  assert_equal 1 "$(denied_lines | grep -Ec '^sandbox-run: denied mkdir\(0x[0-9a-f]+, 0700\) = EPERM ')" "pointers"
  assert_report_has "sandbox-run: 1 call was denied 5 times:"
  reported "$POLICY" "$TEST_BIN/hold_page" rmdir 1
  assert_status 159
  assert_stdout ""
  assert_equal 1 "$(denied_lines | grep -Ec '^sandbox-run: denied rmdir\(0x[0-9a-f]+\) = process killed ')" "pointers"
}

# Where the device cannot be opened, root may allow it to all users for a moment.
SYSCTL=/proc/sys/vm/unprivileged_userfaultfd
allow_userfaultfd() {
  before=
  if [ -e /dev/userfaultfd ] || ! [ -w $SYSCTL ]; then return; fi
  before=$(cat $SYSCTL)
  { echo 1 >$SYSCTL; } 2>/dev/null || before=
}
forbid_userfaultfd() {
  [ -z "$before" ] || echo "$before" >$SYSCTL
  end_all
}

# The caller died while its memory was read, another process got its number, and that was traced and made to call what
# the dead had called: one outside of the sandbox, where nothing denied it.
test_a_number_that_another_process_has_got() {
  need unshare
  allow_userfaultfd
  trap forbid_userfaultfd EXIT
  local enter=(unshare --pid --fork --kill-child --mount-proc)
  is_root || enter+=(--user --map-root-user)
  "${enter[@]}" true 2>unshare.err || skip "no PID namespace can be made: $(cat unshare.err)"
  run "${enter[@]}" "$TEST_BIN/pid_reuse" "$SANDBOX_RUN" "$POLICY"
  [ "$status" != 77 ] || skip "no number can be used again: $(cat err)"
  assert_stdout "the pipe is there, who waited for it got it"
  assert_status 7
  assert_no_file folder
}

# The launcher stops with its target. When that went on or ended just then, the launcher stopped after it had been
# continued, and for good.
test_stopped_and_continued() {
  local round pauses=("50 0" "100 0" "100 20" "200 50" "400 400")
  for round in $(seq 100); do
    # shellcheck disable=SC2086 # Two words.
    run setsid -w "$SANDBOX_RUN" --report -q -p "$POLICY" -- "$TEST_BIN/stop_and_continue" $((round % 3 + 1)) \
      ${pauses[round % ${#pauses[@]}]}
    assert_status 138
  done
}

# A program may set limits of processes of its user. Without descriptors the supervisor could not wait for anything, span,
# and the launcher never ended.
test_limits_of_the_supervisor() {
  need prlimit
  local limit
  for limit in nofile=0:0 nofile=3:3 cpu=0:0 as=0:0 fsize=0:0 nproc=0:0 stack=0:0 sigpending=0:0; do
    mkdir folder
    run "$SANDBOX_RUN" --report -q -p "$POLICY" -- bash -c 'prlimit --pid "$PPID" "--$0"
      "$1" mkdir,0 getuid; mkdir folder/inner; sleep 0.1; rmdir folder; echo "still alive"' "$limit" "$TEST_BIN/call"
    [ -d folder ] && [ ! -d folder/inner ] || report "expected the folder as it was, with $limit"
    # EPERM, ENOSYS where there is no supervisor any more; EFAULT is what a call gets that is made.
    ! grep -Eq "^mkdir (ok|EFAULT)" out || report "expected a refusal, with $limit"
    rmdir folder
  done
}

# Records of other sandboxes' processes were looked at for as long as there were any, and a denied call waited: for seconds.
test_a_flood_of_records() {
  is_root || skip "only root can read the kernel's records"
  need python3
  write_policy trap.yml allow "trap reboot" "errno:EPERM mkdir"
  sed -i 's/^  default_action/  flags: [log]\n  default_action/' trap.yml
  local i
  for i in 1 2; do start "$SANDBOX_RUN" -p trap.yml -- "$TEST_BIN/trap_flood" 300; done
  sleep 0.3
  run "$SANDBOX_RUN" --report -p trap.yml -- python3 -c 'import os, time
longest = 0
end = time.monotonic() + 3
while time.monotonic() < end:
  before = time.monotonic()
  try:
    os.mkdir("made")
  except PermissionError:
    pass
  longest = max(longest, time.monotonic() - before)
print("short" if longest < 0.5 else f"a call took {longest} seconds")'
  assert_status 0
  assert_stdout "short"
  assert_no_file made
  ! grep -q reboot err || report "expected nothing of what others do"
}

# No call is allowed: not one that waits for an answer while the supervisor dies, and no later one. A caller that has not
# ended by then is killed: the launcher was stopped, and goes on when its supervisor ends.
test_calls_without_a_supervisor() {
  local round
  mkfifo alive
  for round in $(seq 8); do
    mkdir folder
    start bash -c 'exec "$0" --report -q -p "$1" -- "$2" "$$" folder "$3" >answers 7>alive' "$SANDBOX_RUN" "$POLICY" \
      "$TEST_BIN/abandoned" $((5000 + round * 777))
    timeout "$BOUND" cat alive || fail "a process is left"
    status=0
    { wait "$started" || status=$?; } 2>/dev/null
    assert_equal 137 "$status" "exit status"
    ! grep -v '^refused$' answers || fail "expected that all answers are denials"
    rmdir folder 2>/dev/null || fail "expected that the folder is there, and empty"
  done
}

run_tests
