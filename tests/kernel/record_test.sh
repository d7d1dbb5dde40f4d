#!/bin/bash
# sandbox-policy record: what is counted, and how the program fares.
. "$(dirname "$0")/record_lib.sh"

case $(uname -m) in x86_64) ABI=x86_64 ;; *) ABI=$(uname -m) ;; esac

test_counts() {
  record p.yml -- "$TEST_BIN/call" getppid getppid getppid,1 mkdir,0
  assert_stdout "getppid ok
getppid ok
getppid ok
mkdir EFAULT"
  assert_equal 3 "$(counted getppid p.yml)" "calls of getppid"
  assert_equal 1 "$(counted mkdir p.yml)" "calls of mkdir"
  assert_lacks execve p.yml # The program was executed, but has not executed any.
  assert_lacks getpid p.yml
  needs_no_more p.yml "$TEST_BIN/call" getppid mkdir,0
}

# What is not in the policy is denied, as its default action says.
test_the_rest_is_refused() {
  record p.yml -- "$TEST_BIN/call" getppid
  sandboxed p.yml "$TEST_BIN/call" getppid getpgrp
  assert_stdout "getppid ok
getpgrp EPERM"
  deadly p.yml
  sandboxed p.yml.kill "$TEST_BIN/call" getpgrp
  assert_status 159
}

test_execve_of_the_program_itself() {
  record p.yml -- sh -c 'exec "$0" getppid' "$TEST_BIN/call"
  assert_allows execve p.yml
  needs_no_more p.yml sh -c 'exec "$0" getppid' "$TEST_BIN/call"
}

# A program tries a call that no kernel has: it is told so with the policy, too.
test_a_call_without_a_name() {
  record p.yml -- "$TEST_BIN/call" 900 getppid
  assert_stdout "900 ENOSYS
getppid ok"
  grep -qF "  #   not allowed, for there is no name for it: number 900 of $ABI" p.yml || fail "expected a remark: $(cat p.yml)"
  needs_no_more p.yml "$TEST_BIN/call" 900 getppid
}

# A call that this kernel is too old for, if there is one, and one that it is too young for.
test_calls_that_the_kernel_lacks() {
  record p.yml -- "$TEST_BIN/call" 471 470 469 468 462 461 uselib,0
  needs_no_more p.yml "$TEST_BIN/call" 471 470 469 468 462 461 uselib,0
}

test_a_tree() {
  record p.yml -- sh -c '(sleep 0.2; mkdir left-behind) & exit 0'
  assert_allows mkdir p.yml # Made when the program had ended already.
  [ -d left-behind ] || fail "the recording has not waited for all"
  record q.yml -- sh -c 'sh -c "sh -c \"mkdir deep\""'
  assert_allows mkdir q.yml
}

test_exit_statuses() {
  run "$SANDBOX_POLICY" record -o p.yml -- sh -c 'exit 42'
  assert_status 42
  assert_allows exit_group p.yml
  run "$SANDBOX_POLICY" record -o q.yml -- sh -c 'umask 077; kill -TERM $$'
  assert_status 143
  assert_allows umask q.yml
}

# Ctrl-C ends the program; what was seen until then is written.
test_interrupted() {
  # A shell without job control has what is in the background ignore it.
  start env --default-signal=INT "$SANDBOX_POLICY" record -o p.yml -- sh -c 'umask 077; echo ready; exec sleep 60'
  wait_until grep -qs ready daemon.log
  stop INT
  assert_status 130
  assert_allows umask p.yml
  assert_allows clock_nanosleep p.yml
  assert_equal 1 "$(find . -name 'p.yml*' | wc -l)" "files that were written"
}

# Processes that outlive the program are recorded, and ended in its place. Nothing but SIGKILL ended that before, with
# which the recording was lost.
test_interrupted_when_the_program_has_ended() {
  start "$SANDBOX_POLICY" record -o p.yml -- \
    sh -c 'setsid sh -c "umask 077; echo ready; exec sleep 300" & echo $$ >pid.new; mv pid.new pid; exit 2'
  wait_until grep -qs ready daemon.log
  wait_until program_has_ended
  wait_until ended_by_a_signal
  status=0
  wait "$started" || status=$?
  assert_equal 2 "$status" "exit status"
  assert_allows umask p.yml
}
program_has_ended() { [ -e pid ] && has_ended "$(cat pid)"; }
ended_by_a_signal() {
  kill -s TERM "$started" 2>/dev/null
  has_ended "$started"
}

test_threads_and_signals() {
  need python3
  cat >program.py <<'END'
import os, signal, threading
ticks = 0
def tick(*_):
    global ticks
    ticks += 1
signal.signal(signal.SIGALRM, tick)
signal.siginterrupt(signal.SIGALRM, False)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
def work():
    for _ in range(300):
        with open("/proc/self/stat") as file: file.read()
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
while ticks < 20: pass
signal.setitimer(signal.ITIMER_REAL, 0)
child = os.fork()
if child == 0: os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), ticks >= 20)
END
  record p.yml -- python3 program.py
  assert_stdout "7 True"
  grep -q '2 processes' p.yml || fail "expected two processes: $(cat p.yml)"
}

# Its own filter goes on working, on top of ours; and it can have no listener of its own.
test_programs_with_filters() {
  write_policy own.yml allow "errno:EACCES getpgrp"
  record p.yml -- "$SANDBOX_RUN" --policy own.yml -- "$TEST_BIN/call" getpgrp getppid
  assert_stdout "getpgrp EACCES
getppid ok"
  assert_allows seccomp p.yml
  assert_lacks getpgrp p.yml # It never came so far.
  run "$SANDBOX_POLICY" record -o q.yml -- "$SANDBOX_POLICY" record -o r.yml -- touch started
  assert_status 2
  assert_stderr_has "sandbox-policy: error: "
  assert_no_file started
  assert_no_file r.yml
}

test_32_bit_children() {
  [ "$ABI" = x86_64 ] || return 0
  printf '#include <stdio.h>\n#include <unistd.h>\nint main(void) { puts("x86"); return rmdir("") == 0; }\n' >p.c
  cc -m32 -static -o p p.c 2>/dev/null || skip "cc -m32 cannot build a program (Debian: gcc-multilib)"
  record p.yml --assume @basic-io -- sh -c './p; echo "$?"'
  assert_stdout "x86
0"
  grep -qx '  architectures: \[x86_64, x86\]' p.yml || fail "expected both: $(cat p.yml)"
  assert_allows rmdir p.yml
  needs_no_more p.yml sh -c './p; echo "$?"'
  record q.yml -- ./p
  grep -qx '  architectures: \[x86\]' q.yml || fail "expected the one: $(cat q.yml)"
  needs_no_more q.yml ./p
  # int $0x80 in a 64-bit program.
  record r.yml -- "$TEST_BIN/call" i386:20
  needs_no_more r.yml "$TEST_BIN/call" i386:20
  # A 32-bit call that an earlier policy for 64 bits has no place for.
  record s.yml -- true
  record s.yml --merge s.yml -- ./p
  needs_no_more s.yml ./p
}

test_progress() {
  run "$TEST_BIN/on_terminal" "$SANDBOX_POLICY" record -o p.yml -- sh -c 'sleep 0.8; mkdir x; sleep 0.4'
  assert_status 0
  tr '\r' '\n' <out | grep -Eq '^recording: [0-9]+ calls by [0-9]+ processe?s?, [0-9]+ seen' || report "expected progress"
  tr '\r' '\n' <out | grep -Eq 'sandbox-policy: info: p.yml: [0-9]+ system calls, 3 processes; the policy allows [0-9]+' ||
    tr -d '\033' <out | grep -q 'p.yml: ' || report "expected a last line"
  run "$TEST_BIN/on_terminal" "$SANDBOX_POLICY" record -q -o p.yml -- sh -c 'sleep 0.8; echo done'
  assert_equal "done" "$(tr -d '\r' <out)"
}

run_tests
