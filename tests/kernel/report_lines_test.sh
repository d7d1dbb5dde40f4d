#!/bin/bash
# sandbox-run --report: what it says of denied calls, and where that goes.
. "$(dirname "$0")/report_lib.sh"

# ---- What is said of a call ----

# says GROUP TEXT: of the calls of that group (report_arguments.py), between "denied " and the process.
says() {
  need python3
  cat >policy.yml <<'END'
seccomp:
  default_action: allow
  syscalls:
  - action: errno
    names: [connect, socket, mkdir, rmdir, sendto, openat2, symlink, unlink, creat, execve, setsockopt, chmod, kill, mount]
    names_with_args:
    - name: ioctl
      arguments: [{argument: 1, operation: Equal, value: TIOCSTI}]
    - name: prctl
      arguments: [{argument: 0, operation: Equal, value: PR_SET_NAME}]
    - name: openat
      arguments: [{argument: 2, operation: Equal, value: 0x10000}]
    - name: openat
      arguments: [{argument: 2, operation: BitsSet, value: O_TRUNC}]
END
  reported policy.yml python3 "$KERNEL_TESTS/report_arguments.py" "$1"
  assert_status 0
  assert_stdout ""
  local line='^sandbox-run: denied (.*) = EPERM  \[python3, pid N\]  by policy\.yml:[0-9]+ \(errno\)$'
  sed -nE "s/$line/\1/p" report >calls
  [ "$(cat calls)" = "$2" ] || report "expected of the calls: $2"
  assert_equal "$(wc -l <calls)" "$(denied_lines | wc -l)" "lines for single calls"
}

repeated() { printf "%$2s" "" | tr ' ' "$1"; }

test_internet_addresses() {
  says internet 'connect(3, 127.0.0.1:8080, 16)
connect(3, [::1]:443, 28)
connect(3, [fe80::1%3]:443, 28)
connect(3, AF_NETLINK pid 5 groups 0x3, 12)
connect(3, {AF_PACKET, ...}, 8)'
}

test_local_addresses() {
  says local 'connect(3, AF_UNIX "/run/socket", 14)
connect(3, AF_UNIX @"abstract", 11)
connect(3, AF_UNIX @"a\x00\x1b\xff", 7)
connect(3, AF_UNIX, 2)
connect(3, AF_UNIX "/'"$(repeated a 63)"'"..., 110)'
}

test_strings() {
  says strings 'mkdir("plain", 0755)
rmdir("'"$(repeated a 64)"'")
unlink("'"$(repeated b 64)"'"...)
creat("quote\" and \\", 0644)
chmod("'"$(repeated c 64)"'"..., 04755)
symlink("from", "to")'
}

test_dangerous_strings() {
  says dangerous_strings 'mkdir("\x1b[31mred\x07", 0)
rmdir("line\nsandbox-run: denied nothing\x0d\t")
unlink("\xff\xfe\x80")
creat("umläut \u202e \u200b \xc2\x9b", 0)
chmod("'"$(repeated a 63)"'"..., 0)'
  # Not a byte that a terminal would take for a command.
  ! tr -d '\n' <err | grep -q '[[:cntrl:]]' || report "expected no control characters"
}

test_bad_pointers() {
  says bad_pointers 'mkdir(0xdeadbeef, 0)
rmdir(NULL)
unlink(0xffffffffffffffff)
creat("end"..., 0)
connect(3, 0x1, 16)
execve(0x1, 0x2, 0x3)'
}

test_programs() {
  says programs 'execve("/bin/ls", ["ls", "-l", "a b"], NULL)
execve("/bin/echo", ["x", "x", "x", "x", "x", "x", "x", "x", ...], NULL)'
}

test_constants() {
  says constants 'socket(AF_PACKET, SOCK_RAW|SOCK_CLOEXEC, 768)
socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)
socket(999, SOCK_STREAM, 0)
setsockopt(3, SOL_SOCKET, SO_REUSEADDR, NULL, 4)
sendto(3, "hello\x00world", 11, MSG_NOSIGNAL, NULL, 0)
openat2(AT_FDCWD, "/etc/passwd", {flags=O_RDONLY|O_CLOEXEC, mode=0, resolve=0x8}, 24)
prctl(PR_SET_NAME, "name")
kill(-1, SIGKILL)
mount("none", "/mnt", "tmpfs", MS_NOSUID|MS_NODEV, NULL)
ioctl(0, TIOCSTI, 0)'
}

test_flags_of_open() {
  says flags 'openat(AT_FDCWD, "one", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0640)
openat(5, "two", O_RDONLY|O_DIRECTORY)'
}

# The line of the name that decides, here and in the summary.
test_the_deciding_line() {
  cat >policy.yml <<'END'
seccomp:
  default_action: errno
  syscalls:
  - action: allow
    names: [@CALLS@]
  - action: errno
    errno: EXFULL
    names: [getppid,
            getpgrp]
    names_with_args:
    - name: kill
      arguments:
      - {argument: 1, operation: Equal, value: SIGHUP}
    - name: kill
      arguments:
      - {argument: 1, operation: Equal, value: SIGINT}
END
  # shellcheck disable=SC2086 # One name a word.
  sed -i "s/@CALLS@/$(echo $STATIC_CALLS | sed 's/ /, /g')/" policy.yml
  reported policy.yml "$CALL" getppid getpgrp kill,-1,1 kill,-1,2 kill,-1,3
  assert_denied_lines "sandbox-run: denied getppid() = EXFULL  [call, pid N]  by policy.yml:8 (errno)
sandbox-run: denied getpgrp() = EXFULL  [call, pid N]  by policy.yml:9 (errno)
sandbox-run: denied kill(-1, SIGHUP) = EXFULL  [call, pid N]  by policy.yml:11 (errno)
sandbox-run: denied kill(-1, SIGINT) = EXFULL  [call, pid N]  by policy.yml:14 (errno)
sandbox-run: denied kill(-1, SIGQUIT) = EPERM  [call, pid N]  by policy.yml:2 (default_action: errno)"
  assert_report_has "  1  kill     EXFULL  [call]  by policy.yml:11:13"
  assert_report_has "  1  kill     EXFULL  [call]  by policy.yml:14:13"
  assert_report_has "  1  kill     EPERM   [call]  by policy.yml:2:3"
}

test_the_process() {
  write_policy policy.yml allow "errno getpgrp"
  run "$SANDBOX_RUN" --report --policy policy.yml -- sh -c 'echo "$$"; exec "$0" getpgrp' "$CALL"
  grep -qFx "sandbox-run: denied getpgrp() = EPERM  [call, pid $(head -n 1 out)]  by policy.yml:6 (errno)" err ||
    report "expected the process"
}

# A program that is executed by another has its own name, whatever the other has called before.
test_the_name_of_a_program_that_another_has_become() {
  write_policy policy.yml allow "errno getpgrp"
  cp "$CALL" first
  cp "$CALL" second
  need python3
  reported policy.yml python3 -c 'import os
os.getpgrp()
os.execv("./second", ["second", "getpgrp", "getpgrp"])'
  assert_status 0
  assert_report_has "  3  getpgrp  EPERM  [python3, second]  by policy.yml:6:7"
}

test_names_of_processes() {
  write_policy policy.yml allow "errno getpgrp"
  local name shown
  while read -r name shown; do
    name=$(printf '%b.' "$name")
    name=${name%.}
    cp "$CALL" "./$name"
    reported policy.yml "./$name" getpgrp
    assert_status 0
    rm "./$name"
    assert_report "sandbox-run: denied getpgrp() = EPERM  [$shown, pid N]  by policy.yml:6 (errno)
sandbox-run: 1 call was denied once:
  1  getpgrp  EPERM  [$shown]  by policy.yml:6:7
sandbox-run: Think twice: policy.yml denies getpgrp by name, which the lines below undo.
sandbox-run: To allow this, add to policy.yml before line 4, as the first entry of 'syscalls:':
  - action: allow
    names:
    - getpgrp"
  done <<'END'
\033[31mred\007 \x1b[31mred\x07
a\nsandbox-run:  a\nsandbox-run:
\0377\0376 \xff\xfe
ümläut ümläut
a\0040b a b
a-name-that-is-longer a-name-that-is-
\r\0302\0233m \x0d\xc2\x9bm
END
}

# ---- Many calls ----

test_identical_denials() {
  need python3
  write_policy policy.yml allow "errno getpgrp"
  reported policy.yml python3 -c 'import os
for _ in range(100000): os.getpgrp()'
  assert_status 0
  assert_report "sandbox-run: denied getpgrp() = EPERM  [python3, pid N]  by policy.yml:6 (errno)
sandbox-run: further denials of getpgrp in python3 are counted, not shown
sandbox-run: 1 call was denied 100000 times:
  100000  getpgrp  EPERM  [python3]  by policy.yml:6:7
sandbox-run: Think twice: policy.yml denies getpgrp by name, which the lines below undo.
sandbox-run: To allow this, add to policy.yml before line 4, as the first entry of 'syscalls:':
  - action: allow
    names:
    - getpgrp"
}

test_varying_denials() {
  need python3
  write_policy policy.yml allow "errno mkdir"
  reported policy.yml python3 -c 'import os
for i in range(5000):
    try: os.mkdir("folder-%d" % i)
    except PermissionError: pass'
  assert_status 0
  assert_denied_lines "$(for i in 0 1 2 3 4; do
    echo "sandbox-run: denied mkdir(\"folder-$i\", 0777) = EPERM  [python3, pid N]  by policy.yml:6 (errno)"
  done)
sandbox-run: further denials of mkdir in python3 are counted, not shown"
  assert_report_has "  5000  mkdir  EPERM  [python3]  by policy.yml:6:7"
}

# Numbers that no kernel has, and names that change: what is kept of them is bounded, and no call with a name is lost.
test_varying_calls_and_names() {
  need python3
  write_policy policy.yml allow "errno getpgrp getppid"
  cat >many.py <<'END'
import ctypes, os
libc = ctypes.CDLL(None)
for i in range(3000):
    libc.syscall(ctypes.c_long(0x40000000 + i))
for i in range(3000):
    libc.prctl(15, b"name-%d" % i, 0, 0, 0)
    os.getpgrp()
os.getppid()
END
  reported policy.yml python3 many.py
  assert_status 0
  grep -Eqx 'sandbox-run: more than [0-9]+ calls were denied 6001 times:' report || report "expected the summary"
  assert_equal 500 "$(denied_lines | wc -l)" "lines for single calls"
  assert_report_has "sandbox-run: further denials, of whatever call, are counted, not shown"
  local names='name-0, name-1, name-10, [0-9]+ more and others'
  grep -Eqx " +3000  getpgrp +EPERM +\[$names\]  by policy.yml:6:7" report || report "expected the names"
  grep -Eqx ' +1  getppid +EPERM +\[other processes\]  by policy.yml:7:7' report || report "expected the last call"
  assert_report_has "    - getppid"
  awk '/^ +[0-9]+  / {sum += $1} END {print sum}' report >sum
  assert_equal 6001 "$(cat sum)" "the sum of the summary's counts"
}

# ---- Where reports go ----

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

# The number of standard error went to the descriptor that says that the launcher lives, and then to a file: what the
# program had left behind was killed.
test_a_closed_standard_error() {
  write_policy policy.yml allow "errno:EPERM getpgrp"
  run bash -c '"$@" 2>&-' - "$SANDBOX_RUN" --report=events -q --policy policy.yml -- \
    sh -c '(sleep 0.3; : >alive) & exit 3'
  assert_status 3
  wait_until test -e alive || fail "expected that what is left behind lives on"
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
<5>sandbox-run: Think twice: policy.yml denies getpgrp by name, which the lines below undo.
<5>sandbox-run: To allow this, add to policy.yml before line 4, as the first entry of 'syscalls:':
  - action: allow
    names:
    - getpgrp"
}

# ---- Options ----

test_quiet() {
  write_policy policy.yml allow "errno getppid"
  run "$SANDBOX_RUN" -q --report --policy policy.yml -- "$CALL" getppid
  without_numbers
  assert_report "sandbox-run: denied getppid() = EPERM  [call, pid N]  by policy.yml:6 (errno)"
  run "$SANDBOX_RUN" -q --report --policy policy.yml -- "$CALL" getuid
  assert_stderr ""
}

test_nothing_denied() {
  write_policy policy.yml allow "errno getppid"
  alike policy.yml "$CALL" getuid
  assert_report "sandbox-run: no call was denied"
  assert_equal "" "$(cat alike.json)" "the file"
}

test_verbose() {
  write_policy policy.yml allow "errno getppid"
  run "$SANDBOX_RUN" -v --report --policy policy.yml -- "$CALL" getuid
  grep -Eqx "sandbox-run: info: starting '$CALL' under policy.yml: [0-9]+ ranges of numbers, [0-9]+ instructions" err ||
    report "expected what is started"
}

test_dry_run() {
  write_policy policy.yml allow "errno getppid"
  run "$SANDBOX_RUN" --dry-run --report --policy policy.yml -- touch started
  assert_status 0
  assert_stderr ""
  grep -qFx "report:   to standard error" out || report "expected where reports go"
  run "$SANDBOX_RUN" --dry-run --report=events --permissive --policy policy.yml -- touch started
  assert_status 0
  grep -qFx "report:   to events, and denied calls are let through" out || report "expected where reports go"
  assert_no_file started
  assert_no_file events
}

test_without_a_filter() {
  printf 'seccomp:\n  enabled: false\n  default_action: errno\n' >policy.yml
  run "$SANDBOX_RUN" --report --policy policy.yml -- "$CALL" getppid
  assert_status 0
  assert_stdout "getppid ok"
  assert_stderr "sandbox-run: warning: policy.yml:2:3: 'enabled' is false: '$CALL' runs without a filter"
}

test_programs_that_cannot_be_started() {
  write_policy policy.yml allow "errno getppid"
  : >not-executable
  expect_failure 127 "cannot find 'no-such-program': no such program in PATH" \
    "$SANDBOX_RUN" --report --policy policy.yml no-such-program
  expect_failure 126 "cannot execute './not-executable': it is not executable (chmod +x?)" \
    "$SANDBOX_RUN" --report --policy policy.yml ./not-executable
  printf 'no program\n' >nonsense
  chmod +x nonsense
  run "$SANDBOX_RUN" --policy policy.yml ./nonsense
  cp err err.plain
  assert_status 126
  run "$SANDBOX_RUN" --report --policy policy.yml ./nonsense
  assert_status 126
  cmp err err.plain || report "expected the same message as without --report"
}

test_exit_statuses() {
  write_policy policy.yml allow "errno getpgrp"
  alike policy.yml sh -c 'exit 42'
  assert_status 42
  alike policy.yml sh -c 'kill -KILL $$'
  assert_status 137
  alike policy.yml sh -c 'kill -TERM $$'
  assert_status 143
}

run_tests
