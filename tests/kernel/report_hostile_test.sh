#!/bin/bash
# sandbox-run --report with programs that are out to get rid of it. Supervisor and launcher are not under the filter, and
# act by the number of a thread and on memory that the program can change: what a filter alone would not allow must not
# come of it. Each test says what was possible before.
. "$(dirname "$0")/report_lib.sh"

case $(uname -m) in
  x86_64) ;;
  *)
    echo "skipped: calls are made by the numbers of x86_64"
    exit 77
    ;;
esac

# Nothing that the attacks need is denied.
write_policy policy.yml allow "errno:EPERM mkdir" "kill_process rmdir unlink"
POLICY=$PWD/policy.yml

# ---- At the supervisor itself ----

REFUSED="supervisor mem EACCES
supervisor process_vm_writev EPERM
supervisor pidfd_getfd EPERM
supervisor ptrace EPERM
launcher mem EACCES
launcher process_vm_writev EPERM
launcher pidfd_getfd EPERM
launcher ptrace EPERM"

assert_pried_nothing() {
  assert_status 0
  assert_stdout "$REFUSED"
  assert_no_file made
}

# A target of root has CAP_SYS_PTRACE, for which no process is undumpable. It could write other code into the supervisor, or
# take its listener and have every call of its own let through.
test_prying() {
  reported "$POLICY" "$TEST_BIN/attack_supervisor" made
  assert_pried_nothing
}

# Nor does it come back: without no_new_privs, or in a user namespace, where the program has all capabilities.
test_prying_with_more_privileges() {
  need unshare
  if is_root; then
    run "$SANDBOX_RUN" --report --no-new-privs=false --policy "$POLICY" -- sh -c '"$@"; :' sh true
    assert_status 0
    run "$SANDBOX_RUN" --report --no-new-privs=false --policy "$POLICY" -- "$TEST_BIN/attack_supervisor" made
    assert_pried_nothing
  fi
  unshare --user --map-root-user true 2>unshare.err || skip "no user namespace can be made: $(cat unshare.err)"
  reported "$POLICY" unshare --user --map-root-user "$TEST_BIN/attack_supervisor" made
  assert_pried_nothing
}

# ---- Who outlives its kill ----

# killed_at_once COMMAND...: it dies of the first call that it is denied, and nothing comes of that.
killed_at_once() {
  mkdir -p folder
  reported "$POLICY" "$@" folder
  assert_status 159
  assert_stdout ""
  [ -d folder ] || report "expected that the folder is there"
  assert_report_has "sandbox-run: 1 call was denied once:"
}

# The caller is put back before its call, to make it once more and die of it. A signal that came meanwhile had its handler
# run first, which jumped elsewhere: the process went on as if nothing was denied, for as long as it liked.
test_a_handler_that_leaves_the_call() {
  local round
  for round in $(seq 15); do killed_at_once "$TEST_BIN/outlive" handler; done
}

# The call that it is to make once more was no call any more.
test_code_that_changes() {
  local round
  for round in $(seq 20); do killed_at_once "$TEST_BIN/outlive" code; done
}

# A target of root mounted another /proc, in which its child was a thread of a bystander: the supervisor killed that one
# for a call of the child's, which went on. Or it waited for a pipe in the place of a file.
test_another_proc() {
  is_root || skip "only root may mount a file system"
  need python3 unshare
  unshare --mount true 2>unshare.err || skip "no mount namespace can be made: $(cat unshare.err)"
  write_policy kill.yml allow "kill_process rmdir"
  start sleep 300
  run unshare --mount "$SANDBOX_RUN" --report -p kill.yml -- python3 -c 'import ctypes, os, subprocess, sys
subprocess.run(["mount", "-t", "tmpfs", "none", "/proc"], check=True)
pid = os.fork()
if pid == 0:
  os.mkdir(f"/proc/{os.getpid()}")
  os.mkfifo(f"/proc/{os.getpid()}/comm")
  with open(f"/proc/{os.getpid()}/status", "w") as status:
    status.write(f"Name:\tx\nTgid:\t{sys.argv[1]}\n")
  ctypes.CDLL(None).ptrace(0, 0, 0, 0)  # So that it cannot be traced by us.
  try:
    os.rmdir("nothing")
  finally:
    os._exit(7)
print("the child:", os.waitpid(pid, 0)[1])' "$started"
  assert_status 0
  assert_stdout "the child: 9"
  is_running "$started" || fail "a bystander was killed"
}

# With the marks in arguments 4 and 5 the rule did not hold any more: the call was made, and the caller killed behind it.
test_a_rule_about_the_arguments_of_the_marks() {
  need python3
  cat >marks.yml <<'END_OF_POLICY'
seccomp:
  default_action: allow
  syscalls:
  - action: kill_process
    names_with_args:
    - name: setsockopt
      arguments: [{argument: 4, operation: Equal, value: 4}]
END_OF_POLICY
  reported marks.yml python3 -c 'import os, socket
shared = socket.socket()
pid = os.fork()
if pid == 0:
  shared.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
  os._exit(7)
print("status", os.waitpid(pid, 0)[1], "option", shared.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))'
  assert_stdout "status 9 option 0"
}

# ---- Who holds the supervisor up ----

# To trace the caller, the supervisor waited for a lock of its process. A lease held that for 45 seconds, in which no call
# was answered and nobody killed. Later the thread that was left behind with it reaped the target at times: how that had
# ended was lost, and the supervisor said to have failed.
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

# ---- Whom the supervisor takes for the caller ----

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

# ---- Who stops ----

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

# ---- Whose supervisor is gone ----

# No call is allowed: not one that waits for an answer while the supervisor dies, and no later one. A caller that has not
# ended by then is killed: the launcher was stopped, and goes on when its supervisor ends.
test_calls_without_a_supervisor() {
  local round
  mkfifo alive
  for round in $(seq 8); do
    mkdir folder
    start bash -c 'exec "$0" --report -q -p "$1" -- "$2" "$$" folder "$3" >answers 7>alive' "$SANDBOX_RUN" "$POLICY" \
      "$TEST_BIN/abandoned" $((5000 + round * 777))
    timeout "$BOUND" cat alive || fail "somebody is left"
    status=0
    { wait "$started" || status=$?; } 2>/dev/null
    assert_equal 137 "$status" "exit status"
    ! grep -v '^refused$' answers || fail "expected that all answers are denials"
    rmdir folder 2>/dev/null || fail "expected that the folder is there, and empty"
  done
}

run_tests
