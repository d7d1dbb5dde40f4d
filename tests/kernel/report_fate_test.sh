#!/bin/bash
# sandbox-run --report: a call gets what the policy says, action by action, and the program fares as without it.
. "$(dirname "$0")/report_lib.sh"

test_errno() {
  write_policy policy.yml allow "errno mkdir" "errno:EACCES rmdir" "errno:ENOSYS unlink" "errno:4095 getppid"
  alike policy.yml "$CALL" mkdir rmdir unlink getppid getuid
  assert_stdout "mkdir EPERM
rmdir EACCES
unlink ENOSYS
getppid 4095
getuid ok"
  assert_report "sandbox-run: denied mkdir(NULL, 0) = EPERM  [call, pid N]  by policy.yml:6 (errno)
sandbox-run: denied rmdir(NULL) = EACCES  [call, pid N]  by policy.yml:10 (errno)
sandbox-run: denied unlink(NULL) = ENOSYS  [call, pid N]  by policy.yml:14 (errno)
sandbox-run: denied getppid() = 4095  [call, pid N]  by policy.yml:18 (errno)
sandbox-run: 4 calls were denied 4 times:
  1  mkdir    EPERM   [call]  by policy.yml:6:7
  1  rmdir    EACCES  [call]  by policy.yml:10:7
  1  unlink   ENOSYS  [call]  by policy.yml:14:7
  1  getppid  4095    [call]  by policy.yml:18:7
sandbox-run: If the program should be allowed to make these calls:
sandbox-run: Think twice: policy.yml denies getppid, mkdir, rmdir, unlink by name, which the lines below undo.
sandbox-run: Add to policy.yml before line 4, as the first entry of 'syscalls:':
  - action: allow
    names:
    - getppid
    - mkdir
    - rmdir
    - unlink"
}

test_default_errno() {
  write_policy policy.yml errno:EUCLEAN "allow $STATIC_CALLS getpid"
  alike policy.yml "$CALL" getppid getpid getppid
  assert_stdout "getppid EUCLEAN
getpid ok
getppid EUCLEAN"
  assert_report "sandbox-run: denied getppid() = EUCLEAN  [call, pid N]  by policy.yml:2 (default_action: errno)
sandbox-run: 1 call was denied 2 times:
  2  getppid  EUCLEAN  [call]  by policy.yml:2:3
sandbox-run: If the program should be allowed to make these calls:
sandbox-run: Add to policy.yml before line 5, as the first entry of 'syscalls:':
  - action: allow
    names:
    - getppid"
}

test_log() {
  write_policy policy.yml allow "log getppid"
  alike policy.yml "$CALL" getppid getuid getppid
  assert_stdout "getppid ok
getuid ok
getppid ok"
  if is_root; then
    assert_report "sandbox-run: logged getppid  [call, pid N]  by policy.yml:6 (log)
sandbox-run: 1 call was logged 2 times:
  2  getppid  logged  [call]  by policy.yml:6:7"
  else
    assert_report "sandbox-run: no call was denied
sandbox-run: calls with the action log are not shown: the kernel's records of them are for root; 'sandbox-policy audit' shows them"
  fi
}

# What is allowed anyhow does not wait: a sandbox inside that works by RET_TRACE goes on working, and so do programs
# with timers, which a notified rt_sigreturn crashes.
test_log_changes_nothing() {
  write_policy policy.yml allow "log mkdir mkdirat"
  alike policy.yml "$TEST_BIN/nested_trace" made
  assert_stdout "the tracer was asked 1 times; mkdir: EACCES"
  assert_no_file made
  write_policy all.yml log "errno mkdir"
  alike all.yml "$TEST_BIN/signal_storm" 5000
  assert_stdout "5000 signals"
}

test_kill_process() {
  write_policy policy.yml allow "kill_process getppid"
  alike policy.yml "$CALL" getuid getppid getuid
  assert_status 159
  assert_stdout "getuid ok"
  assert_report "sandbox-run: denied getppid() = process killed  [call, pid N]  by policy.yml:6 (kill_process)
sandbox-run: 1 call was denied once:
  1  getppid  process killed  [call]  by policy.yml:6:7
sandbox-run: If the program should be allowed to make these calls:
sandbox-run: Think twice: policy.yml denies getppid by name, which the lines below undo.
sandbox-run: Add to policy.yml before line 4, as the first entry of 'syscalls:':
  - action: allow
    names:
    - getppid
$HINT"
  alike policy.yml "$TEST_BIN/kill_one_thread"
  assert_status 159
  assert_stdout ""
}

test_kill_thread() {
  write_policy policy.yml allow "kill_thread getppid"
  alike policy.yml "$TEST_BIN/kill_one_thread"
  assert_status 0
  assert_stdout "call reached: 1, thread survived it: 0, joined: 1, threads now: 1"
  assert_denied_lines \
    "sandbox-run: denied getppid() = thread killed  [kill_one_thread, pid N, thread N]  by policy.yml:6 (kill_thread)"
  alike policy.yml "$CALL" getuid getppid getuid
  assert_status 159
  assert_stdout "getuid ok"
}

test_default_kills() {
  local action what
  for action in kill_process kill_thread; do
    what=${action#kill_}
    write_policy policy.yml "$action" "allow $STATIC_CALLS"
    alike policy.yml "$CALL" getppid
    assert_status 159
    assert_stdout ""
    assert_report "sandbox-run: denied getppid() = $what killed  [call, pid N]  by policy.yml:2 (default_action: $action)
sandbox-run: 1 call was denied once:
  1  getppid  $what killed  [call]  by policy.yml:2:3
sandbox-run: If the program should be allowed to make these calls:
sandbox-run: Add to policy.yml before line 4, as the first entry of 'syscalls:':
  - action: allow
    names:
    - getppid
$HINT"
  done
}

# What a parent is told of a child that the filter kills: the signal, and whether it left a core.
test_how_a_child_dies() {
  need python3
  cat >parent.py <<'END'
import os, sys
for end in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        if end == "thread":
            import threading
            thread = threading.Thread(target=os.getpgrp)
            thread.start()
            thread.join()
        else:
            os.getpgrp()
        os._exit(3)
    told = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    status = os.waitpid(child, 0)[1]
    print(end, told.si_code, told.si_status, status, os.WIFSIGNALED(status) and os.WTERMSIG(status))
END
  local action
  for action in kill_process kill_thread; do
    write_policy policy.yml allow "$action getpgrp"
    local ends=single
    [ $action = kill_thread ] || ends="single thread" # A thread of python's that is killed cannot be waited for.
    # shellcheck disable=SC2086 # One word each.
    alike policy.yml python3 parent.py $ends
    assert_status 0
    grep -q '^single .* 31$' out || report "expected that SIGSYS ends the child"
    if [ "$(ulimit -H -c)" != 0 ]; then
      ulimit -S -c unlimited
      # shellcheck disable=SC2086
      alike policy.yml python3 parent.py $ends
      ulimit -S -c 0
      rm -f core*
    fi
  done
}

test_what_a_shell_says_of_it() {
  write_policy policy.yml allow "kill_process getpgrp"
  sandboxed policy.yml sh -c '"$0" getpgrp; echo "$?"' "$CALL"
  assert_stderr "Bad system call"
  alike policy.yml sh -c '"$0" getpgrp; echo "$?"' "$CALL"
  assert_status 0
  assert_stdout 159
  assert_report_has "Bad system call"
  assert_denied_lines \
    "sandbox-run: denied getpgrp() = process killed  [call, pid N]  by policy.yml:6 (kill_process)"
}

run_tests
