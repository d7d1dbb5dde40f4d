#!/bin/bash
# sandbox-run --report: where reports go, and places that cannot take them: they never hold the program up.
. "$(dirname "$0")/report_lib.sh"

test_a_file_that_cannot_be_written() {
  write_policy policy.yml allow "errno getppid"
  mkdir folder
  mkfifo pipe
  local launch=("$SANDBOX_RUN" --policy policy.yml)
  expect_failure 125 "no/events: cannot be written: No such file or directory" "${launch[@]}" --report=no/events touch started
  expect_failure 125 "folder: cannot be written: Is a directory" "${launch[@]}" --report=folder touch started
  expect_failure 125 "pipe: cannot be written: this pipe has no reader" "${launch[@]}" --report=pipe touch started
  expect_failure 125 "option '--report' needs a value" "${launch[@]}" --report= touch started
  if ! is_root; then
    chmod 555 folder
    expect_failure 125 "folder/events: cannot be written: Permission denied" \
      "${launch[@]}" --report=folder/events touch started
  fi
  assert_no_file started
}

test_a_file_without_room() {
  [ -c /dev/full ] || skip "there is no /dev/full"
  write_policy policy.yml allow "errno getppid getpgrp"
  run "$SANDBOX_RUN" --report=/dev/full --policy policy.yml -- "$CALL" getppid getuid getpgrp
  assert_status 0
  assert_stdout "getppid EPERM
getuid ok
getpgrp EPERM"
  assert_stderr_has "sandbox-run: 2 calls were denied 2 times:"
  assert_stderr_has "sandbox-run: 4 lines of the report could not be written"
}

test_standard_error_without_room() {
  [ -c /dev/full ] || skip "there is no /dev/full"
  write_policy policy.yml allow "errno getppid" "kill_process getpgrp"
  run sh -c 'exec "$@" 2>/dev/full' - "$SANDBOX_RUN" --report --policy policy.yml -- "$CALL" getppid getuid getpgrp
  assert_status 159
  assert_stdout "getppid EPERM
getuid ok"
}

test_a_full_disk() {
  is_root || skip "only root may mount a file system"
  need python3
  write_policy policy.yml allow "errno mkdir"
  mkdir disk
  unshare -m sh -c 'mount -t tmpfs -o size=4k none disk 2>mount.err || exit 77
    "$0" --report=disk/events --policy policy.yml -- python3 -c "import os
for i in range(20):
    try: os.mkdir(\"%d\" % i * 20)
    except PermissionError: pass
print(\"done\")" >out 2>err
    echo "$?" >status; cp disk/events after' "$SANDBOX_RUN" || skip "no file system can be mounted: $(cat mount.err)"
  assert_equal 0 "$(cat status)" "the exit status"
  assert_equal "done" "$(cat out)"
  grep -Eqx 'sandbox-run: [0-9]+ lines? of the report could not be written' err || fail "expected that it is said: $(cat err)"
  # What is there, is there whole, but for the last line.
  local whole
  whole=$(wc -l <after)
  head -n "$whole" after >lines
  [ "$whole" = 0 ] || check_events lines "$(grep -c '"kind":"event"' lines)"
}

test_standard_error_is_closed() {
  need python3
  write_policy policy.yml allow "errno getppid" "kill_process getpgrp"
  run sh -c 'exec "$@" 2>&-' - "$SANDBOX_RUN" --report --policy policy.yml -- "$CALL" getppid getuid getpgrp
  assert_status 159
  assert_stdout "getppid EPERM
getuid ok"
  # What the program opens then is its own file, in which no other process writes.
  run sh -c 'exec "$@" 2>&-' - "$SANDBOX_RUN" --report=events --policy policy.yml -- \
    sh -c 'exec 3>own; "$0" getuid getpgrp; echo mine >&3' "$CALL"
  assert_equal mine "$(cat own)" "the program's file"
  check_events events "$(grep -c '"kind":"event"' events)"
  run sh -c 'exec "$@" <&- >&- 2>&-' - "$SANDBOX_RUN" --report=events2 --policy policy.yml -- sh -c 'exec "$0" getpgrp' "$CALL"
  assert_status 159
  check_events events2 "$(grep -c '"kind":"event"' events2)"
}

test_standard_error_that_nobody_reads() {
  need python3
  write_policy policy.yml allow "errno getppid mkdir" "kill_process getpgrp"
  cat >pipe.py <<'END'
import fcntl, os, socket, subprocess, sys
kind = sys.argv[1]
read, write = (os.pipe() if kind != "socket" else (end.detach() for end in socket.socketpair()))
if kind == "broken":
    os.close(read)
else:
    os.set_blocking(write, False)
    try:
        while True: os.write(write, b"x" * 4096)
    except BlockingIOError: pass
    try:
        while True: os.write(write, b"x")
    except BlockingIOError: pass
    os.set_blocking(write, True)
done = subprocess.run(sys.argv[2:], stderr=write, stdout=subprocess.PIPE, timeout=20, restore_signals=True)
print(done.stdout.decode(), end="")
print(done.returncode, "non-blocking" if fcntl.fcntl(write, fcntl.F_GETFL) & os.O_NONBLOCK else "blocking")
END
  local kind
  for kind in full broken socket; do
    run python3 pipe.py $kind "$SANDBOX_RUN" --report --policy policy.yml -- \
      "$CALL" getppid mkdir,1 mkdir,2 mkdir,3 getuid getpgrp
    assert_status 0
    assert_stdout "getppid EPERM
mkdir EPERM
mkdir EPERM
mkdir EPERM
getuid ok
159 blocking"
  done
}

# A pipe that is read late loses lines, if any, but no half ones.
test_a_pipe_as_file() {
  need python3
  write_policy policy.yml allow "errno getppid"
  mkfifo pipe
  cat pipe >read &
  STARTED="$STARTED $!"
  run "$SANDBOX_RUN" --report=/dev/fd/9 --policy policy.yml -- "$CALL" getppid 9>pipe
  assert_status 0
  wait_until grep -q metric read || fail "expected events: $(cat read)"
  check_events read 1
}

# The program writes to the same standard error: its lines are not torn, and its writes wait as before.
test_the_programs_own_standard_error() {
  write_policy policy.yml allow "errno getpgrp"
  reported policy.yml sh -c 'echo before >&2; "$0" getpgrp; echo after >&2' "$CALL"
  assert_equal "before
sandbox-run: denied getpgrp() = EPERM  [call, pid N]  by policy.yml:6 (errno)
after" "$(head -n 3 report)" "standard error"
}

# The number of standard error went to the descriptor that says that the launcher lives, and then to a file: processes
# that outlived the program were killed.
test_a_closed_standard_error() {
  write_policy policy.yml allow "errno:EPERM getpgrp"
  run bash -c '"$@" 2>&-' - "$SANDBOX_RUN" --report=events -q --policy policy.yml -- \
    sh -c '(sleep 0.3; : >alive) & exit 3'
  assert_status 3
  wait_until test -e alive || fail "expected that the child lives on"
}

test_under_a_journal() {
  need stat
  write_policy policy.yml allow "errno getpgrp"
  run sh -c 'JOURNAL_STREAM=$(stat -Lc "%d:%i" /dev/stderr) exec "$@"' - \
    "$SANDBOX_RUN" --report --policy policy.yml -- "$CALL" getpgrp
  without_numbers
  assert_report "<5>sandbox-run: denied getpgrp() = EPERM  [call, pid N]  by policy.yml:6 (errno)
<5>sandbox-run: 1 call was denied once:
  1  getpgrp  EPERM  [call]  by policy.yml:6:7
<5>sandbox-run: If the program should be allowed to make these calls:
<5>sandbox-run: Think twice: policy.yml denies getpgrp by name, which the lines below undo.
<5>sandbox-run: Add to policy.yml before line 4, as the first entry of 'syscalls:':
  - action: allow
    names:
    - getpgrp"
}

run_tests
