#!/bin/bash
# sandbox-run --report: the program fares as it would without it.
. "$(dirname "$0")/report_lib.sh"

# ---- What becomes of the program ----

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
sandbox-run: Think twice: policy.yml denies getppid, mkdir, rmdir, unlink by name, which the lines below undo.
sandbox-run: To allow this, add to policy.yml before line 4, as the first entry of 'syscalls:':
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
sandbox-run: To allow this, add to policy.yml before line 5, as the first entry of 'syscalls:':
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

# What is let through anyhow does not wait: a sandbox inside that works by RET_TRACE goes on working, and so do programs
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
sandbox-run: Think twice: policy.yml denies getppid by name, which the lines below undo.
sandbox-run: To allow this, add to policy.yml before line 4, as the first entry of 'syscalls:':
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
sandbox-run: To allow this, add to policy.yml before line 4, as the first entry of 'syscalls:':
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

test_kernel() {
  write_policy policy.yml allow "errno getppid"
  sed -i '1a\  kernel: "5.8"' policy.yml
  alike policy.yml "$CALL" close_range,5,4 getppid
  assert_stdout "close_range ENOSYS
getppid EPERM"
  assert_report "sandbox-run: denied close_range(5, 4, 0) = ENOSYS  [call, pid N]  by policy.yml:2 (kernel: errno)
sandbox-run: denied getppid() = EPERM  [call, pid N]  by policy.yml:7 (errno)
sandbox-run: 2 calls were denied 2 times:
  1  close_range  ENOSYS  [call]  by policy.yml:2:3
  1  getppid      EPERM   [call]  by policy.yml:7:7
sandbox-run: Think twice: policy.yml denies getppid by name, which the lines below undo.
sandbox-run: To allow this, add to policy.yml before line 5, as the first entry of 'syscalls:':
  - action: allow
    names:
    - getppid
sandbox-run: Probably not needed: close_range. They are newer than 'kernel: 5.8', got ENOSYS, and programs then do without."
}

test_fixed_rules() {
  write_policy policy.yml allow "errno rmdir"
  alike policy.yml "$CALL" 0x40000027 512 547 -1 0x40000203 getpid
  assert_status 0
  assert_stdout "0x40000027 ENOSYS
512 ENOSYS
547 ENOSYS
-1 ENOSYS
0x40000203 ENOSYS
getpid ok"
  assert_denied_lines "sandbox-run: denied x32 getpid() = ENOSYS  [call, pid N]  by a fixed rule (no such call)
sandbox-run: denied call 512(0x0, 0x0, 0x0, 0x0, 0x0, 0x0) = ENOSYS  [call, pid N]  by a fixed rule (no such call)
sandbox-run: denied call 547(0x0, 0x0, 0x0, 0x0, 0x0, 0x0) = ENOSYS  [call, pid N]  by a fixed rule (no such call)
sandbox-run: denied call -1(0x0, 0x0, 0x0, 0x0, 0x0, 0x0) = ENOSYS  [call, pid N]  by a fixed rule (no such call)
sandbox-run: denied x32 readv(0, NULL, 0) = ENOSYS  [call, pid N]  by a fixed rule (no such call)"
  assert_report_has "sandbox-run: No policy can allow these, the kernel has no such calls: \
x86_64 call -1, x86_64 call 512, x86_64 call 547, x32 call 39, x32 call 515."
}

test_int_80() {
  run "$CALL" i386:20
  [ "$status" = 0 ] || skip "this kernel has no 32-bit calls (status $status)"
  write_policy policy.yml allow "errno rmdir"
  alike policy.yml "$CALL" getpid i386:20 getpid
  assert_status 159
  assert_stdout "getpid ok"
  assert_denied_lines \
    "sandbox-run: denied x86 getpid() = process killed  [call, pid N]  by a fixed rule (no calls through x86)"
  # All ways in which the verdict is reached through the other ABI.
  local action
  for action in errno:EXFULL log kill_process kill_thread; do
    write_policy policy.yml allow "$action getpid"
    sed -i '1a\  architectures: [x86_64, x86]' policy.yml
    alike policy.yml "$CALL" getuid i386:20 getuid
    [ "$action" != log ] || is_root || continue # The kernel's records of these are for root.
    grep -q 'x86 getpid' report || report "expected the call"
  done
}

test_32_bit_programs() {
  need cc
  printf '#include <errno.h>\n#include <stdio.h>\n#include <unistd.h>\nint main(void) {
    printf("%%d\\n", rmdir("a folder") ? errno : 0); fflush(stdout); getppid(); puts("alive"); }\n' >p.c
  cc -m32 -static -o p p.c 2>/dev/null || skip "cc -m32 cannot build a program (Debian: gcc-multilib)"
  write_policy policy.yml allow "errno:EXFULL rmdir" "kill_process getppid"
  sed -i '1a\  architectures: [x86_64, x86]' policy.yml
  alike policy.yml ./p
  assert_status 159
  assert_stdout 54
  assert_denied_lines "sandbox-run: denied x86 rmdir(\"a folder\") = EXFULL  [p, pid N]  by policy.yml:8 (errno)
sandbox-run: denied x86 getppid() = process killed  [p, pid N]  by policy.yml:11 (kill_process)"
  # One that makes 32-bit calls in a 64-bit shell that must not.
  write_policy policy.yml allow "errno:EXFULL getppid"
  alike policy.yml sh -c './p; echo "$?"'
  assert_stdout 159
}

# The kernel carries them out itself, so that the program meets what it would meet without a supervisor.
test_traps() {
  write_policy policy.yml allow "trap getppid" "errno getpgrp"
  alike policy.yml "$TEST_BIN/trap_report"
  assert_status 0
  assert_stdout \
    "signal 31, code is SYS_SECCOMP: yes, call is getppid: yes, arch 0xc000003e, errno 0, address in the program: yes"
  alike policy.yml "$CALL" getpgrp getppid
  assert_status 159
  assert_stdout "getpgrp EPERM"
}

test_traces() {
  write_policy policy.yml allow "trace getppid" "errno getpgrp"
  alike policy.yml "$CALL" getpgrp getppid
  assert_stdout "getpgrp EPERM
getppid ENOSYS"
  alike policy.yml "$TEST_BIN/seccomp_tracer" let "$CALL" getppid getpgrp
  assert_status 0
  assert_stdout "getppid ok
getpgrp EPERM"
  assert_report_has "traced call 110, data 0"
  alike policy.yml "$TEST_BIN/seccomp_tracer" skip "$CALL" getppid
  assert_stdout "getppid ENOSYS"
}

test_filters_of_its_own() {
  write_policy own.yml allow "errno:EACCES getpgrp" "kill_process getppid"
  write_policy policy.yml allow "errno:EMLINK getuid" "errno:EXFULL getpgrp"
  # Of two answers the kernel takes an errno before a notification: the program's own filter decides on getpgrp.
  run "$SANDBOX_RUN" --report --policy policy.yml -- "$SANDBOX_RUN" --policy own.yml -- "$CALL" getpgrp getuid getgid getppid
  without_numbers
  assert_status 159
  assert_stdout "getpgrp EACCES
getuid EMLINK
getgid ok"
  assert_denied_lines "sandbox-run: denied getuid() = EMLINK  [call, pid N]  by policy.yml:7 (errno)"
}

test_a_listener_of_its_own() {
  need python3
  cat >listen.py <<'END'
import ctypes, errno, struct
libc = ctypes.CDLL(None, use_errno=True)
allow = ctypes.create_string_buffer(struct.pack("=HBBI", 6, 0, 0, 0x7FFF0000), 8)
program = ctypes.create_string_buffer(struct.pack("=H6xQ", 1, ctypes.addressof(allow)), 16)
libc.prctl(38, ctypes.c_long(1), 0, 0, 0)
result = libc.syscall(ctypes.c_long(317), ctypes.c_long(1), ctypes.c_long(8), program)
print("listens" if result >= 0 else errno.errorcode[ctypes.get_errno()])
END
  write_policy policy.yml allow "errno getpgrp"
  sandboxed policy.yml python3 listen.py
  assert_stdout listens
  reported policy.yml python3 listen.py
  assert_status 0
  assert_stdout EBUSY
  sed -i 's/0x[0-9a-f]*)/ADDRESS)/' report
  assert_denied_lines "sandbox-run: denied seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, ADDRESS) = EBUSY  [python3, pid N]  by a fixed rule (no listener beside sandbox-run's own)"
}

BUSY="sandbox-run: error: seccomp(2) failed: Device or resource busy (an outer sandbox listens already, and there can \
be one listener only)"

test_report_in_report() {
  write_policy policy.yml allow "errno getpgrp"
  write_policy denies_getppid.yml allow "errno getppid"
  reported policy.yml "$SANDBOX_RUN" --report --policy policy.yml -- touch started
  assert_status 125
  assert_no_file started
  grep -qFx "$BUSY" report || report "expected: $BUSY"
  # The outer policy may deny what a supervisor needs: that is said too, and nothing is started.
  reported denies_getppid.yml "$SANDBOX_RUN" --report --policy policy.yml -- touch started
  assert_status 125
  assert_no_file started
  grep '^sandbox-run: error: ' report >errors
  assert_equal 1 "$(wc -l <errors)" "lines with errors"
  ! grep -q 'has been killed' errors || report "nothing has been started, so nothing has been killed"
}

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

# What is left behind by the program stays under the policy, and is reported.
test_processes_that_are_left_behind() {
  write_policy policy.yml allow "errno:EXFULL getpgrp"
  mkfifo pipe
  run "$SANDBOX_RUN" --report --policy policy.yml -- sh -c '{ read -r _ <pipe; "$0" getpgrp; } >later & exit 3' "$CALL"
  local first
  first=$(cat err)
  exec 9<>pipe # A write that does not wait for a reader.
  echo >&9
  assert_status 3
  assert_equal "sandbox-run: no call was denied" "$first" "standard error"
  wait_until grep -q '^sandbox-run: to see all' err || report "expected a second summary"
  assert_equal "getpgrp EXFULL" "$(cat later)"
  without_numbers
  assert_report "sandbox-run: no call was denied
sandbox-run: denied getpgrp() = EXFULL  [call, pid N]  by policy.yml:7 (errno)
sandbox-run: 1 call was denied once:
  1  getpgrp  EXFULL  [call]  by policy.yml:7:7
sandbox-run: Think twice: policy.yml denies getpgrp by name, which the lines below undo.
sandbox-run: To allow this, add to policy.yml before line 4, as the first entry of 'syscalls:':
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
