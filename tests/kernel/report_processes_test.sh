#!/bin/bash
# sandbox-run --report with unusual processes: set-user-ID, not traceable, stopped, outliving it; execve by a thread.
. "$(dirname "$0")/report_lib.sh"

test_setuid_programs() {
  is_root || skip "only root can give programs to others"
  need id
  # Another user must get at it.
  chmod 755 . .. 2>/dev/null || true
  cp "$CALL" call_setuid
  cp "$(command -v id)" id_setuid
  chown 65534:65534 call_setuid id_setuid
  chmod 6755 call_setuid id_setuid
  local action option
  for option in true false; do
    for action in errno:EXFULL kill_process; do
      write_policy policy.yml allow "$action getpgrp"
      run "$SANDBOX_RUN" --no-new-privs=$option --policy policy.yml -- ./call_setuid geteuid getpgrp getuid
      cp out out.plain
      local plain=$status
      run "$SANDBOX_RUN" --report --no-new-privs=$option --policy policy.yml -- ./call_setuid geteuid getpgrp getuid
      assert_status "$plain"
      cmp out out.plain || report "expected the same as without --report"
    done
    run "$SANDBOX_RUN" --no-new-privs=$option --policy policy.yml -- ./id_setuid -nu
    cp out out.plain
    run "$SANDBOX_RUN" --report --no-new-privs=$option --policy policy.yml -- ./id_setuid -nu
    assert_status 0
    cmp out out.plain || report "expected the same user as without --report"
  done
}

# Those that must not be traced are killed all the same, and their status is as if the filter had done it.
test_programs_that_cannot_be_traced() {
  need python3
  write_policy policy.yml allow "kill_process getpgrp"
  cat >undumpable.py <<'END'
import ctypes, os
libc = ctypes.CDLL(None)
libc.prctl(4, ctypes.c_long(0), 0, 0, 0)
print("dumpable:", libc.prctl(3, 0, 0, 0, 0), flush=True)
os.getpgrp()
print("alive")
END
  alike policy.yml python3 undumpable.py
  assert_status 159
  assert_stdout "dumpable: 0"
  assert_denied_lines "sandbox-run: denied getpgrp() = process killed  [python3, pid N]  by policy.yml:6 (kill_process)"
  cp "$CALL" unreadable
  chmod 111 unreadable
  alike policy.yml ./unreadable getuid getpgrp getuid
  assert_status 159
  assert_stdout "getuid ok"
  write_policy policy.yml allow "kill_thread getpgrp"
  alike policy.yml ./unreadable getuid getpgrp getuid
  assert_status 159
  assert_stdout "getuid ok"
}

# Another thread than the first executes a program, which gets the first one's number.
test_a_thread_that_executes_a_program() {
  need python3
  cat >execute.py <<'END'
import os, sys, threading
thread = threading.Thread(target=lambda: os.execv(sys.argv[1], [sys.argv[1], "getuid", "getpgrp", "getuid"]))
thread.start()
thread.join()
END
  local action
  for action in errno:EXFULL kill_process kill_thread; do
    write_policy policy.yml allow "$action getpgrp"
    alike policy.yml python3 execute.py "$CALL"
    grep -q '^sandbox-run: denied getpgrp() = .*  \[call, pid N\]  by ' report || report "expected the call"
  done
}

# Processes that outlive the program stay under the policy, and are reported.
test_processes_that_outlive_the_program() {
  write_policy policy.yml allow "errno:EXFULL getpgrp"
  mkfifo pipe
  run "$SANDBOX_RUN" --report --policy policy.yml -- sh -c '{ read -r _ <pipe; "$0" getpgrp; } >later & exit 3' "$CALL"
  local first
  first=$(cat err)
  exec 9<>pipe # A write that does not wait for a reader.
  echo >&9
  assert_status 3
  assert_equal "sandbox-run: no call was denied so far; 1 process goes on" "$first" "standard error"
  wait_until grep -q '^sandbox-run: to see all' err || report "expected a second summary"
  assert_equal "getpgrp EXFULL" "$(cat later)"
  without_numbers
  assert_report "sandbox-run: no call was denied so far; 1 process goes on
sandbox-run: denied getpgrp() = EXFULL  [call, pid N]  by policy.yml:7 (errno)
sandbox-run: 1 call was denied once:
  1  getpgrp  EXFULL  [call]  by policy.yml:7:7
sandbox-run: If the program should be allowed to make these calls:
sandbox-run: Think twice: policy.yml denies getpgrp by name, which the lines below undo.
sandbox-run: Add to policy.yml before line 4, as the first entry of 'syscalls:':
  - action: allow
    names:
    - getpgrp
$HINT"
}

# The launcher stops with the program, and does not stay so when that is gone.
test_a_stopped_program_that_is_killed() {
  write_policy policy.yml allow "errno getpgrp"
  start "$SANDBOX_RUN" --report --policy policy.yml -- sh -c 'echo "$$" >pid; kill -STOP "$$"'
  wait_until is_stopped "$started" || fail "expected that the launcher stops with the program"
  kill -s KILL "$(cat pid)"
  local ended=yes
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    sleep 0.1
    if has_ended "$started"; then break; fi
  done
  has_ended "$started" || ended=no
  kill -s CONT "$started" 2>/dev/null || true
  status=0
  { wait "$started" || status=$?; } 2>/dev/null
  assert_equal 137 "$status" "the exit status"
  assert_equal yes "$ended" "whether the launcher ends without being continued"
}

is_stopped() {
  local line
  line=$(cat "/proc/$1/stat")
  line=${line##*) }
  [ "${line%% *}" = T ]
}

run_tests
