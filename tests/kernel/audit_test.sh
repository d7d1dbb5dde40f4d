#!/bin/bash
# sandbox-policy audit, live: what the kernel publishes, of programs that run unsupervised.
. "$(dirname "$0")/lib.sh"
SANDBOX_POLICY=$TEST_BIN/sandbox-policy

case $(uname -m) in
  x86_64 | aarch64) ;;
  *)
    echo "skipped: what programs call on $(uname -m) is not known here"
    exit 77
    ;;
esac

KILL_PROCESS=0x80000000 KILL_THREAD=0x0 TRAP=0x30000 ERRNO=0x50000 LOG=0x7ffc0000

# same_as_the_record EVENT... -- COMMAND...: see audit_events.py.
same_as_the_record() {
  is_root || skip "only root may read audit records"
  need python3
  local events=()
  while [ "$1" != -- ]; do
    events+=("$1")
    shift
  done
  shift
  run python3 "$KERNEL_TESTS/audit_events.py" "$SANDBOX_POLICY" "${events[@]}" -- "$@"
  assert_status 0
  assert_stdout "all compared"
}

test_a_program_that_is_killed() {
  write_policy policy.yml allow "kill_process clock_nanosleep"
  same_as_the_record clock_nanosleep:$KILL_PROCESS:process/info -- "$SANDBOX_RUN" --policy policy.yml sleep 0.01
}

test_a_thread_that_is_killed() {
  write_policy policy.yml allow "kill_thread getppid"
  same_as_the_record getppid:$KILL_THREAD:process/info -- \
    "$SANDBOX_RUN" --policy policy.yml "$TEST_BIN/call" getuid getppid
}

test_errnos_are_recorded_with_log() {
  need python3
  write_policy policy.yml allow "errno:EACCES socket"
  local program='import socket
for family in socket.AF_INET, socket.AF_UNIX:
  try: socket.socket(family)
  except PermissionError: pass'
  same_as_the_record socket:$ERRNO:process/info socket:$ERRNO:process/info -- \
    "$SANDBOX_RUN" --log --policy policy.yml /usr/bin/python3 -c "$program"
  # Without it there are none.
  same_as_the_record -- "$SANDBOX_RUN" --policy policy.yml /usr/bin/python3 -c "$program"
}

test_calls_that_are_logged_alone() {
  need curl
  write_policy policy.yml allow "log connect"
  same_as_the_record connect+:$LOG:network/connection+start -- \
    "$SANDBOX_RUN" --policy policy.yml curl -s --connect-timeout 5 http://127.0.0.1:1/
}

test_a_program_that_starts_another() {
  write_policy policy.yml allow "log execve"
  # The launcher's own execve is allowed by the token.
  same_as_the_record execve:$LOG:process/start -- "$SANDBOX_RUN" --policy policy.yml sh -c 'exec /usr/bin/true'
}

test_traps() {
  write_policy policy.yml allow "trap uname"
  same_as_the_record uname:$TRAP:process/info -- "$SANDBOX_RUN" --log --policy policy.yml uname
}

test_calls_of_another_abi() {
  [ "$(uname -m)" = x86_64 ] || skip "int \$0x80 exists on x86 only"
  write_policy policy.yml allow "log uname"
  same_as_the_record getpid:$KILL_PROCESS:process/info -- \
    "$SANDBOX_RUN" --policy policy.yml "$TEST_BIN/call" getuid i386:20
}

test_a_32_bit_program() {
  need cc
  printf '#include <unistd.h>\nint main(void) { return getppid() == 0; }\n' >p.c
  cc -m32 -static -o p p.c 2>/dev/null || skip "cc -m32 cannot build a program (Debian: gcc-multilib)"
  write_policy policy.yml allow "log getppid"
  sed -i '1a\  architectures: [x86_64, x86]' policy.yml
  same_as_the_record getppid:$LOG:process/info -- "$SANDBOX_RUN" --policy policy.yml ./p
}

test_names_of_any_kind() {
  write_policy policy.yml allow "log getppid"
  local name
  for name in 'a b' 'quo"te' $'new\nline' 'umläut' 'pid=1' 'a-name-that-is-longer-than-the-kernel-keeps'; do
    cp "$TEST_BIN/call" "$name"
    same_as_the_record getppid:$LOG:process/info -- "$SANDBOX_RUN" --policy policy.yml "./$name" getppid
  done
}

test_an_executable_that_has_gone() {
  need python3
  write_policy policy.yml allow "log getppid"
  cp "$TEST_BIN/call" here
  same_as_the_record getppid:$LOG:process/info -- \
    "$SANDBOX_RUN" --policy policy.yml /usr/bin/python3 -c 'import os
os.execv("/proc/self/fd/%d" % os.open("here", os.O_RDONLY), ["here", "getppid"])'
  # Nothing is said of a file that is not there any more but what the kernel says.
  same_as_the_record getppid:$LOG:process/info -- "$SANDBOX_RUN" --policy policy.yml /usr/bin/python3 -c 'import os
fd = os.open("here", os.O_RDONLY)
os.unlink("here")
os.execv("/proc/self/fd/%d" % fd, ["here", "getppid"])'
}

test_processes_of_another_user() {
  write_policy policy.yml allow "kill_process getppid"
  chmod a+rX . && cp "$TEST_BIN/call" . && chmod a+rx call
  same_as_the_record getppid:$KILL_PROCESS:process/info -- setpriv --reuid=65534 --regid=65534 --clear-groups -- \
    "$SANDBOX_RUN" --policy policy.yml ./call getppid
}

# A filter that another program has installed: seccomp(2) without the launcher.
test_filters_of_other_launchers() {
  need bwrap
  is_root || skip "only root may read audit records"
  bwrap --ro-bind / / true 2>/dev/null || skip "bubblewrap runs nothing here"
  write_policy policy.yml allow "kill_process uname"
  "$SANDBOX_POLICY" compile --raw policy.yml -o filter
  exec 9<filter
  # It is bubblewrap's child that becomes the program.
  listen text
  { bwrap --ro-bind / / --seccomp 9 uname >/dev/null || true; } 2>/dev/null
  wait_until grep -q 'denied uname = process killed  \[uname, pid [0-9]*\]' text || fail "no line: $(cat text listener)"
  exec 9<&-
  stop_listening
}

# listen FILE [OPTION]...: starts a listener that writes to the file.
listen() {
  local file=$1
  shift
  : >listener
  "$SANDBOX_POLICY" audit "$@" >"$file" 2>listener &
  started=$!
  STARTED="$STARTED $started"
  wait_until grep -qs listening listener || fail "it does not listen: $(cat listener)"
}

stop_listening() {
  status=0
  kill -s "${1:-TERM}" "$started"
  wait "$started" || status=$?
  assert_equal 0 "$status" "the exit status"
}

test_lines_and_a_summary() {
  is_root || skip "only root may read audit records"
  write_policy policy.yml allow "kill_process getppid uname"
  local name=own-$BASHPID # Other tests may run at the same time.
  cp "$TEST_BIN/call" "$name"
  listen all
  local first=$started
  listen chosen --call getppid --call uname
  local call
  for call in getppid getppid getppid uname; do sandboxed policy.yml ./$name $call; done
  # The records come in their order.
  wait_until grep -q "uname.*$name" all || fail "no line: $(cat all)"
  wait_until grep -q "uname.*$name" chosen || fail "no line: $(cat chosen)"
  stop_listening
  started=$first
  stop_listening
  local file line="[0-9-]*T[0-9:.]*Z denied getppid = process killed  \[$name, pid [0-9]*\]  (kill_process)  "
  for file in all chosen; do
    assert_equal 1 "$(grep -c "denied getppid.*$name, pid" "$file")" "lines of identical denials"
    grep -qx "$line$PWD/$name, user 0 (root)" "$file" || fail "not the line that is expected: $(cat "$file")"
    # Other processes may have been killed for it, too.
    grep -Eq '^ +([3-9]|[1-9][0-9]+)  getppid  +process killed ' "$file" || fail "not the summary that is expected: $(cat "$file")"
  done
}

test_one_process() {
  is_root || skip "only root may read audit records"
  write_policy policy.yml allow "log getppid"
  local name=own-$BASHPID # Other tests may run at the same time.
  cp "$TEST_BIN/call" "$name"
  # The shell's own number, which the launcher keeps.
  mkfifo pipe
  bash -c 'read -r _ <pipe; exec "$@"' - "$SANDBOX_RUN" --policy policy.yml ./$name getppid >/dev/null &
  local pid=$!
  STARTED="$STARTED $pid"
  listen one --pid "$pid"
  sandboxed policy.yml ./$name getppid
  echo >pipe
  wait_until grep -q $name one || fail "no line: $(cat one)"
  stop_listening
  assert_equal "$pid" "$(sed -n 's/.*pid \([0-9]*\).*/\1/p' one)" "the only process"
}

test_interrupted() {
  is_root || skip "only root may read audit records"
  local signal
  for signal in INT TERM; do
    rm -f listener
    # A shell has its background processes ignore SIGINT.
    env --default-signal=INT "$SANDBOX_POLICY" audit --pid 999999999 >text 2>listener &
    started=$!
    STARTED="$STARTED $started"
    wait_until grep -qs listening listener || fail "it does not listen: $(cat listener)"
    stop_listening $signal
    assert_equal "no records" "$(cat text)"
    assert_equal "sandbox-policy: listening for the kernel's seccomp records; Ctrl-C ends it" \
      "$(sed 's/ (of what Landlock denies there are no records: .*)$//' listener)"
  done
}

test_without_the_privilege() {
  local user=()
  if is_root; then user=(setpriv --reuid=65534 --regid=65534 --clear-groups --); fi
  run "${user[@]}" "$SANDBOX_POLICY" audit
  assert_status 2
  assert_stdout ""
  assert_stderr "sandbox-policy: error: audit: only root can read the kernel's audit records, or a process with \
CAP_AUDIT_READ; a LOG can be read instead: /var/log/audit/audit.log, or - for the output of journalctl or dmesg"
}

test_with_the_one_capability() {
  is_root || skip "only root can give it"
  setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=+audit_read --ambient-caps=+audit_read -- \
    "$SANDBOX_POLICY" audit --pid 999999999 >text 2>listener &
  started=$!
  STARTED="$STARTED $started"
  wait_until grep -qs listening listener || fail "it does not listen: $(cat listener)"
  stop_listening
  assert_equal "no records" "$(cat text)"
}

run_tests
