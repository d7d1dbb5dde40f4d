#!/bin/bash
# sandbox-policy record: what it sees, and what it writes.
. "$(dirname "$0")/record_lib.sh"

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

# What is not in the policy is refused, as its default action says.
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

# What the program has left behind is recorded on, and ended in its place. Nothing but SIGKILL ended that before, with
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

# ---- Where the policy goes ----

# That was found out when the program had run, and what was recorded was lost.
# However the policy is laid out; report and record put a group in the same place.
test_odd_layouts_are_added_to() {
  printf 'seccomp:\n  default_action: errno\n  syscalls:\n  - # mine\n    action: allow\n    names:\n    - read\n' >dash.yml
  printf '"seccomp":\n  "default_action": errno\n  "syscalls":\n  - {"action": allow, "names": [read]}\n' >quoted.yml
  local policy
  for policy in dash.yml quoted.yml; do
    run "$SANDBOX_POLICY" record --merge $policy -o $policy -- sh -c 'umask 077'
    assert_status 0
    assert_allows umask $policy
  done
  assert_allows read dash.yml
  grep -q '"names": \[read\]\|names: \[read\]' quoted.yml || report "expected the group that was there: $(cat quoted.yml)"
  grep -q '# mine' dash.yml || report "expected that comments stay"
}

# refuses STATUS MESSAGE OPTION...: nothing is started, nothing is written.
refuses() {
  local expected=$1 message=$2
  shift 2
  rm -f out err
  ls -A >before
  run "$SANDBOX_POLICY" record "$@"
  assert_status "$expected"
  assert_stderr "sandbox-policy: error: $message"
  rm -f out err
  assert_equal "$(cat before)" "$(ls -A)" "the folder"
}

test_before_anything_is_started() {
  mkdir folder locked
  mkfifo pipe
  : >not-executable
  refuses 2 "record: expected -o OUT" -- touch started
  refuses 2 "record: expected -o OUT [--] PROGRAM [ARGUMENT]...; sandbox-policy record --help shows how" -o p.yml
  refuses 2 "folder: is a directory, expected a file" -o folder -- touch started
  refuses 2 "pipe: is no regular file" -o pipe -- touch started
  refuses 2 "no/p.yml: cannot be written: No such file or directory" -o no/p.yml -- touch started
  refuses 2 "record: --assume: unknown set '@basic-oi'; did you mean '@basic-io'?" -o p.yml --assume @basic-oi touch started
  refuses 2 "none.yml: cannot be read: No such file or directory" -o p.yml --merge none.yml touch started
  refuses 127 "cannot find 'no-such-program': no such program in PATH" -o p.yml no-such-program
  refuses 126 "cannot execute './not-executable': it is not executable (chmod +x?)" -o p.yml -- ./not-executable
  chmod 555 locked
  is_root || refuses 2 "locked/p.yml: cannot be written: Permission denied" -o locked/p.yml -- touch started
}

# The options behind the program are its own.
test_options_of_the_program() {
  record p.yml sh -c 'echo "$@"' sh --args -o q.yml
  assert_stdout "--args -o q.yml"
  record p.yml --args -- echo -- --merge
  assert_stdout "-- --merge"
}

# A policy that cannot be written is half a policy nowhere.
test_the_folder_goes() {
  mkdir folder
  run "$SANDBOX_POLICY" record -o folder/p.yml -- rmdir folder
  assert_status 2
  assert_stderr "sandbox-policy: error: folder/p.yml: cannot be written: No such file or directory"
  [ ! -e folder ] || fail "expected no folder"
}

test_a_full_disk() {
  is_root || return 0 # A file system of one page is mounted below, which only root may.
  mkdir disk
  unshare -m sh -c 'mount -t tmpfs -o size=8k none disk 2>mount.err || exit 77
    echo earlier >disk/p.yml
    "$0" record -o disk/p.yml -- dd if=/dev/zero of=disk/filler bs=1k count=100 2>err
    echo "$?" >status
    cat disk/p.yml >after; ls disk >files' "$SANDBOX_POLICY" || skip "no file system can be mounted: $(cat mount.err)"
  assert_equal 2 "$(cat status)" "the exit status"
  grep -qx "sandbox-policy: error: disk/p.yml: cannot be written: No space left on device" err || fail "$(cat err)"
  assert_equal earlier "$(cat after)" "what was there"
  assert_equal "filler p.yml" "$(xargs <files)" "files"
}

# A program may go elsewhere and close what it likes.
test_output_beside_a_link() {
  mkdir real
  ln -s real/p.yml link.yml
  echo old >real/p.yml
  record link.yml -- sh -c 'cd /; exec <&- >&-'
  [ -L link.yml ] || fail "the link was replaced"
  assert_allows chdir real/p.yml
}

# Where it goes is found out before the program runs. What a program puts there meanwhile is replaced; a link is not
# followed, for a program with less rights may have made it.
test_what_the_program_puts_in_the_way() {
  echo precious >other
  record p.yml -- ln -s other p.yml
  record q.yml -- mkfifo q.yml
  echo old >r.yml
  record r.yml -- ln -sf "$PWD/other" r.yml
  local file
  for file in p.yml q.yml r.yml; do
    [ -f "$file" ] && [ ! -L "$file" ] || fail "expected a file of its own: $(ls -l)"
    grep -q '^seccomp:' "$file" || fail "expected a policy: $(cat "$file")"
  done
  assert_equal precious "$(cat other)" "the other file"
  assert_equal 0 "$(find . -name '*.tmp' | wc -l)" "files that were left behind"
}

# ---- --args, --assume, --merge ----

test_args() {
  record p.yml --args -- "$TEST_BIN/call" socket,1,1 socket,2,0x80001 prctl,15,0 ioctl,0,0x541b,0 fcntl,0,1
  sed -n '/names_with_args/,$p' p.yml >conditions
  for value in "value: AF_UNIX}" "value: AF_INET}" "mask: 0xf, value: SOCK_STREAM}  # 1" "value: PR_SET_NAME}  # 1" \
    "value: FIONREAD}" "value: F_GETFD}"; do
    grep -qF "$value" conditions || fail "expected '$value' in: $(cat conditions)"
  done
  sandboxed p.yml "$TEST_BIN/call" socket,1,0x801 socket,2,1 socket,2,2 socket,16,3 prctl,16,0 fcntl,0,1 fcntl,0,3
  assert_stdout "socket ok
socket ok
socket EPERM
socket EPERM
prctl EPERM
fcntl ok
fcntl EPERM"
}

test_assume() {
  record p.yml --assume @basic-io --assume getppid -- "$TEST_BIN/call" getppid getpgrp
  grep -qFx '    - "@basic-io"      # assumed' p.yml || fail "expected the set: $(cat p.yml)"
  grep -Eqx '    - getppid  *# assumed' p.yml || fail "expected getppid: $(cat p.yml)"
  assert_lacks write p.yml
  needs_no_more p.yml "$TEST_BIN/call" getppid getpgrp
  # The set is assumed again.
  record p.yml --merge p.yml -- "$TEST_BIN/call" getpgrp getuid
  assert_lacks write p.yml
  assert_equal 2 "$(counted getpgrp p.yml)" "calls of getpgrp"
  assert_allows getuid p.yml
}

# The first run misses a path.
test_merge() {
  program='if [ "$1" = yes ]; then mkdir sub; rmdir sub; umask 077; fi; echo done'
  record p.yml -- sh -c "$program" sh no
  deadly p.yml
  sandboxed p.yml.kill sh -c "$program" sh yes
  assert_status 159
  cp p.yml first.yml
  record p.yml --merge p.yml -- sh -c "$program" sh yes
  needs_no_more p.yml sh -c "$program" sh yes
  needs_no_more p.yml sh -c "$program" sh no
  grep -Ec '^  # 20..-' p.yml | grep -qx 2 || fail "expected two runs: $(cat p.yml)"
  [ "$(counted openat p.yml)" -gt "$(counted openat first.yml)" ] || fail "expected the sum of counts"
  # Nothing new: the same calls again.
  record q.yml --merge p.yml -- sh -c "$program" sh yes
  run "$SANDBOX_POLICY" diff p.yml q.yml
  assert_status 0
}

test_merge_into_a_configuration() {
  cat >beat.yml <<'END'
# The whole configuration of a program.
name: beat
seccomp:
  default_action: kill_process
  syscalls:
  # By hand.
  - action: allow
    names: ["@default", "@basic-io"] # both
    names_with_args:
    - name: socket
      arguments:
      - {argument: 0, operation: Equal, value: AF_UNIX}
output.file: out
END
  cp beat.yml before.yml
  record beat.yml --merge beat.yml -- "$TEST_BIN/call" socket,1,1 socket,16,3,0 getpgrp
  diff before.yml beat.yml | grep -q '^<' && fail "lines are gone: $(diff before.yml beat.yml)"
  grep -qF 'value: AF_NETLINK}' beat.yml || fail "expected a condition: $(cat beat.yml)"
  sandboxed beat.yml "$TEST_BIN/call" socket,1,1 socket,16,3,0 getpgrp
  assert_status 0
  sandboxed beat.yml "$TEST_BIN/call" socket,2,1
  assert_status 159
  printf 'seccomp:\n  default_action: allow\n  syscalls:\n  - {action: errno, names: [read]}\n' >deny.yml
  refuses 2 "deny.yml:2:3: --merge takes a policy that denies calls by default; this one has 'allow'" \
    -o p.yml --merge deny.yml -- touch started
}

# ---- Programs of all kinds ----

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
  tr '\r' '\n' <out | grep -Eq 'sandbox-policy: info: p.yml: [0-9]+ system calls, 3 processes$' ||
    tr -d '\033' <out | grep -q 'p.yml: ' || report "expected a last line"
  run "$TEST_BIN/on_terminal" "$SANDBOX_POLICY" record -q -o p.yml -- sh -c 'sleep 0.8; echo done'
  assert_equal "done" "$(tr -d '\r' <out)"
}

case $(uname -m) in x86_64) ABI=x86_64 ;; *) ABI=$(uname -m) ;; esac
run_tests
